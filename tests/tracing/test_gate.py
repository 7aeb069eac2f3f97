"""The gate: paused, paced or walked, a program does what it does anyway, in trio's time as in order."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable

import outcome
import pytest
import trio
import trio.testing
from gated import PATIENCE, Walker, commanded, order_of, run
from pausable import PROGRAMS, UNIT, outcome_of

from triotrace.events import (
    AfterRun,
    BeforeIoWait,
    BeforeTaskStep,
    Pace,
    Paused,
    Resumed,
    Skipped,
    TaskId,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.tracing.gate import Gate
from triotrace.tracing.live_clock import RunClock

_BUSY = 3
"""How often a busy machine may let a timer come later than the one that should follow it, held or not."""


class Said(list[tuple[str, float]]):
    """What a program says, with its trio time."""

    def __init__(self, walker: Walker, pause_at: int | None = None) -> None:
        super().__init__()
        self.walker = walker
        self.pause_at = pause_at

    async def run(self, main: Callable[..., object]) -> None:
        self.began = trio.current_time()
        await main(self.say)

    def say(self, text: str) -> None:
        self.append((text, trio.current_time() - self.began))
        if len(self) == self.pause_at:
            self.walker.gate.pause()


def played(name: str, *, pause: float = 0, **how: object) -> tuple[object, ...]:
    """Play a program; return what it said, how it ended, the order of all that happened, and its times."""
    walk = how.pop("walk", False)
    walker = Walker(**how)
    said = Said(walker, pause_at=1 if pause else None)

    def drive() -> None:
        if walk:
            walker.walk()
        if pause:
            assert walker.heard()
            time.sleep(pause)
            walker.gate.resume()

    ended = run(walker, said.run, PROGRAMS[name], drive=drive)
    told = walker.told()
    if pause:
        assert max(event.wall_ns for event in walker.of(Resumed)) > 0.9e9 * pause
    return [text for text, _ in said], outcome_of(ended), order_of(told.events), [when for _, when in said]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_program(name: str) -> None:
    """Same words, same end, same order of steps, nurseries and scopes; and trio's times know nothing of the pause."""
    for _ in range(_BUSY):
        differences = differences_of(name)
        if not differences:
            return
    raise AssertionError(differences)


def differences_of(name: str) -> list[object]:
    """Play a program plain and held; return what differs by more than a little time."""
    *plain, times = played(name)
    found: list[object] = []
    for how in ({"pause": 12 * UNIT}, {"pace": 50.0}, {"paused": True, "walk": True}):
        *shown, others = played(name, **how)
        if plain != shown:
            found.append((how, plain, shown))
        else:
            found += [(how, a, b) for a, b in zip(times, others, strict=True) if abs(a - b) > 6 * UNIT]
    return found


# -- what is told ------------------------------------------------------------------------------


async def two_naps(say: Callable[[str], object]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(nap, 10, say)
        nursery.start_soon(nap, 30, say)


async def nap(seconds: float, say: Callable[[str], object] = lambda _: None) -> None:
    await trio.sleep(seconds)
    say(f"slept {seconds}")


def test_a_sleep_is_skipped_to_its_deadline() -> None:
    """With only time to wait for, going forward moves the clock: trio's time and `t` both say how long it was."""
    walker = Walker(paused=True)
    said = Said(walker)
    assert run(walker, said.run, two_naps, drive=walker.walk) is None
    assert ["slept 10", "slept 30"] == [text for text, _ in said]
    assert [10, 30] == [round(when, 1) for _, when in said]
    told = walker.told()
    lengths = [event.to - event.from_ for event in walker.of(Skipped)]
    assert [10, 20] == [round(length / 1e9, 1) for length in lengths]
    for skipped in walker.of(Skipped):
        before, after = told.events[told.events.index(skipped) - 1 :][:2]
        assert skipped.to - skipped.from_ <= after.t - before.t + 1000


def test_a_walk_is_held_before_each_step_and_each_sleep() -> None:
    """`paused` names the task that comes next and those after it in this turn; the log ends there, until it goes on."""
    walker = Walker(paused=True)
    ends: list[object] = []

    def drive() -> None:
        while walker.heard():
            ends.append(walker.events[-1])
            walker.gate.step()

    run(walker, Said(walker).run, two_naps, drive=drive)
    told = walker.told()
    assert all(isinstance(end, Paused) for end in ends)
    names = [[told.name(task) for task in end.batch] for end in ends]
    assert [["run"], ["nap", "nap"], ["nap"], [], ["nap"], [], ["nap"], ["run"]] == names
    assert [end.batch[0] if end.batch else None for end in ends] == [end.next for end in ends]
    steps = [e.task for e in walker.of(BeforeTaskStep) if told.spawned[e.task].role not in ("init", "system")]
    assert steps == [event.next for event in walker.of(Paused) if event.next is not None]
    assert len(walker.of(Paused)) == len(walker.of(Resumed))


def test_a_running_program_is_held_at_its_next_step() -> None:
    """`step` pauses what runs; from then on each one is a step. Nothing happens between them."""
    walker = Walker()

    async def main() -> None:
        while not walker.over.is_set():
            await trio.lowlevel.checkpoint()

    def drive() -> None:
        walker.until(lambda: len(walker.of(BeforeTaskStep)) > 5)
        walker.gate.step()
        for _ in range(5):
            assert walker.heard()
            counts.append(len(walker.of(BeforeTaskStep)))
            walker.gate.step()
        walker.over.set()
        walker.gate.resume()

    counts: list[int] = []
    run(walker, main, drive=drive)
    assert list(range(counts[0], counts[0] + 5)) == counts


def test_steps_asked_for_in_advance_are_taken() -> None:
    """Five at once are five: held after the fifth."""
    walker = Walker(paused=True)
    seen: list[int] = []

    async def main() -> None:
        for _ in range(20):
            await trio.lowlevel.checkpoint()

    def drive() -> None:
        assert walker.heard()
        for _ in range(5):
            walker.gate.step()
        assert walker.heard()
        seen.append(len([event for event in walker.of(BeforeTaskStep) if event.task == walker.of(Paused)[-1].next]))
        walker.gate.release()

    run(walker, main, drive=drive)
    assert [5] == seen


def test_a_pace_is_told_and_can_change() -> None:
    """So long, at least, from one step to the next, in which the program's time stands still; `None` lets it go."""
    walker = Walker(pace=500.0)
    moments: dict[float | None, list[float]] = {500.0: [], 100.0: [], None: []}

    async def main() -> None:
        for pace, steps in moments.items():
            if steps is not moments[500.0]:
                walker.gate.set_pace(pace)
            for _ in range(10):
                await trio.lowlevel.checkpoint()
                steps.append(time.perf_counter())

    run(walker, main)
    assert list(moments) == [event.steps_per_second for event in walker.of(Pace)]
    for pace in (500.0, 100.0):
        steps = moments[pace]
        assert 9 / pace <= steps[-1] - steps[0] + 0.001
    assert 15 < len(walker.of(Paused)) <= 21
    assert [event.t for event in walker.of(Paused)] == [event.t for event in walker.of(Resumed)]


# -- what time alone cannot bring --------------------------------------------------------------


def walk_while(walker: Walker, *, until: Callable[[], bool], then: Callable[[], object]) -> Callable[[], None]:
    """Walk; as soon as the loop sleeps and `until` holds, go on ten times, do `then`, and walk to the end."""

    def drive() -> None:
        done = False
        while walker.heard():
            last = walker.of(Paused)[-1]
            if last.next is None and until() and not done:
                done = True
                for _ in range(10):
                    walker.gate.step()
                assert walker.heard(), "it waits"
                then()
            else:
                walker.gate.step()

    return drive


def test_a_socket_may_come_before_a_deadline() -> None:
    """Going forward waits for it and skips nothing, however often it is asked for."""
    here, there = socket.socketpair()
    walker = Walker(paused=True)
    got: list[bytes] = []
    waiting: list[int] = []

    async def main() -> None:
        with trio.fail_after(600):
            got.append(await trio.socket.from_stdlib_socket(here).recv(10))
        for _ in range(5):
            await trio.lowlevel.checkpoint()

    here.setblocking(False)
    with here, there:
        assert run(walker, main, drive=walk_while(walker, until=lambda: True, then=lambda: there.send(b"x"))) is None
    assert [b"x"] == got
    assert [] == walker.of(Skipped)
    assert 7 == len([event for event in walker.of(Paused) if event.next is not None]), waiting


def test_a_thread_may_come_before_a_deadline() -> None:
    """One that trio knows of, and one that it does not."""
    for threads in (trio.to_thread.run_sync, start_thread):
        walker = Walker(paused=True)
        let_go = threading.Event()

        async def main(threads: Callable[..., Awaitable[object]], let_go: threading.Event) -> None:
            with trio.fail_after(600):
                await threads(let_go.wait)

        drive = walk_while(walker, until=lambda: True, then=let_go.set)
        assert run(walker, main, threads, let_go, drive=drive) is None
        assert [] == walker.of(Skipped)


async def start_thread(function: Callable[[], object]) -> None:
    done = trio.Event()
    token = trio.lowlevel.current_trio_token()
    threading.Thread(target=lambda: (function(), token.run_sync_soon(done.set))).start()
    await done.wait()


def test_a_process_may_come_before_a_deadline() -> None:
    walker = Walker(paused=True)
    process: list[trio.Process] = []

    async def main() -> None:
        process.append(await trio.lowlevel.open_process(["sleep", "600"]))
        with trio.fail_after(600):
            await process[0].wait()

    drive = walk_while(walker, until=lambda: bool(process), then=lambda: process[0].kill())
    assert run(walker, main, drive=drive) is None
    assert [] == walker.of(Skipped)


def test_what_comes_while_it_is_paused_is_seen() -> None:
    """A thread goes on while the program stands: its task becomes ready, and does not step."""
    walker = Walker()
    let_go = threading.Event()
    states: list[tuple[bool, bool]] = []

    async def main() -> None:
        with trio.fail_after(0.2):
            await trio.to_thread.run_sync(let_go.wait)

    def drive() -> None:
        walker.until(lambda: [event for event in walker.of(BeforeIoWait) if event.threads])
        walker.gate.pause()
        assert walker.heard()
        time.sleep(0.4)
        let_go.set()
        assert walker.heard()
        last = walker.of(Paused)[-1]
        [woken] = [event for event in walker.of(TaskScheduled) if event.cause == "thread"]
        states.append((woken.task == last.next, walker.clock.frozen))
        walker.gate.resume()

    assert run(walker, main, drive=drive) is None
    assert [(True, True)] == states


# -- clocks and loops that are not ours --------------------------------------------------------


async def with_a_time_out(said: list[str]) -> None:
    for patience in (1, 3):
        with trio.move_on_after(patience) as scope:
            await trio.sleep(2)
        said.append("gave up" if scope.cancelled_caught else "slept")


class OwnClock(trio.abc.Clock):
    """Somebody's own: ten times as fast as the real one."""

    def start_clock(self) -> None:
        self.began = time.perf_counter()

    def current_time(self) -> float:
        return 10 * (time.perf_counter() - self.began)

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return (deadline - self.current_time()) / 10


CLOCKS: dict[str, Callable[[], trio.abc.Clock]] = {
    "autojump": lambda: trio.testing.MockClock(autojump_threshold=0),
    "autojump after a while": lambda: trio.testing.MockClock(autojump_threshold=0.01),
    "mock at a rate": lambda: trio.testing.MockClock(rate=10),
    "own": OwnClock,
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_of_the_programs_own(name: str) -> None:
    """It is not replaced and not moved; steps and pauses work, and the program ends as it would have."""
    for how in ({"paused": True}, {"pace": 100.0}, {}):
        walker = Walker(**how)
        said: list[str] = []

        def drive(walker: Walker = walker) -> None:
            if walker.paused:
                walker.walk()
            elif not walker.pace:
                walker.gate.pause()
                walker.heard()
                walker.gate.resume()

        assert run(walker, with_a_time_out, said, drive=drive, clock=CLOCKS[name]()) is None
        assert ["gave up", "slept"] == said
        assert [] == walker.of(Skipped)
        walker.told()


def test_a_mock_clock_that_stands_still() -> None:
    """Only the program moves it: stepping past its sleep waits until it does."""
    walker = Walker(paused=True)
    clock = trio.testing.MockClock()
    said: list[str] = []

    async def jumps() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(with_a_time_out, said)
            for _ in range(10):
                await trio.testing.wait_all_tasks_blocked()
                clock.jump(0.5)

    assert run(walker, jumps, drive=walker.walk, clock=clock) is None
    assert ["gave up", "slept"] == said


def test_guest_mode() -> None:
    """While nobody is ready the host goes on, and trio's time stands still; a step that is held holds the host, too."""
    walker = Walker(paused=True)
    ticks = 0
    said: list[str] = []
    done: list[outcome.Outcome[None]] = []

    async def guest() -> None:
        with trio.move_on_after(0.3) as scope:
            await trio.sleep(0.1)
        said.append("gave up" if scope.cancelled_caught else "slept")

    async def host() -> None:
        nonlocal ticks
        loop = asyncio.get_running_loop()
        over = loop.create_future()

        def finish(result: outcome.Outcome[None]) -> None:
            done.append(result)
            over.set_result(None)

        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=finish,
            host_uses_signal_set_wakeup_fd=True,
            clock=RunClock(walker.clock),
            instruments=[walker.tracer()],
        )
        while not over.done():
            await asyncio.sleep(0.01)
            ticks += 1

    def drive() -> None:
        assert walker.heard()
        stood = ticks
        time.sleep(0.05)
        assert stood == ticks, "a step is held"
        walker.gate.step()
        assert walker.heard()
        assert walker.of(Paused)[-1].next is None
        walker.until(lambda: ticks > stood + 50)
        assert walker.of(Paused)[-1].next is None
        walker.gate.step()
        walker.walk()

    with commanded(walker, drive):
        asyncio.run(host())
    done[0].unwrap()
    assert ["slept"] == said
    assert [] == walker.of(Skipped), "the host may hand it something"
    walker.told()


def test_two_runs_at_once() -> None:
    """Both are held, and each does in its walk what it does alone; time stands still when neither can move."""
    alone = [played(name)[:2] for name in ("event", "channels")]
    walker = Walker()
    both: list[tuple[list[str], str]] = [([], ""), ([], "")]

    def one(place: int, name: str) -> None:
        async def main() -> None:
            await PROGRAMS[name](both[place][0].append)

        try:
            trio.run(main, clock=RunClock(walker.clock), instruments=[walker.tracer()])
        finally:
            both[place] = both[place][0], outcome_of(None)

    def drive() -> None:
        walker.until(lambda: len(walker.of(BeforeIoWait)) > 3)
        walker.gate.pause()
        walker.until(lambda: walker.clock.frozen)
        before = len(walker.of(BeforeTaskStep))
        time.sleep(12 * UNIT)
        assert before == len(walker.of(BeforeTaskStep))
        while not walker.over.is_set():
            walker.gate.step()
            time.sleep(0.002)

    with commanded(walker, drive):
        runs = [threading.Thread(target=one, args=(0, "event")), threading.Thread(target=one, args=(1, "channels"))]
        for run_ in runs:
            run_.start()
        for run_ in runs:
            run_.join(60)
    assert alone == both
    assert 0 == walker.recorder.failures


def test_time_goes_on_while_any_run_is_in_a_step() -> None:
    """A step that blocks is under way: it cannot be held, and its program's time does not stand still for another's."""
    walker = Walker(pace=1000.0)
    in_step, let_go = threading.Event(), threading.Event()
    frozen: list[bool] = []

    async def blocks() -> None:
        await trio.sleep(0.1)
        in_step.set()
        let_go.wait(60)

    async def goes_on() -> None:
        while not let_go.is_set():
            await trio.lowlevel.checkpoint()

    def drive() -> None:
        walker.until(lambda: len(walker.of(Paused)) > 10)  # one run sleeps, the other takes its turns
        walker.gate.set_pace(None)
        assert in_step.wait(60)
        walker.gate.pause()
        before = walker.clock.now()
        walker.until(lambda: walker.of(Paused) and isinstance(walker.events[-1], Paused))
        walker.until(lambda: walker.clock.frozen or walker.clock.now() > before + 50_000_000)
        frozen.append(walker.clock.frozen)
        let_go.set()
        walker.until(lambda: walker.clock.frozen)
        walker.gate.release()

    def run_one(main: Callable[[], Awaitable[None]]) -> None:
        trio.run(main, clock=RunClock(walker.clock), instruments=[walker.tracer()])

    with commanded(walker, drive):
        runs = [threading.Thread(target=run_one, args=(main,)) for main in (blocks, goes_on)]
        for thread in runs:
            thread.start()
        for thread in runs:
            thread.join(60)
    assert [False] == frozen


def test_a_run_in_a_thread_of_another() -> None:
    """The inner one can be walked while the outer one waits for it."""
    walker = Walker(paused=True)
    said: list[str] = []

    async def outer() -> None:
        with trio.fail_after(5):
            await trio.to_thread.run_sync(inner)

    def inner() -> None:
        trio.run(with_a_time_out, said, clock=OwnClock(), instruments=[walker.tracer()])

    assert run(walker, outer, drive=walker.walk) is None
    assert ["gave up", "slept"] == said


def test_released_at_any_time() -> None:
    """Opened for good, it holds nobody, and time goes on."""
    walker = Walker(paused=True, pace=1.0)

    def drive() -> None:
        assert walker.heard()
        walker.gate.release()

    said: list[str] = []

    async def main() -> None:
        with trio.move_on_after(0.05):
            await trio.sleep_forever()
        said.append("on")

    assert run(walker, main, drive=drive) is None
    assert ["on"] == said
    assert not walker.gate.shut
    assert not walker.clock.frozen


# -- to a task's next step ---------------------------------------------------------------------


async def naps_and_a_stranger(say: Callable[[str], object]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever, name="stranger")
        nursery.start_soon(nap, 10, say, name="short")
        nursery.start_soon(nap, 3000, say, name="long")
        await trio.sleep(20)
        say("main is back")
        await trio.sleep(5000)
        nursery.cancel_scope.cancel()


def test_it_goes_on_to_a_tasks_next_step() -> None:
    """All sleeps before it are skipped, no other hold is told, and it is held right after that step."""
    walker = Walker(paused=True)
    said = Said(walker)
    seen: list[tuple[list[str], int, bool]] = []

    def drive() -> None:
        assert walker.heard()
        walker.gate.step()
        assert walker.heard()
        told = {event.name: event.task for event in walker.of(TaskSpawned)}
        for task in (told["long"], told["long"]):
            holds = len(walker.of(Paused))
            walker.gate.until(task)
            assert walker.heard()
            last = [event.task for event in walker.of(BeforeTaskStep)][-1]
            seen.append(([text for text, _ in said], len(walker.of(Paused)) - holds, last == task))
        walker.gate.resume()
        walker.gate.pause()
        walker.walk()

    assert run(walker, said.run, naps_and_a_stranger, drive=drive) is None
    assert [([], 1, True), (["slept 10", "main is back", "slept 3000"], 1, True)] == seen
    walker.told()


def test_on_its_way_to_a_task_it_can_be_stopped() -> None:
    """A task that never steps: a pause holds it, a step too, and what was asked for is forgotten."""
    for stop in (Gate.pause, Gate.step):
        walker = Walker(paused=True)
        stopped: list[bool] = []

        async def main(over: threading.Event) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever, name="stranger")
                while not over.is_set():
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()

        over = threading.Event()

        def drive(
            walker: Walker = walker,
            stop: Callable[[Gate], None] = stop,
            over: threading.Event = over,
            stopped: list[bool] = stopped,
        ) -> None:
            assert walker.heard()
            stranger: set[int] = set()
            while not stranger & {event.task for event in walker.of(BeforeTaskStep)}:
                walker.gate.step()
                assert walker.heard()
                stranger = {event.task for event in walker.of(TaskSpawned) if event.name == "stranger"}
            count = len(walker.of(BeforeTaskStep))
            walker.gate.until(TaskId(stranger.pop()))
            walker.until(lambda: len(walker.of(BeforeTaskStep)) > count + 20)
            stop(walker.gate)
            walker.until(lambda: walker.clock.frozen)
            stopped.append(isinstance([*walker.events, *walker.recorder.pending][-1], Paused))
            over.set()
            walker.gate.resume()

        assert run(walker, main, over, drive=drive) is None
        assert [True] == stopped


def test_what_was_asked_of_a_run_is_not_done_in_the_next() -> None:
    """A run that ends takes with it the steps that were asked for, and the task that it was to go on to."""
    for ask in (lambda gate: [gate.step() for _ in range(9)], lambda gate: gate.until(TaskId(999))):
        walker = Walker(paused=True)
        held: list[object] = []

        def drive(walker: Walker = walker, ask: Callable[[Gate], object] = ask, held: list[object] = held) -> None:
            assert walker.heard()
            ask(walker.gate)
            walker.until(lambda: len(walker.of(AfterRun)) == 1)
            walker.until(lambda: [event for event in walker.of(Paused) if event.run == 1])
            held.append(len([event for event in walker.of(BeforeTaskStep) if event.task == walker.of(Paused)[-1].next]))
            walker.gate.release()

        with commanded(walker, drive):
            for _ in range(2):
                trio.run(trio.sleep, 0, clock=RunClock(walker.clock), instruments=[walker.tracer()])
        assert [0] == held


def test_each_release_names_its_run() -> None:
    """With two runs at once each hold is followed by the release of the same run, before it is held again."""
    walker = Walker(paused=True)

    def one() -> None:
        trio.run(PROGRAMS["event"], lambda _: None, clock=RunClock(walker.clock), instruments=[walker.tracer()])

    def drive() -> None:
        while not walker.over.is_set():
            walker.gate.step()
            time.sleep(0.001)

    with commanded(walker, drive):
        runs = [threading.Thread(target=one) for _ in range(2)]
        for thread in runs:
            thread.start()
        for thread in runs:
            thread.join(PATIENCE)
    events = walker.told().events
    held: dict[object, int] = {0: 0, 1: 0}
    for event in events:
        if isinstance(event, Paused | Resumed):
            held[event.run] += 1 if isinstance(event, Paused) else -1
            assert held[event.run] in (0, 1), event
    assert len([event for event in events if isinstance(event, Resumed)]) > 8
