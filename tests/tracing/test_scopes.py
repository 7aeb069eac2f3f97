"""Cancel scopes: whose they are, what moved them, who cancelled them and why, and what they caught."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from textwrap import dedent

import pytest
import trio
import trio.testing
from watched import Told, watch

from triotrace.events import (
    NurseryClosed,
    NurseryOpened,
    ScopeCancelled,
    ScopeChanged,
    ScopeEntered,
    ScopeExited,
    TaskExited,
    TaskScheduled,
)

SCOPE = ScopeEntered | ScopeChanged | ScopeCancelled | ScopeExited


def scopes(told: Told) -> list[tuple[object, ...]]:
    """Return what happened to scopes, in words, deadlines in milliseconds since the run began."""
    rows: list[tuple[object, ...]] = []
    for e in told.events:
        if isinstance(e, ScopeEntered):
            place = None if e.place is None else told.places[e.place].call
            rows.append(("entered", e.scope, _ms(e.deadline), e.shield, place, e.library))
        elif isinstance(e, ScopeChanged):
            rows.append(("changed", e.scope, _ms(e.deadline), e.shield, told.name(e.task)))
        elif isinstance(e, ScopeCancelled):
            place = None if e.place is None else told.places[e.place].call
            rows.append(("cancelled", e.scope, e.cause, told.name(e.task), place))
        elif isinstance(e, ScopeExited):
            rows.append(("exited", e.scope, e.caught))
    return rows


def _ms(deadline: int | None) -> int | None:
    return None if deadline is None else round(deadline / 1e6)


def mocked(main: Callable[[], Awaitable[object]], **kwargs: object) -> Told:
    return watch(main, clock=trio.testing.MockClock(autojump_threshold=0), **kwargs)  # type: ignore[arg-type]


async def by_deadline() -> None:
    with trio.move_on_after(1):
        await trio.sleep(5)


async def in_time() -> None:
    with trio.move_on_at(3):
        await trio.sleep(1)


async def too_slow() -> None:
    with pytest.raises(trio.TooSlowError), trio.fail_after(1):
        await trio.sleep_forever()


async def called() -> None:
    with trio.CancelScope(shield=True) as scope:
        scope.cancel()
        await trio.sleep(1)


async def far_away() -> None:
    for distance in (1e10, 1e300, math.inf):
        with trio.move_on_after(distance):
            await trio.sleep(1)


async def long_past() -> None:
    with trio.CancelScope(deadline=-1e300):
        await trio.sleep(1)


async def moved() -> None:
    with trio.CancelScope() as scope:
        scope.deadline = 7
        scope.shield = True
        await trio.sleep(8)
    scope.deadline = 9  # over


async def cancelled_before() -> None:
    scope = trio.CancelScope()
    scope.cancel()
    with scope:
        await trio.lowlevel.checkpoint()


async def over_before() -> None:
    with trio.CancelScope(deadline=-1):
        await trio.lowlevel.checkpoint()


async def nested() -> None:
    with trio.CancelScope() as outer, trio.move_on_after(4):
        outer.cancel()
        await trio.lowlevel.checkpoint()


async def trios_own() -> None:
    await trio.sleep(1)
    await trio.sleep_until(3)
    await trio.testing.wait_all_tasks_blocked()


DEADLINE = ("cancelled", 0, "deadline", None, None)
STORIES: list[tuple[Callable[[], Awaitable[object]], list[tuple[object, ...]]]] = [
    (by_deadline, [("entered", 0, 1000, None, "CancelScope", False), DEADLINE, ("exited", 0, True)]),
    (in_time, [("entered", 0, 3000, None, "CancelScope", False), ("exited", 0, None)]),
    (too_slow, [("entered", 0, 1000, None, "fail_after", False), DEADLINE, ("exited", 0, True)]),
    (
        called,
        [
            ("entered", 0, None, True, "CancelScope", False),
            ("cancelled", 0, "call", "called", "CancelScope.cancel"),
            ("exited", 0, True),
        ],
    ),
    (
        far_away,
        [
            ("entered", scope, None, None, "CancelScope", False) if kind else ("exited", scope, None)
            for scope in range(3)
            for kind in (1, 0)
        ],
    ),
    (long_past, [("entered", 0, None, None, "CancelScope", False), DEADLINE, ("exited", 0, True)]),
    (
        moved,
        [
            ("entered", 0, None, None, "CancelScope", False),
            ("changed", 0, 7000, False, "moved"),
            ("changed", 0, 7000, True, "moved"),
            DEADLINE,
            ("exited", 0, True),
        ],
    ),
    (
        cancelled_before,
        [("entered", 0, None, None, "CancelScope", False), ("cancelled", 0, "call", None, None), ("exited", 0, True)],
    ),
    (over_before, [("entered", 0, -1000, None, "CancelScope", False), DEADLINE, ("exited", 0, True)]),
    (
        nested,
        [
            ("entered", 0, None, None, "CancelScope", False),
            ("entered", 1, 4000, None, "CancelScope", False),
            ("cancelled", 0, "call", "nested", "CancelScope.cancel"),
            ("exited", 1, None),
            ("exited", 0, True),
        ],
    ),
    (trios_own, []),
]


@pytest.mark.parametrize(("main", "expected"), STORIES, ids=[main.__name__ for main, _ in STORIES])
def test_story(main: Callable[[], Awaitable[object]], expected: list[tuple[object, ...]]) -> None:
    """What happens to the scopes of a small program."""
    # In older trios `fail_after` is a call of `fail_at`.
    assert expected == [tuple("fail_after" if x == "fail_at" else x for x in row) for row in scopes(mocked(main))]


def test_a_failed_child_cancels_the_nursery() -> None:
    """The scope of a nursery is cancelled by the child that failed, and each sibling's wake says which scope it was."""

    async def child() -> None:
        await trio.sleep(1)
        raise ValueError

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            nursery.start_soon(trio.sleep_forever, name="sibling")

    told = mocked(main, raises=ExceptionGroup)
    [cancelled] = [e for e in told.events if isinstance(e, ScopeCancelled)]
    [opened] = told.of(NurseryOpened, "main")
    assert ("nursery", told.task("child"), opened.scope) == (cancelled.cause, cancelled.task, cancelled.scope)
    wake = told.of(TaskScheduled, "sibling")[-1]
    assert ("cancel", cancelled.scope, told.task("child")) == (wake.cause, wake.scope, wake.waker)
    assert told.events.index(cancelled) < told.events.index(wake)
    closed = next(e for e in told.events if isinstance(e, NurseryClosed) and e.nursery == opened.nursery)
    assert ["ValueError"] == [leaf.type for leaf in closed.error.leaves]
    place = told.places[opened.place]
    assert "async with trio.open_nursery() as nursery:" in Path(place.file).read_text().splitlines()[place.line - 1]


def test_the_scope_that_reaches_a_task_is_named() -> None:
    """Of nested scopes, the outermost cancelled one that no shield stops is the one that ends a wait."""

    async def sleeper() -> None:
        with trio.CancelScope(), trio.CancelScope():
            await trio.sleep(100)

    async def main() -> None:
        with trio.move_on_after(2):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(sleeper)

    told = mocked(main)
    wake = told.of(TaskScheduled, "sleeper")[-1]
    outer = told.of(ScopeEntered, "main")[0]
    assert ("cancel", outer.scope) == (wake.cause, wake.scope)
    parents = {e.scope: e.parent for e in told.events if isinstance(e, ScopeEntered)}
    assert [None, 0, 1, 2] == [parents[scope] for scope in sorted(parents)]


def test_reason() -> None:
    """A reason that trio knows is told."""

    async def main() -> None:
        with trio.CancelScope() as scope:
            try:
                scope.cancel(reason="enough")
            except TypeError:
                pytest.skip("this trio takes no reasons")
            await trio.sleep_forever()

    [cancelled] = [e for e in mocked(main).events if isinstance(e, ScopeCancelled)]
    assert "enough" == cancelled.reason


def test_trios_nurseries_are_a_librarys() -> None:
    """A nursery that trio opens on the user's behalf is told with a scope that is not the user's."""

    async def service(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(service)

    told = mocked(main)
    assert [False, True] == [e.library for e in told.of(ScopeEntered, "main")]
    assert {e.scope for e in told.of(NurseryOpened, "main")} == {e.scope for e in told.of(ScopeEntered, "main")}


def test_without_the_private_names() -> None:
    """A trio whose scopes cannot be wrapped is traced all the same: nurseries by difference, timers not as cancels."""
    code = dedent("""
        import trio
        from triotrace import Tracer
        from triotrace.events import *
        from triotrace.tracing import scopes
        scopes._can_watch = lambda: False
        events = []
        async def main():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep, 0.001)
            with trio.move_on_after(0.001):
                await trio.sleep_forever()
        tracer = Tracer(events.extend)
        trio.run(main, instruments=[tracer])
        kinds = [type(e) for e in events]
        assert tracer.dropped == 0
        assert ScopeEntered not in kinds
        assert kinds.count(NurseryOpened) == kinds.count(NurseryClosed) == 4
        causes = [e.cause for e in events if isinstance(e, TaskScheduled)]
        assert "timer" in causes and "cancel" in causes, causes
        """)
    subprocess.run([sys.executable, "-c", code], check=True)


def test_misnested_scopes_are_survived() -> None:
    """A program that breaks trio's rules gets trio's own error, and the trace goes on."""

    async def main() -> None:
        outer, inner = trio.CancelScope(), trio.CancelScope()
        outer.__enter__()
        inner.__enter__()
        with pytest.raises(RuntimeError, match="corrupted"):
            outer.__exit__(None, None, None)
        inner.__exit__(None, None, None)
        with pytest.raises(RuntimeError, match="single 'with' block"):
            outer.__enter__()
        await trio.sleep(1)

    told = mocked(main)
    assert ("timer", None) == told.wakes("main")[-1]


def test_a_nursery_whose_scope_is_left_too_early() -> None:
    """The nursery closes when it does, not when a program that breaks trio's rules leaves its scope."""

    async def child() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.__exit__(None, None, None)

    told = mocked(main, raises=BaseException)
    closed = next(
        e
        for e in told.events
        if isinstance(e, NurseryClosed) and e.nursery == told.of(NurseryOpened, "main")[0].nursery
    )
    [end] = told.of(TaskExited, "child")
    assert told.events.index(end) < told.events.index(closed)


def test_a_shield_that_falls_is_told_before_those_whom_it_no_longer_covers() -> None:
    """The cancellation of a scope further out reaches them within the setting."""

    async def main() -> None:
        with trio.CancelScope() as outer, trio.CancelScope(shield=True) as inner:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever, name="covered")
                await trio.testing.wait_all_tasks_blocked()
                outer.cancel()
                inner.shield = False
                await trio.lowlevel.checkpoint()

    told = watch(main)
    [changed] = [event for event in told.events if isinstance(event, ScopeChanged)]
    woken = next(event for event in told.of(TaskScheduled, "covered") if event.cause == "cancel")
    assert not changed.shield
    assert told.events.index(changed) < told.events.index(woken)
