"""How trio calls our hooks: beside other instruments, without the names that calling them straight takes, and with
handlers that raise in the middle of one."""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Callable, Iterator

import msgspec
import pytest
import trio
import trio.testing
from trio._core._instrumentation import Instruments

from triotrace import Tracer
from triotrace.events import AfterRun, AfterTaskStep, Event, TaskExited, TaskScheduled, TaskSpawned
from triotrace.timeline.timeline import Timeline
from triotrace.tracing.state import State


class Told(trio.abc.Instrument):
    """An instrument of the user's own."""

    def __init__(self) -> None:
        self.spawned = 0
        self.steps = 0

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        self.spawned += 1

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps += 1


class Failing(Told):
    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        raise ValueError("an instrument of the user's own")


async def child(event: trio.Event) -> None:
    await event.wait()
    raise KeyError("failed")


async def program() -> None:
    event = trio.Event()
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child, event)
            await trio.testing.wait_all_tasks_blocked()
            event.set()
    except* KeyError:
        pass
    await trio.lowlevel.checkpoint()


def facts(events: list[Event]) -> list[object]:
    """What is told of a run, but for times."""
    kinds = TaskSpawned | TaskScheduled | AfterTaskStep | TaskExited | AfterRun
    return [msgspec.structs.asdict(event) | {"t": 0, "until": 0} for event in events if isinstance(event, kinds)]


def traced(*beside: trio.abc.Instrument, main: Callable[..., object] = program) -> list[Event]:
    events: list[Event] = []
    trio.run(main, instruments=[*beside[:1], Tracer(events.extend), *beside[1:]])  # type: ignore[arg-type]
    return events


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chance in the order of tasks."""
    monkeypatch.setattr(trio._core._run._r, "random", lambda: 0.1)
    monkeypatch.setattr(trio._core._run._r, "shuffle", lambda batch: batch.reverse())  # what it does for Hypothesis


def test_beside_other_instruments() -> None:
    """The same is told, wakers' lines and outcomes included, whoever else watches; and they are told theirs."""
    alone = facts(traced())
    before, after = Told(), Told()
    assert alone == facts(traced(before, after))
    assert (before.spawned, before.steps) == (after.spawned, after.steps)
    assert before.spawned == sum(isinstance(event, TaskSpawned) for event in traced())


def test_an_instrument_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """trio takes it away, says so, and goes on telling us."""
    failing = Failing()
    assert facts(traced()) == facts(traced(failing))
    [record] = caplog.records
    assert (logging.ERROR, "trio.abc.Instrument") == (record.levelno, record.name)
    assert 0 < failing.spawned < sum(isinstance(event, TaskSpawned) for event in traced())


def test_an_instrument_comes_and_goes() -> None:
    """Whose hooks stand between trio and ours may change while a run is under way."""
    told = Told()

    async def main() -> None:
        for _ in range(2):
            await program()
            trio.lowlevel.add_instrument(told)
            await program()
            trio.lowlevel.remove_instrument(told)
        await program()

    async def plain() -> None:
        for _ in range(5):
            await program()

    assert [_nameless(fact) for fact in facts(traced(main=plain))] == [_nameless(f) for f in facts(traced(main=main))]
    assert 2 == told.spawned


def _nameless(fact: object) -> object:
    assert isinstance(fact, dict)
    return {**fact, "name": "", "place": 0 if fact.get("place") is not None else None}


@pytest.mark.parametrize("name", ["call", "add_instrument", "remove_instrument"])
def test_without_a_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Where trio calls its instruments in some other way it goes on as it is, and we are told the same."""
    expected = facts(traced())
    hidden = getattr(Instruments, name)
    monkeypatch.delattr(Instruments, name)
    monkeypatch.setattr(Instruments, "__getattribute__", _finding(name, hidden), raising=False)
    assert expected == facts(traced())


def _finding(hidden: str, function: Callable[..., object]) -> Callable[[object, str], object]:
    def find(self: object, name: str) -> object:
        return function.__get__(self) if name == hidden else object.__getattribute__(self, name)

    return find


@contextlib.contextmanager
def handling(raised: BaseException) -> Iterator[None]:
    def handler(number: int, frame: object) -> None:
        raise raised

    old = signal.signal(signal.SIGUSR1, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, old)


class Stop(Exception):
    pass


@pytest.mark.parametrize("raised", [Stop("now"), SystemExit(3)], ids=["an error", "an exit"])
@pytest.mark.parametrize("others", [0, 1])
def test_a_handler_raises_within_a_hook(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, raised: BaseException, others: int
) -> None:
    """The next task that runs feels it where it stands; the trace goes on, and counts what it may lack."""
    from triotrace.tracing import births

    original, fire = births.spawned, True

    def spawned(state: State, *args: object) -> None:
        nonlocal fire
        if fire and state.running is not None and state.running.role == "main":
            fire = False
            signal.raise_signal(signal.SIGUSR1)
        original(state, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(births, "spawned", spawned)
    felt: list[BaseException] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
            try:
                await trio.lowlevel.checkpoint()
            except type(raised) as error:
                felt.append(error)

    events: list[Event] = []
    tracer = Tracer(events.extend)
    with handling(raised):
        trio.run(main, instruments=[tracer, *(Told() for _ in range(others))])
    assert [raised] == felt
    assert [] == caplog.records
    assert 1 == tracer.dropped
    assert [] != [event for event in events if isinstance(event, AfterRun)]


def test_a_handler_raises_as_the_loop_goes_to_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody runs who could feel it: trio breaks, as it does when a handler raises while the loop sleeps."""
    original, fire = Tracer._sleeps, True

    def sleeps(self: Tracer, state: State, timeout: float) -> None:
        nonlocal fire
        original(self, state, timeout)
        if fire and state.has_main:
            fire = False
            signal.raise_signal(signal.SIGUSR1)

    monkeypatch.setattr(Tracer, "_sleeps", sleeps)
    events: list[Event] = []
    with handling(Stop("now")), pytest.raises(trio.TrioInternalError) as broken:
        trio.run(trio.sleep, 60, instruments=[Tracer(events.extend)])
    assert isinstance(broken.value.__cause__, ExceptionGroup)
    assert broken.value.__cause__.subgroup(Stop)
    [end] = [event for event in events if isinstance(event, AfterRun)]
    assert "cancelled" == end.result


def test_a_bug_of_ours_is_not_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What we raise ourselves never reaches the program, though it handles signals."""
    from triotrace.tracing import births

    def broken(*args: object) -> None:
        raise Stop("ours")

    monkeypatch.setattr(births, "spawned", broken)
    events: list[Event] = []
    tracer = Tracer(events.extend)
    with handling(Stop("theirs")):
        trio.run(program, instruments=[tracer])
    assert 0 < tracer.dropped
    timeline = Timeline()
    timeline.feed(events)
