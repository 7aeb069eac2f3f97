"""Programs nobody wrote: whatever trio lets one do, what is told of it makes sense."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triotrace import Tracer
from triotrace.events import (
    AfterTaskStep,
    BeforeTaskStep,
    Event,
    NurseryClosed,
    NurseryOpened,
    Place,
    ScopeCancelled,
    ScopeChanged,
    ScopeEntered,
    ScopeExited,
    TaskExited,
    TaskMoved,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.timeline.timeline import Timeline

Program = list[Any]

simple = st.one_of(
    st.just(["checkpoint"]),
    st.tuples(st.just("sleep"), st.integers(0, 5)),
    st.tuples(st.sampled_from(["set", "wait", "send", "receive", "lock"]), st.integers(0, 1)),
    st.tuples(st.just("cancel"), st.integers(0, 3)),
    st.tuples(st.just("move"), st.integers(0, 3), st.integers(0, 6)),
    st.just(["fail"]),
    st.tuples(st.sampled_from(["thread", "limit"]), st.integers(0, 1)),
)
programs = st.recursive(
    st.lists(simple, max_size=4),
    lambda inner: st.lists(
        st.one_of(
            simple,
            st.tuples(st.just("scope"), st.integers(0, 6), st.booleans(), inner),
            st.tuples(st.just("nursery"), st.lists(inner, max_size=3), inner),
            st.tuples(st.just("start"), inner, inner),
        ),
        max_size=4,
    ),
    max_leaves=20,
)


class World:
    """What the tasks of a program share."""

    def __init__(self) -> None:
        self.events = [trio.Event(), trio.Event()]
        self.channels = [trio.open_memory_channel[int](0), trio.open_memory_channel[int](1)]
        self.locks = [trio.Lock(), trio.StrictFIFOLock()]
        self.scopes: list[trio.CancelScope] = []
        self.limiter = trio.CapacityLimiter(1)

    async def do(self, program: Program) -> None:
        for word, *rest in program:
            await getattr(self, f"do_{word}")(*rest)

    async def do_checkpoint(self) -> None:
        await trio.lowlevel.checkpoint()

    async def do_sleep(self, seconds: int) -> None:
        await trio.sleep(seconds)

    async def do_set(self, which: int) -> None:
        self.events[which].set()

    async def do_wait(self, which: int) -> None:
        await self.events[which].wait()

    async def do_send(self, which: int) -> None:
        await self.channels[which][0].send(1)

    async def do_receive(self, which: int) -> None:
        await self.channels[which][1].receive()

    async def do_lock(self, which: int) -> None:
        async with self.locks[which]:
            await trio.sleep(1)

    async def do_cancel(self, which: int) -> None:
        if self.scopes:
            self.scopes[which % len(self.scopes)].cancel()

    async def do_move(self, which: int, seconds: int) -> None:
        if self.scopes:
            scope = self.scopes[which % len(self.scopes)]
            scope.deadline = trio.current_time() + seconds
            scope.shield = not scope.shield

    async def do_fail(self) -> None:
        raise ValueError

    async def do_thread(self, which: int) -> None:
        def work() -> None:
            if which:
                trio.from_thread.run_sync(self.events[which].set)
                trio.from_thread.run(trio.sleep, which)

        await trio.to_thread.run_sync(work, abandon_on_cancel=not which)

    async def do_limit(self, which: int) -> None:
        async with self.limiter:
            await trio.sleep(which)

    async def do_scope(self, seconds: int, shield: bool, inner: Program) -> None:
        with trio.CancelScope(deadline=trio.current_time() + seconds, shield=shield) as scope:
            self.scopes.append(scope)
            await self.do(inner)

    async def do_nursery(self, children: list[Program], inner: Program) -> None:
        async with trio.open_nursery() as nursery:
            self.scopes.append(nursery.cancel_scope)
            for child in children:
                nursery.start_soon(self.do, child)
            await self.do(inner)

    async def do_start(self, first: Program, then: Program) -> None:
        async def service(task_status: trio.TaskStatus[None]) -> None:
            await self.do(first)
            task_status.started()
            await self.do(then)

        async with trio.open_nursery() as nursery:
            await nursery.start(service)


def trace(program: Program) -> tuple[list[Event], Tracer]:
    async def main() -> None:
        # What would wait for ever ends with this; all else ends before.
        with trio.move_on_after(1000) as scope:
            await World().do(program)
        assert scope

    events: list[Event] = []
    tracer = Tracer(events.extend)
    with suppress(ExceptionGroup, ValueError, RuntimeError):
        trio.run(main, instruments=[tracer], clock=trio.testing.MockClock(autojump_threshold=0))
    return events, tracer


class Reader:
    """Reads events one by one, and complains about what cannot be."""

    def __init__(self) -> None:
        self.state: dict[int, str] = {}
        self.nursery: dict[int, int | None] = {}
        self.running: int | None = None
        self.places: set[int] = set()
        self.role: dict[int, str] = {}
        self.nurseries: dict[int, int] = {}
        self.scope_of: dict[int | None, int | None] = {None: None}  # by nursery
        self.entered: dict[int, list[int]] = {}  # by task
        self.scopes: dict[int, tuple[int, int | None]] = {}
        self.parents: dict[int, int | None] = {}
        self.shielded: set[int] = set()
        self.cancelled: set[int] = set()
        self.last = 0

    def read(self, event: Event) -> None:
        time = getattr(event, "t", self.last)
        assert time >= self.last
        self.last = time
        place = getattr(event, "place", None)
        assert isinstance(event, Place) or place is None or place in self.places
        reads: Callable[[Any], None] | None = getattr(self, f"on_{type(event).__name__}", None)
        if reads is not None:
            reads(event)

    def around(self, task: int) -> list[int]:
        """Return the scopes that a cancellation of would reach a task, innermost first: up to a shield."""
        own = self.entered[task]
        scope = own[-1] if own else self.scope_of[self.nursery[task]]
        found = []
        while scope is not None:
            found.append(scope)
            scope = None if scope in self.shielded else self.parents[scope]
        return found

    def on_Place(self, event: Place) -> None:
        self.places.add(event.place)

    def on_TaskSpawned(self, event: TaskSpawned) -> None:
        assert event.task not in self.state
        assert event.by == self.running
        self.state[event.task] = "new"
        self.nursery[event.task] = event.nursery
        self.role[event.task] = event.role
        self.entered[event.task] = []
        if event.nursery is not None:
            assert self.nurseries[event.nursery] == event.parent

    def on_TaskMoved(self, event: TaskMoved) -> None:
        assert event.nursery in self.nurseries
        self.nursery[event.task] = event.nursery

    def on_TaskScheduled(self, event: TaskScheduled) -> None:
        before = self.state[event.task]
        if self.running == event.task:
            assert before == "running"
            assert event.cause in ("checkpoint", "cancel", "timer")
            self.state[event.task] = "woken"
        else:
            assert before in ("new", "waiting")
            assert (before == "new") == (event.cause == "spawned")
            assert (event.cause in ("timer", "idle", "io")) <= (self.running is None)
            self.state[event.task] = "ready"
        assert event.waker is None or event.waker == self.running
        if event.cause == "task":
            assert event.waker is not None
        assert event.scope is None or event.scope in self.cancelled
        assert event.cause != "other"
        assert event.scope is None or event.cause == "cancel"
        if event.cause == "cancel" and self.role[event.task] in ("main", "user", "library"):
            assert event.scope in self.around(event.task)

    def on_BeforeTaskStep(self, event: BeforeTaskStep) -> None:
        assert self.running is None
        assert self.state[event.task] == "ready"
        self.state[event.task] = "running"
        self.running = event.task

    def on_AfterTaskStep(self, event: AfterTaskStep) -> None:
        assert self.running == event.task
        self.running = None
        self.state[event.task] = {"running": "waiting", "woken": "ready", "exiting": "exited"}[self.state[event.task]]

    def on_TaskExited(self, event: TaskExited) -> None:
        assert self.running == event.task
        assert (event.error is None) == (event.result == "returned")
        if event.result == "cancelled" and self.role[event.task] != "system":
            above = self.scope_of[self.nursery[event.task]]
            while above is not None and above not in self.cancelled:
                above = self.parents[above]
            assert above is not None
        self.state[event.task] = "exiting"
        assert event.task not in self.nurseries.values()
        assert event.task not in [owner for owner, _ in self.scopes.values()]

    def on_NurseryOpened(self, event: NurseryOpened) -> None:
        assert self.running == event.task
        self.nurseries[event.nursery] = event.task
        assert event.scope is None or self.scopes[event.scope][0] == event.task
        self.scope_of[event.nursery] = event.scope

    def on_NurseryClosed(self, event: NurseryClosed) -> None:
        assert self.nurseries.pop(event.nursery) == self.running
        children = [task for task, nursery in self.nursery.items() if nursery == event.nursery]
        assert all(self.state[child] in ("exited", "exiting") for child in children)

    def on_ScopeEntered(self, event: ScopeEntered) -> None:
        assert self.running == event.task
        assert event.parent is None or event.parent in self.scopes
        around = self.around(event.task)
        assert not around or event.parent == around[0]
        self.scopes[event.scope] = event.task, event.parent
        self.parents[event.scope] = event.parent
        self.entered[event.task].append(event.scope)
        if event.shield:
            self.shielded.add(event.scope)

    def on_ScopeChanged(self, event: ScopeChanged) -> None:
        assert event.task == self.running
        (self.shielded.add if event.shield else self.shielded.discard)(event.scope)

    def on_ScopeCancelled(self, event: ScopeCancelled) -> None:
        assert event.scope in self.scopes
        assert event.scope not in self.cancelled
        assert event.task is None or event.task == self.running
        self.cancelled.add(event.scope)

    def on_ScopeExited(self, event: ScopeExited) -> None:
        owner, _ = self.scopes.pop(event.scope)
        assert owner == self.running
        assert event.scope == self.entered[owner].pop()
        assert event.scope not in [parent for _, parent in self.scopes.values()]
        if event.caught:
            assert event.scope in self.cancelled


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs)
def test_what_is_told_makes_sense(program: Program) -> None:
    """Each wake has its cause, each waker runs; scopes nest; nurseries close after their children; `t` goes on."""
    events, tracer = trace(program)
    assert 0 == tracer.dropped
    reader = Reader()
    for event in events:
        reader.read(event)
    assert {"exited"} == set(reader.state.values())
    assert not reader.nurseries
    assert not reader.scopes
    timeline = Timeline()
    timeline.feed(events)
    assert [] == timeline.damages
