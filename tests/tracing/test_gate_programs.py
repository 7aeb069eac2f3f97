"""Programs nobody wrote, paused and released at any moment: none hangs, none has a time-out that it would not have."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import trio
import trio.testing
from gated import PATIENCE, Walker, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triotrace.events import Skipped
from triotrace.tracing.live_clock import RunClock

# Lengths are in units. Sleeps are even and time-outs odd, so no two come at the same moment within a task; time-outs
# are far longer than the work inside, or far shorter.
UNIT = 0.004
LONG = 101

simple = st.one_of(
    st.just(["checkpoint"]),
    st.tuples(st.just("sleep"), st.integers(0, 1)),
    st.tuples(st.just("hang"), st.just(1)),
    st.tuples(st.just("set"), st.integers(0, 1)),
    st.tuples(st.just("wait"), st.integers(0, 1)),
    st.just(["lock"]),
    st.just(["thread"]),
)
parts = st.recursive(
    st.lists(simple, min_size=1, max_size=3),
    lambda inner: st.lists(
        st.one_of(
            simple,
            st.tuples(st.just("patient"), inner),
            st.tuples(st.just("nursery"), st.lists(inner, max_size=2)),
        ),
        min_size=1,
        max_size=3,
    ),
    max_leaves=5,
)
programs = st.lists(parts, min_size=2, max_size=3).map(lambda tasks: [["patient", [["nursery", tasks]]]])
command = st.sampled_from(["pause", "resume", "step", "step", "pace", "no pace"])
moments = st.floats(0, 0.02)


class World:
    """What the tasks of a program share, and the time-outs that fired."""

    def __init__(self, *, threads: bool) -> None:
        self.threads = threads
        self.fired: dict[str, bool] = {}
        self.events = [trio.Event(), trio.Event()]
        self.lock = trio.Lock()

    async def run(self, program: list[Any], until: Callable[[], bool] = lambda: True) -> None:
        """Do the program again and again; each round has the same time-outs."""
        rounds = []
        while not rounds or not until():
            self.fired = {}
            await self.do(program, "")
            await trio.lowlevel.checkpoint()
            rounds.append(self.fired)
        assert all(fired == rounds[0] for fired in rounds)

    async def do(self, program: list[Any], path: str) -> None:
        for place, (word, *rest) in enumerate(program):
            await getattr(self, f"do_{word}")(f"{path}.{place}", *rest)

    async def do_checkpoint(self, path: str) -> None:
        await trio.lowlevel.checkpoint()

    async def do_sleep(self, path: str, units: int) -> None:
        await trio.sleep(2 * units * UNIT)

    async def do_hang(self, path: str, units: int) -> None:
        with trio.move_on_after(units * UNIT) as scope:
            await trio.sleep_forever()
        self.fired[path] = scope.cancelled_caught

    async def do_set(self, path: str, which: int) -> None:
        self.events[which].set()

    async def do_wait(self, path: str, which: int) -> None:
        if self.events[which].is_set():
            await self.events[which].wait()

    async def do_lock(self, path: str) -> None:
        async with self.lock:
            await trio.sleep(UNIT)

    async def do_thread(self, path: str) -> None:
        if self.threads:
            await trio.to_thread.run_sync(int)

    async def do_patient(self, path: str, program: list[Any]) -> None:
        with trio.move_on_after(LONG * UNIT) as scope:
            await self.do(program, path)
        self.fired[path] = scope.cancelled_caught

    async def do_nursery(self, path: str, programs: list[list[Any]]) -> None:
        async with trio.open_nursery() as nursery:
            for place, program in enumerate(programs):
                nursery.start_soon(self.do, program, f"{path}/{place}")


def plain(program: list[Any]) -> dict[str, bool]:
    """Return the time-outs that fire where nothing takes time but sleep."""
    world = World(threads=False)
    trio.run(world.run, program, clock=trio.testing.MockClock(autojump_threshold=0))
    return world.fired


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(programs, st.lists(st.tuples(moments, command), min_size=50, max_size=50), st.booleans())
def test_fifty_commands_at_any_moment(program: list[Any], commands: list[tuple[float, str]], paused: bool) -> None:
    """Fifty times paused, released, stepped or paced: the program ends, with the time-outs of the plain run."""
    walker = Walker(paused=paused)
    world = World(threads=True)
    done: list[bool] = []

    def drive() -> None:
        for rest, word in commands:
            if walker.over.wait(rest):
                return
            obey(walker, word)
        done.append(True)
        walker.gate.release()

    assert run(walker, world.run, program, lambda: bool(done), drive=drive) is None
    assert plain(program) == world.fired
    walker.told()


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(programs)
def test_a_walk_has_the_time_outs_of_a_run(program: list[Any]) -> None:
    """Walked to its end, all its sleeps skipped, it is what it was."""
    walker = Walker(paused=True)
    world = World(threads=False)
    assert run(walker, world.run, program, drive=walker.walk) is None
    assert plain(program) == world.fired
    assert all(event.to > event.from_ for event in walker.of(Skipped))
    walker.told()


def test_two_runs_under_a_hail_of_commands() -> None:
    """Fifty pauses and releases of two programs at once, whose clocks are one: both end."""
    chance = random.Random(5)
    walker = Walker()
    worlds = [World(threads=True), World(threads=True)]
    program = [["patient", [["nursery", [[["sleep", 2], ["lock"]], [["lock"], ["thread"]], [["hang", 1]]]]]]] * 6

    def one(world: World) -> None:
        trio.run(world.run, program, clock=RunClock(walker.clock), instruments=[walker.tracer()])

    threads = [threading.Thread(target=one, args=(world,), daemon=True) for world in worlds]
    for thread in threads:
        thread.start()
    for _ in range(50):
        walker.gate.pause()
        threading.Event().wait(chance.random() * 0.02)
        walker.gate.step()
        threading.Event().wait(chance.random() * 0.005)
        walker.gate.resume()
        threading.Event().wait(chance.random() * 0.005)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "it hangs"
    assert [plain(program)] * 2 == [world.fired for world in worlds]


def obey(walker: Walker, word: str) -> None:
    gate = walker.gate
    commands: dict[str, Callable[[], object]] = {
        "pause": gate.pause,
        "resume": gate.resume,
        "step": gate.step,
        "pace": lambda: gate.set_pace(300.0),
        "no pace": lambda: gate.set_pace(None),
    }
    commands[word]()
