"""Two thousand random keys, mouse events and sizes, on logs of every kind: whatever is done, there is a picture."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import trio
import trio.testing
from driven import Living, key, press, screen_of, settle
from story import event, relay
from textual import events
from textual.geometry import Size

from log_samples import HEADER
from triotrace import Tracer, mark
from triotrace import events as e
from triotrace.log import encode
from triotrace.source import FileSource, Source
from triotrace.timeline.widths import width_of
from triotrace.viewer.actions import ACTIONS
from triotrace.viewer.app import TraceApp
from triotrace.viewer.program import Program, StillTape

KINDS = 5
DOINGS = 2000 // KINDS
KEYS = [name for action in ACTIONS for name in action.keys.split(",")] + ["tab", "backspace", "delete", *"abq1é日["]
SIZES = [(100, 28), (80, 24), (160, 50), (250, 70), (40, 12), (20, 6), (1, 1), (7, 3), (120, 2)]
TURNS = [events.MouseScrollDown, events.MouseScrollUp, events.MouseScrollLeft, events.MouseScrollRight]


async def lesson() -> None:
    """A nursery of tasks that send, wait, print nothing, are cancelled, and one that raises."""
    send, receive = trio.open_memory_channel[int](0)

    async def producer() -> None:
        async with send:
            for i in range(5):
                await send.send(i)

    async def consumer() -> None:
        async for number in receive:
            mark(f"got {number}")
            await trio.sleep(number)

    async def broken() -> None:
        with trio.move_on_after(1):
            await trio.sleep_forever()
        await trio.sleep(3)
        raise ValueError("[/] \x1b[2J")

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(producer)
            nursery.start_soon(consumer)
            nursery.start_soon(broken)
            async with trio.open_nursery() as inner:
                for i in range(12):
                    inner.start_soon(trio.sleep, i / 10)
    except* ValueError:
        pass


@pytest.fixture(scope="module")
def real() -> bytes:
    """What a real run of trio logs."""
    told: list[e.Event] = []
    trio.run(lesson, clock=trio.testing.MockClock(autojump_threshold=0), instruments=[Tracer(told.extend)])
    return encode([HEADER, *told])


class Endless:
    """A program that goes on and on: two stories in turn, each in a run of its own."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.progress = (0, 0)

    async def send_to(self, channel: trio.MemorySendChannel[list[e.Event]]) -> None:
        async with channel:
            for batch in self.batches():
                await channel.send(batch)
                await trio.sleep(0.01)

    def batches(self) -> Iterator[list[e.Event]]:
        for i in count():
            told = (event if i % 2 else relay)().events
            for start in range(0, len(told), 4):
                yield [moved(one, 20_000_000_000 * i, 1000 * i, i) for one in told[start : start + 4]]


def moved(told: e.Event, t: int, task: int, run: int) -> e.Event:
    """Tell an event again, later, of other tasks in another run."""
    fields = {name: getattr(told, name) for name in told.__struct_fields__}
    for name, by in (("t", t), ("task", task), ("parent", task), ("waker", task), ("run", run)):
        if fields.get(name) is not None:
            fields[name] += by
    return type(told)(**fields)


def made(kind: str, real: bytes, folder: Path, chance: random.Random) -> tuple[Source, Program]:
    """Make a log of a kind, and what its viewer drives."""
    log = folder / "log.jsonl"
    match kind:
        case "real":
            log.write_bytes(real)
        case "empty":
            log.write_bytes(encode([HEADER]))
        case "torn":
            log.write_bytes(real[: chance.randrange(len(real) // 3, len(real))] + bytes(chance.randrange(9)))
        case "living":
            return Endless(), Living(log)
        case "ended":
            log.write_bytes(real + encode([e.Footer(10**12, 1, dropped=0, exit=-9)]))
    return FileSource(log), Living(log) if kind == "torn" else StillTape()


def resize(app: TraceApp, size: tuple[int, int]) -> None:
    """Do what the driver does when the terminal has another size."""
    assert app._driver is not None
    app._driver._size = size
    app.post_message(events.Resize(Size(*size), Size(*size)))


def poke(app: TraceApp, chance: random.Random) -> None:
    """Let the mouse do something somewhere."""
    width, height = app.size
    x, y = chance.randrange(max(1, width)), chance.randrange(max(1, height))
    ctrl, shift, alt = (chance.random() < 0.3 for _ in range(3))
    kinds: list[type[events.MouseEvent]] = [events.MouseDown, events.MouseMove, events.MouseUp, *TURNS]
    for kind in chance.choices(kinds, k=3):
        button = 0 if kind in TURNS else chance.choice((1, 1, 1, 3))
        app.post_message(kind(None, x, y, 0, 0, button, shift, alt, ctrl))
        x = min(max(0, width - 1), x + chance.randrange(5))


@pytest.mark.parametrize("kind", ["real", "empty", "torn", "living", "ended"])
def test_whatever_is_done_there_is_a_picture(
    kind: str, real: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four hundred doings a log; no exception comes, no line is too wide, the playhead stays on the tape."""
    monkeypatch.chdir(tmp_path)  # some of them save files
    chance = random.Random(f"triotrace {kind}")
    source, program = made(kind, real, tmp_path, chance)

    def again(paused: bool) -> tuple[Source, Program]:
        return made(kind, real, tmp_path, chance)

    app = TraceApp(source, program=program, title="random.py", again=again)
    left: list[object] = []
    monkeypatch.setattr(app, "exit", lambda *told, **more: left.append(told))  # to go on after each `leave`

    async def run() -> None:
        async with app.run_test(size=(100, 28), notifications=True, tooltips=True) as pilot:
            for i in range(DOINGS):
                match chance.choices(["key", "mouse", "size", "look"], (70, 20, 5, 5))[0]:
                    case "key":
                        app.post_message(key(chance.choice(KEYS)))
                    case "mouse":
                        poke(app, chance)
                    case "size":
                        resize(app, chance.choice(SIZES))
                    case "look":
                        app.look()
                if i % 10 == 9:
                    await settle(pilot)
                    assert not app.failures, app.failures.line
                    assert 0 <= app.scene.playhead <= app.scene.end
                    widest = max(map(width_of, screen_of(app)), default=0)
                    assert widest <= app.screen._compositor.size.width
            resize(app, (100, 28))
            while len(app.screen_stack) > 1:
                app.pop_screen()
            await press(pilot, "escape", "home")
            assert "random.py" in screen_of(app)[0]

    asyncio.run(asyncio.wait_for(run(), 120))
