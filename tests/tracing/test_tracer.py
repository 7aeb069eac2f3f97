"""What a Tracer tells of small programs, event by event."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import trio
import trio.testing
from watched import watch

from triotrace.events import (
    AfterIoWait,
    AfterRun,
    AfterTaskStep,
    BeforeIoWait,
    BeforeRun,
    BeforeTaskStep,
    Clock,
    Error,
    Leaf,
    NurseryClosed,
    NurseryOpened,
    Source,
    TaskExited,
    TaskMoved,
    TaskScheduled,
    TaskSpawned,
)


async def producer(send: trio.MemorySendChannel[int]) -> None:
    async with send:
        for number in range(2):
            await send.send(number)


async def consumer(receive: trio.MemoryReceiveChannel[int]) -> None:
    async for _ in receive:
        pass


async def relay() -> None:
    send, receive = trio.open_memory_channel[int](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(producer, send)
        nursery.start_soon(consumer, receive)


def test_relay_in_order() -> None:
    """Each hook is one event, in trio's order."""
    told = watch(relay)
    expected = """
        main: spawned scheduled before | producer: spawned scheduled | consumer: spawned scheduled | main: after
        producer: before after | consumer: before
        producer: scheduled | consumer: scheduled after
        producer: before after | consumer: before
        producer: scheduled | consumer: scheduled after
        producer: before scheduled after
        consumer: before exited after
        producer: before | main: scheduled | producer: exited after
        main: before exited after
    """
    short = {"TaskSpawned": "spawned", "TaskScheduled": "scheduled", "TaskExited": "exited"}
    short |= {"BeforeTaskStep": "before", "AfterTaskStep": "after"}
    steps = [
        (name, word)
        for part in expected.replace("\n", "|").replace("main", "relay").split("|")
        if part.strip()
        for name, words in [part.strip().split(": ")]
        for word in words.split()
    ]
    assert steps == [(name, short[event]) for event, name in told.story()]


def test_relay_wakes() -> None:
    """Who was made ready by whom, from which line and by which call."""
    told = watch(relay)
    assert [("spawned", "relay"), ("task", "consumer"), ("task", "consumer"), ("checkpoint", None)] == told.wakes(
        "producer"
    )
    wake = told.of(TaskScheduled, "producer")[1]
    place = told.places[wake.place]
    assert ("consumer", "MemoryReceiveChannel.receive") == (place.function, place.call)
    lines = Path(place.file).read_text().splitlines()
    assert lines[place.line - 1][place.column :].startswith("async for _ in receive")
    last = told.of(TaskScheduled, "relay")[-1]
    assert ("task", told.task("producer"), None) == (last.cause, last.waker, last.place)  # its coroutine has ended


def test_roles_and_parents() -> None:
    """Init owns main and trio's own task; main owns its children."""
    told = watch(relay)
    assert [
        ("<init>", "init", None),
        ("relay", "main", "<init>"),
        ("run_sync_soon task>", "system", "<init>"),
        ("producer", "user", "relay"),
        ("consumer", "user", "relay"),
    ] == [(told.name(e.task), e.role, told.name(e.parent)) for e in told.spawned.values()]
    assert told.task("relay") == told.nurseries()[told.spawned[told.task("producer")].nursery]
    assert told.task("relay") == told.spawned[told.task("producer")].by


def test_source_before_place() -> None:
    """A file of the user's own is told once, before the first place in it; a package's never."""
    told = watch(relay)
    sources = [e for e in told.events if isinstance(e, Source)]
    assert [__file__] == [e.file for e in sources]
    assert Path(__file__).read_text() == sources[0].text
    first = next(n for n, e in enumerate(told.events) if getattr(e, "file", None) == __file__)
    assert sources[0] is told.events[first]


def test_place_is_the_await_as_written() -> None:
    """File, lines and columns of a place cut the await out of the source; of a block, from its first word on."""
    told = watch(relay)
    lines = Path(__file__).read_text().splitlines()
    stood = {e.place for task in ("producer", "consumer", "relay") for e in told.of(AfterTaskStep, task)} - {None}
    begins = {
        lines[place.line - 1].encode()[place.column : place.end_column if place.line == place.end_line else None]
        for place in map(told.places.__getitem__, stood)
    }
    blocks = {b"send", b"trio.open_nursery()"}  # of a `with` it is what is managed
    assert {b"await send.send(number)", b"async for _ in receive:"} | blocks == begins


def test_run_is_told() -> None:
    """A run has its main function's name, its clock, its trio, and its outcome."""

    async def outer() -> None:
        await trio.lowlevel.checkpoint()

    told = watch(functools.partial(outer))
    begin = next(e for e in told.events if isinstance(e, BeforeRun))
    assert "test_run_is_told" == begin.name  # pytest says which test this is
    assert ("trio", "MainThread", trio.__version__, "system") == (begin.loop, begin.thread, begin.trio, begin.clock)
    assert begin.trio_time > 0
    assert AfterRun(told.events[-1].t, begin.run, "returned") == told.events[-1]


def test_main_names_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside pytest, the run is named by its main function, partial or not."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    told = watch(functools.partial(functools.partial(relay)))
    assert "relay" == next(e for e in told.events if isinstance(e, BeforeRun)).name


def test_two_runs_of_one_tracer() -> None:
    """Ids go on; nothing of the first run is left over."""
    events: list = []
    from triotrace import Tracer

    tracer = Tracer(events.extend)
    for _ in range(2):
        trio.run(relay, instruments=[tracer])
    assert [0, 1] == [e.run for e in events if isinstance(e, BeforeRun)]
    tasks = [e.task for e in events if isinstance(e, TaskSpawned)]
    assert list(range(10)) == tasks
    assert tracer.dropped == 0


def test_time_never_goes_back() -> None:
    """`t` counts up from the tracer's birth."""
    told = watch(relay)
    times = [e.t for e in told.events if hasattr(e, "t")]
    assert times == sorted(times)
    assert times[0] >= 0


async def boom() -> None:
    await trio.lowlevel.checkpoint()
    raise ValueError("bad\udc80")


class Sour(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


async def sour() -> None:
    await trio.lowlevel.checkpoint()
    raise Sour


async def cancelled() -> None:
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name="sleeper")
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()


async def fails(child: object) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child, name="child")  # type: ignore[arg-type]
        nursery.start_soon(trio.sleep_forever, name="sibling")


@pytest.mark.parametrize(
    ("child", "error"),
    [(boom, Error("ValueError", "bad\\udc80")), (sour, Error("Sour", "<str() of it raised RuntimeError>"))],
    ids=["raises", "raises without words"],
)
def test_failure(child: object, error: Error) -> None:
    """A task that failed says how; its siblings were cancelled; main raised a group with its leaves."""
    told = watch(fails, child, raises=ExceptionGroup)
    assert [("raised", error)] == [(e.result, e.error) for e in told.of(TaskExited, "child")]
    assert ["cancelled"] == [e.result for e in told.of(TaskExited, "sibling")]
    assert ("cancel", "child") == told.wakes("sibling")[-1]
    [main] = told.of(TaskExited, "fails")
    assert ("raised", "ExceptionGroup") == (main.result, main.error.type)
    assert [Leaf(error.type, error.text)] == main.error.leaves
    assert ("raised", main.error) == (told.events[-1].result, told.events[-1].error)


def test_a_system_task_that_fails_ends_the_run() -> None:
    """What trio itself raises is the run's error."""

    async def main() -> None:
        trio.lowlevel.spawn_system_task(boom)
        await trio.sleep_forever()

    told = watch(main, raises=trio.TrioInternalError)
    assert ["raised"] == [e.result for e in told.of(TaskExited, "boom")]
    assert isinstance(told.events[-1], AfterRun)


def test_cancelled_tasks() -> None:
    """A cancelled task ends as cancelled; the one that caught it returns."""
    told = watch(cancelled)
    assert [("spawned", "cancelled"), ("cancel", "cancelled")] == told.wakes("sleeper")
    assert ["cancelled"] == [e.result for e in told.of(TaskExited, "sleeper")]
    assert ["returned"] == [e.result for e in told.of(TaskExited, "cancelled")]


def test_nurseries_open_and_close() -> None:
    """Each nursery opens under its owner before its children are born, and closes after they ended."""

    async def main() -> None:
        async with trio.open_nursery():
            pass
        async with trio.open_nursery() as outer, trio.open_nursery() as inner:
            outer.start_soon(trio.sleep, 0, name="a")
            inner.start_soon(trio.sleep, 0, name="b")

    told = watch(main)
    mine = [n for n, owner in told.nurseries().items() if told.name(owner) == "main"]
    assert 3 == len(mine)
    open_now: set[int] = set()
    of: dict[int, int] = {}
    for event in told.events:
        if isinstance(event, NurseryOpened):
            open_now.add(event.nursery)
        elif isinstance(event, TaskSpawned) and event.nursery is not None:
            assert event.nursery in open_now
            of[event.task] = event.nursery
        elif isinstance(event, TaskExited):
            of.pop(event.task, None)
        elif isinstance(event, NurseryClosed):
            open_now.remove(event.nursery)
            assert event.nursery not in of.values()
    assert not open_now


async def service(task_status: trio.TaskStatus[str]) -> None:
    await trio.lowlevel.checkpoint()
    task_status.started("ready")
    await trio.sleep(0.001)


def test_start_moves_the_task() -> None:
    """`start` shows the eventual nursery, and `started()` the move there, before the caller is woken."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            assert "ready" == await nursery.start(service)

    told = watch(main)
    born = told.spawned[told.task("service")]
    [moved] = told.of(TaskMoved, "service")
    assert born.nursery != born.eventual == moved.nursery
    assert told.task("main") == told.nurseries()[born.eventual]
    woken = [e for e in told.events if isinstance(e, TaskScheduled) and e.task == told.task("main")]
    assert told.events.index(moved) < told.events.index(next(e for e in woken if e.waker == born.task))
    closed = next(e for e in told.events if isinstance(e, NurseryClosed) and e.nursery == born.nursery)
    assert told.events.index(moved) < told.events.index(closed)


def test_the_loop_sleeps_once_a_stretch() -> None:
    """One pair of events for each stretch in which no task is ready, with the deadline it sleeps to."""

    async def main() -> None:
        await trio.sleep(0.005)
        await trio.lowlevel.checkpoint()
        await trio.sleep(0.005)

    told = watch(main)
    waits = [e for e in told.events if isinstance(e, BeforeIoWait | AfterIoWait)]
    assert [BeforeIoWait, AfterIoWait] * (len(waits) // 2) == [type(e) for e in waits]
    until = [e.until for e in told.of(AfterTaskStep, "main") if e.until is not None]
    assert until == [e.deadline for e in waits if isinstance(e, BeforeIoWait) and e.deadline is not None]
    assert 2 == len(until)
    assert [("timer", None)] * 2 == [wake for wake in told.wakes("main") if wake[0] == "timer"]


def test_autojump_is_one_stretch_and_a_jump() -> None:
    """A mock clock that spins while it waits makes one pair of events, and its jump is told."""

    async def main() -> None:
        await trio.sleep(5000)

    told = watch(main, clock=trio.testing.MockClock(autojump_threshold=0))
    waits = [e for e in told.events if isinstance(e, BeforeIoWait | AfterIoWait)]
    assert [BeforeIoWait, AfterIoWait] == [type(e) for e in waits[:2]]
    begin = next(e for e in told.events if isinstance(e, BeforeRun))
    within = told.events[told.events.index(waits[0]) : told.events.index(waits[1])]
    [jump] = [e for e in within if isinstance(e, Clock)]
    assert "mock" == begin.clock
    assert 5000 * 10**9 == jump.trio_time - begin.trio_time
    assert ("timer", None) == told.wakes("main")[-1]


def test_a_tracer_added_late() -> None:
    """A tracer that comes in the middle of a run takes up the tasks that are there."""
    from triotrace import Tracer

    events: list = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 0.01, name="sleeper")
            await trio.testing.wait_all_tasks_blocked()
            trio.lowlevel.add_instrument(Tracer(events.extend))
            await trio.sleep(0.02)

    trio.run(main)
    roles = {e.name: e.role for e in events if isinstance(e, TaskSpawned)}
    assert "main" == next(role for name, role in roles.items() if name.endswith("main"))
    assert "library" == roles["sleeper"]
    exits = [e.task for e in events if isinstance(e, TaskExited)]
    assert len(roles) == len(exits) == len(set(exits))
    state: dict[int, str] = {}
    for event in events:  # it begins in the middle of main's step, which the next turn of the loop ends
        if isinstance(event, BeforeTaskStep):
            assert "ready" == state[event.task]
        if isinstance(event, TaskScheduled):
            state[event.task] = "ready"


def test_two_tracers_of_one_run() -> None:
    """Both tell the same."""
    from triotrace import Tracer

    both: tuple[list, list] = ([], [])
    trio.run(relay, instruments=[Tracer(events.extend) for events in both])
    bare = [[(type(e).__name__, getattr(e, "task", None)) for e in events] for events in both]
    assert bare[0] == bare[1]
