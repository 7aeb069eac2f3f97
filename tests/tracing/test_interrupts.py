"""Ctrl+C is a cause of its own: who is to raise it, and which scopes are cancelled because of it."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
import trio
import trio.testing
from watched import Told, watch

from recorded import Cases
from triotrace.events import Place, ScopeCancelled, ScopeEntered, TaskScheduled
from triotrace.log import read_log

Main = Callable[[], Awaitable[object]]


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


async def pressed() -> None:
    """As a task of trio's own, which trio shields from it: it reaches main where that waits."""
    await trio.testing.wait_all_tasks_blocked()
    press_ctrl_c()


def interrupted(told: Told) -> list[str | None]:
    """Return who was to raise KeyboardInterrupt."""
    return [told.name(event.task) for event in told.events if isinstance(event, TaskScheduled) and event.interrupt]


def cancelled(told: Told) -> list[tuple[str | None, str, bool]]:
    """Return the scopes that were cancelled, by the task that entered them; why; and whether by Ctrl+C."""
    owner = {event.scope: told.name(event.task) for event in told.events if isinstance(event, ScopeEntered)}
    return [
        (owner[event.scope], event.cause, event.interrupt) for event in told.events if isinstance(event, ScopeCancelled)
    ]


def woken_by_it(told: Told) -> list[str | None]:
    """Return the tasks that a scope woke which was cancelled by Ctrl+C."""
    scopes = {event.scope for event in told.events if isinstance(event, ScopeCancelled) and event.interrupt}
    return [told.name(e.task) for e in told.events if isinstance(e, TaskScheduled) and e.scope in scopes]


async def child() -> None:
    await trio.sleep_forever()


def test_while_main_waits() -> None:
    """Main is to raise it, and nobody woke main; its nursery's scope is cancelled by it, and so the child."""

    async def main() -> None:
        trio.lowlevel.spawn_system_task(pressed)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            await trio.sleep_forever()

    told = watch(main, raises=BaseException)
    assert ["main"] == interrupted(told)
    assert ("other", None) == told.wakes("main")[-2]  # the last is that its child has ended
    assert [("main", "nursery", True)] == cancelled(told)
    assert ["child"] == woken_by_it(told)


def test_while_main_waits_for_its_children() -> None:
    """The nursery is given it where main waits at its end: main is not woken by it, the scope is cancelled by it."""

    async def main() -> None:
        trio.lowlevel.spawn_system_task(pressed)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)

    told = watch(main, raises=BaseException)
    assert [] == interrupted(told)
    assert [("main", "nursery", True)] == cancelled(told)
    assert ["child"] == woken_by_it(told)


@pytest.mark.parametrize("strict", [True, False])
def test_further_out(strict: bool) -> None:
    """It goes outwards through nested nurseries, in a group and bare: each is cancelled by it, and none within."""

    async def main() -> None:
        trio.lowlevel.spawn_system_task(pressed)
        async with trio.open_nursery() as outer:
            outer.start_soon(child)
            async with trio.open_nursery() as middle:
                middle.start_soon(inner)

    async def inner() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)

    with nonstrict(not strict):
        told = watch(main, raises=BaseException)
    # In `inner`, whose child only passes the cancellation on, trio cancels what is cancelled from outside already
    assert [("main", "nursery", True), ("inner", "nursery", False), ("main", "nursery", True)] == cancelled(told)
    assert ["child", "child"] == woken_by_it(told)  # `inner` waits for its own


@contextmanager
def nonstrict(loose: bool) -> Iterator[None]:
    """Let nurseries raise a single exception bare, as `strict_exception_groups=False` of `trio.run` does."""
    original = trio.Nursery.__init__
    with pytest.MonkeyPatch.context() as patch:
        if loose:

            def made(self: trio.Nursery, parent: object, scope: object, strict: object) -> None:
                original(self, parent, scope, False)  # type: ignore[arg-type]

            patch.setattr(trio.Nursery, "__init__", made)
        yield


def test_while_a_task_runs() -> None:
    """The task that runs raises it at its own line; its nursery is cancelled by it, and the siblings."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            nursery.start_soon(busy)

    async def busy() -> None:
        await trio.testing.wait_all_tasks_blocked()
        press_ctrl_c()

    told = watch(main, raises=BaseException)
    assert [("main", "nursery", True)] == cancelled(told)
    assert ["child"] == [name for name in woken_by_it(told) if name == "child"]


def test_while_main_runs() -> None:
    """Main takes it at its next checkpoint where trio shields the line at which it came."""

    @trio.lowlevel.enable_ki_protection
    def shielded() -> None:
        press_ctrl_c()

    async def main() -> None:
        shielded()
        await trio.sleep(1)

    told = watch(main, raises=KeyboardInterrupt)
    assert ["main"] == interrupted(told)
    assert [] == cancelled(told)


def test_a_handler_of_the_programs_own() -> None:
    """What it does itself is the program's own doing; what it raises is Ctrl+C if it is KeyboardInterrupt."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            await trio.testing.wait_all_tasks_blocked()
            press_ctrl_c()

    def raises(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def exits(number: int, frame: FrameType | None) -> None:
        raise SystemExit(3)

    for handler, by_it in ((raises, True), (exits, False)):
        old = signal.signal(signal.SIGINT, handler)
        try:
            told = watch(main, raises=BaseException)
        finally:
            signal.signal(signal.SIGINT, old)
        assert [("main", "nursery", by_it)] == cancelled(told)


def test_one_that_a_signal_receiver_takes() -> None:
    """Where a task receives signals, nobody is interrupted."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(listen)
            press_ctrl_c()

    async def listen(task_status: trio.TaskStatus[None]) -> None:
        with trio.open_signal_receiver(signal.SIGINT) as signals:
            task_status.started()
            async for _ in signals:
                break

    told = watch(main)
    assert [] == interrupted(told)
    assert [] == [found for found in cancelled(told) if found[2]]


def test_other_failures_are_none() -> None:
    """A child that fails otherwise, and a call that cancels, are not Ctrl+C."""

    class Own(BaseExceptionGroup[BaseException]):
        @property
        def exceptions(self) -> tuple[BaseException, ...]:  # type: ignore[override]
            raise AssertionError("nobody asks the program")

    async def fails() -> None:
        raise Own("own", [ValueError(), SystemExit()])

    async def main() -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await trio.sleep_forever()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails)

    told = watch(main, raises=BaseException)
    assert [("main", "call", False), ("main", "nursery", False)] == cancelled(told)
    assert [] == interrupted(told)


@pytest.mark.parametrize("name", ["two_locks", "limiter_twice", "pump_is_full"])
def test_in_the_terminal_while_the_loop_sleeps(cases: Cases, name: str) -> None:
    """A program that is stuck, and ended by Ctrl+C, says in its log that this was why."""
    events = [event for batch in read_log(cases[name].log) for event in batch]
    places = [event for event in events if isinstance(event, Place)]
    assert places
    by_it = [e for e in events if isinstance(e, ScopeCancelled | TaskScheduled) and e.interrupt]
    assert by_it
