"""The app, driven by keys in a terminal that is not there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trio
from driven import Living, Told, drive, press, screen_of
from story import Story, event, relay
from textual.pilot import Pilot

from log_samples import HEADER
from triotrace import Tracer
from triotrace.errors import LogError
from triotrace.events import Event
from triotrace.log import encode
from triotrace.source import ChannelSource, FileSource
from triotrace.viewer.actions import ACTIONS
from triotrace.viewer.app import TraceApp


@pytest.mark.parametrize("size", [(100, 28), (80, 24), (120, 40)])
def test_the_picture_is_on_the_screen(size: tuple[int, int]) -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "home")
        lines = screen_of(app)
        assert lines[0].startswith(" story.py   ■ ENDED")
        assert lines[1].startswith(" Before the first step.")
        assert lines[4].startswith("main       █nursery█┓┈ waits for 2 children ┈")
        assert lines[5].startswith("├ producer       ▼░░┗█send████┓┈┈┈┈┈┈▲░░┏█send████┓")
        assert lines[6].startswith("└ consumer       ▼░░░░░░░░░░░░┗█receive↺┛░░░░░░░░░┗█receive↺┛")
        assert lines[-1].strip().endswith("q leave")

    drive(Told(relay()), act, size=size)


def test_arrows_walk_the_tape_and_the_words_follow() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "home", "right", "right", "right")
        assert screen_of(app)[1].startswith(" consumer takes a message: producer, which waited to send, is ready")
        assert "step 3 of 8" in screen_of(app)[0]
        await press(pilot, "left")
        assert screen_of(app)[1] == " producer waits at `send`."
        assert screen_of(app)[2].endswith("next ▸ consumer")

    drive(Told(relay()), act)


def test_what_each_step_printed_stands_beside_it() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        screen = "\n".join(screen_of(app))
        assert "   5 consumer got value message 0" in screen
        await press(pilot, "home", "right")
        assert "   5 consumer" not in "\n".join(screen_of(app)), "not yet printed at step 1"

    drive(Told(relay()), act, size=(120, 40))


def test_source_marks_the_line_where_the_step_ended() -> None:
    story = Story("async def main():\n    await trio.sleep(1)\n")
    story.spawn("main")
    story.place("sleep", 2)
    story.step("main", waits="sleep")
    story.places["sleep", 1] = story.places["sleep", 2]

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        assert any(line.startswith(" ▶   1 │ async def main():") for line in screen_of(app))

    drive(Told(story), act)


def test_time_axis_and_back() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "x")
        assert screen_of(app)[3].split()[:2] == ["0", "s"]
        assert screen_of(app)[5].startswith("├ task_a    │ sleep ┈┈┈┈")
        await press(pilot, "x")
        assert "█10.0 s██" in screen_of(app)[4]

    drive(Told(event()), act)


def test_the_inspector_tells_about_the_chosen_task() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "i", "j", "j")
        screen = "\n".join(screen_of(app))
        assert "nursery of main" in screen

    drive(Told(event()), act)


def test_help_has_the_legend_and_every_key() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "question_mark")
        screen = "\n".join(screen_of(app))
        assert "it gave way and stays in the queue" in screen
        for action in ACTIONS:
            assert action.means in screen
        await press(pilot, "escape")
        assert "it gave way and stays in the queue" not in "\n".join(screen_of(app))

    drive(Told(relay()), act, size=(100, 100))


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("task_b", ["task_b #1", "task_b #2"]),
        ("EVENT.WAIT", ["task_b #1", "task_b #2"]),
        ("in the queue", ["task_a"]),
        ("waits for 3", ["main"]),
        ("nobody bears this", []),
    ],
)
def test_slash_finds_by_name_state_and_call(sought: str, found: list[str]) -> None:
    """Only what matches is shown, the arrows go among it, and esc shows all again."""

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        def shown() -> list[str]:
            return [row.label for row in app.scene.rows.rows if row.lane is not None]

        await press(pilot, *["left"] * 4, "slash")
        app.find_bar.value = sought
        await press(pilot, "enter")
        assert not app.find_bar.has_class("open")
        assert found == shown()
        assert f"{len(found)} task{'s' * (len(found) != 1)} found" in screen_of(app)[0]
        went = []
        await press(pilot, *["up"] * 4)
        for _ in found:
            went.append(app.timeline.title(app.scene.chosen_lane))
            await press(pilot, "down")
        assert found == went
        await press(pilot, "escape")
        assert 4 == len(shown())
        assert "found" not in screen_of(app)[0]

    drive(Told(event()), act)


def test_ctrl_c_interrupts_the_program_and_not_the_viewer() -> None:
    program = Living()

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        assert "● RUNNING" in screen_of(app)[0]
        await press(pilot, "ctrl+c")
        assert not program.living
        assert app.is_running

    drive(Told(relay()), act, program=program)


def test_leaving_a_program_that_has_run_for_long_asks() -> None:
    program = Living()

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        app.began -= 61
        await press(pilot, "q")
        assert "leaving ends it" in "\n".join(screen_of(app))
        await press(pilot, "escape")
        assert app.is_running
        await press(pilot, "q", "q")
        assert app._exit

    drive(Told(relay()), act, program=program)


def test_ctrl_s_keeps_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("the log")

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+s")
        app.screen.query_one("Input").value = str(tmp_path / "kept.jsonl")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert "the log" == (tmp_path / "kept.jsonl").read_text()

    drive(Told(relay()), act, program=Living(log))


def test_a_log_that_cannot_be_read_ends_the_viewer_with_its_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("not a log\n")

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        pass

    app = drive(FileSource(path), act)
    assert isinstance(app.failure, LogError)


HOSTILE = [
    "\x1b[2J", "\x1b]0;title\x07", "\x9b2J", "[/]", "[@click=app.bell]x[/]", "[bold]x", "\u202eevil", "\x00",
    "a\rb", "tab\there", "日本語", "x" * 10_000, "line\nbreak", "</script>", "{x!r}", "\\",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_prints_and_source_are_drawn_harmlessly(text: str) -> None:
    story = Story(f"# {text}\n{text}\n")
    story.spawn("main")
    story.step("main", waits=text, spawns=(text or "x",), prints=text)
    story.step(text, exits="returned", prints=text + "\n")

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        for keys in (("i",), ("o", "o"), ("x",), ("j",), ("left",), ("t",)):
            await press(pilot, *keys)
            for line in screen_of(app):
                assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066" for c in line), repr(line)

    drive(Told(story), act)


async def _lesson() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.lowlevel.checkpoint, name="one")
        nursery.start_soon(trio.lowlevel.checkpoint, name="two")


def test_tracer_memory_channel_and_viewer_in_one_process() -> None:
    """The tracer of a run that is over; its batches wait in the channel."""
    send, receive = trio.open_memory_channel[list[Event]](100)
    with send:
        trio.run(_lesson, instruments=[Tracer(send.send_nowait)])

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        assert ["main" if lane.role == "main" else lane.name for lane in app.timeline.lanes if lane.role != "system"][
            1:
        ] == ["main", "one", "two"]

    drive(ChannelSource(receive), act)


def test_a_run_in_another_thread_is_watched_live() -> None:
    """Batches cross into the viewer's own trio run by its token."""

    class Here:
        warnings: list[str] = []  # noqa: RUF012  never written
        progress = (0, 0)

        async def send_to(self, channel: trio.MemorySendChannel[list[Event]]) -> None:
            send, receive = trio.open_memory_channel[list[Event]](100)
            token = trio.lowlevel.current_trio_token()

            def work() -> None:
                trio.run(_lesson, instruments=[Tracer(send.send_nowait, token=token)])

            async with trio.open_nursery() as nursery:
                nursery.start_soon(ChannelSource(receive).send_to, channel)
                with send:
                    await trio.to_thread.run_sync(work)
                    await trio.lowlevel.checkpoint()

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        assert {"one", "two"} <= {lane.name for lane in app.timeline.lanes}
        assert [] == app.timeline.damages

    drive(Here(), act)


def test_a_log_that_grows_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "grows.jsonl"
    program = Living()
    events = relay().events

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        with path.open("ab") as file:
            file.write(encode(events[9:]))
        program.living = False
        while app.reader.reading:
            await pilot.pause(0.01)
        app.look()
        await pilot.pause()
        assert "step 8 of 8" in screen_of(app)[0]

    app = TraceApp(FileSource(path, lambda: program.living), program=program, title="grows")

    async def run() -> None:
        async with app.run_test(size=(100, 28)) as pilot:
            await pilot.pause(0.05)  # the file is not there yet
            path.write_bytes(encode([HEADER, *events[:9]]))
            while not app.timeline.lanes:
                await pilot.pause(0.01)
            await act(app, pilot)

    asyncio.run(asyncio.wait_for(run(), 30))
