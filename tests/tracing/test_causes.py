"""Why a task was made ready: the cause, the waker and its line, in every way that trio has."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing
from watched import Told, run_module, watch

from triotrace.events import TaskExited, TaskScheduled

Main = Callable[[], Awaitable[object]]
CAUSES: list[tuple[str, str | None, str | None, Main]] = []
"""Cause, waker, the waker's call; of the last wake of the task `sleeper`."""


def last_wake(cause: str, waker: str | None = None, call: str | None = None) -> Callable[[Main], Main]:
    def enter(main: Main) -> Main:
        CAUSES.append((cause, waker, call, main))
        return main

    return enter


async def beside(sleeper: Callable[..., Awaitable[object]], *args: object, then: Callable[[], object]) -> None:
    """Let `sleeper` wait for good, then do something."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper, *args, name="sleeper")
        await trio.testing.wait_all_tasks_blocked()
        then()


@last_wake("task", "by_event", "Event.set")
async def by_event() -> None:
    event = trio.Event()
    await beside(event.wait, then=lambda: event.set())


@last_wake("task", "by_channel", "MemorySendChannel.send_nowait")
async def by_channel() -> None:
    send, receive = trio.open_memory_channel[int](0)
    await beside(receive.receive, then=lambda: send.send_nowait(1))


@last_wake("task", "by_closing", "MemorySendChannel.close")
async def by_closing() -> None:
    send, receive = trio.open_memory_channel[int](0)

    async def sleeper() -> None:
        with pytest.raises(trio.EndOfChannel):
            await receive.receive()

    await beside(sleeper, then=lambda: send.close())


@last_wake("task", "by_lock", "Lock.release")
async def by_lock() -> None:
    lock = trio.Lock()
    await lock.acquire()

    async def sleeper() -> None:
        async with lock:
            pass

    await beside(lock.acquire, then=lambda: lock.release())


@last_wake("task", "by_reschedule", "reschedule")
async def by_reschedule() -> None:
    tasks = []

    async def sleeper() -> None:
        tasks.append(trio.lowlevel.current_task())
        await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.FAILED)

    await beside(sleeper, then=lambda: trio.lowlevel.reschedule(tasks[0]))


@last_wake("cancel", "by_cancel", "CancelScope.cancel")
async def by_cancel() -> None:
    scope = trio.CancelScope()

    async def sleeper() -> None:
        with scope:
            await trio.sleep_forever()

    await beside(sleeper, then=lambda: scope.cancel())


@last_wake("cancel", "by_cancel_of_a_sleep", "CancelScope.cancel")
async def by_cancel_of_a_sleep() -> None:
    scope = trio.CancelScope()

    async def sleeper() -> None:
        with scope:
            await trio.sleep(1000)

    await beside(sleeper, then=lambda: scope.cancel())


@last_wake("cancel")
async def by_deadline() -> None:
    async def sleeper() -> None:
        with trio.move_on_after(0.001):
            await trio.sleep_forever()

    await beside(sleeper, then=lambda: None)


@last_wake("cancel")
async def by_deadline_of_a_longer_sleep() -> None:
    async def sleeper() -> None:
        with trio.move_on_after(0.001):
            await trio.sleep(1000)

    await beside(sleeper, then=lambda: None)


@last_wake("cancel")
async def by_deadline_that_was_over() -> None:
    async def sleeper() -> None:
        with trio.CancelScope(deadline=trio.current_time() - 1):
            await trio.sleep(1)

    await beside(sleeper, then=lambda: None)


@last_wake("timer")
async def by_timer() -> None:
    await beside(trio.sleep, 0.001, then=lambda: None)


@last_wake("timer")
async def by_timer_that_was_over() -> None:
    async def sleeper() -> None:
        await trio.sleep_until(trio.current_time() - 1)

    await beside(sleeper, then=lambda: None)


@last_wake("timer")
async def by_timer_within_a_longer_scope() -> None:
    async def sleeper() -> None:
        with trio.move_on_after(1000):
            await trio.sleep(0.001)

    await beside(sleeper, then=lambda: None)


@last_wake("checkpoint")
async def by_itself() -> None:
    await beside(trio.lowlevel.checkpoint, then=lambda: None)


@last_wake("io")
async def by_io() -> None:
    one, two = trio.socket.socketpair()
    with one, two:

        async def sleeper() -> None:
            await one.recv(1)

        await two.send(b"x")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.wait_readable, one, name="sleeper")


@last_wake("thread", "run_sync_soon task>")
async def by_thread() -> None:
    async def sleeper() -> None:
        await trio.to_thread.run_sync(lambda: None)

    await beside(sleeper, then=lambda: None)


@last_wake("task", "by_call_from_a_thread", "Event.set")  # trio runs the call in the task that waits for the thread
async def by_call_from_a_thread() -> None:
    event = trio.Event()

    def set_it() -> None:
        event.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(event.wait, name="sleeper")
        await trio.to_thread.run_sync(lambda: trio.from_thread.run_sync(set_it))


@last_wake("thread", "run_sync_soon task>")
async def by_token() -> None:
    event = trio.Event()
    token = trio.lowlevel.current_trio_token()
    await beside(event.wait, then=lambda: token.run_sync_soon(event.set))


@last_wake("idle")
async def by_idleness() -> None:
    await beside(trio.testing.wait_all_tasks_blocked, then=lambda: None)


@last_wake("task", "child")
async def by_last_child() -> None:
    async def child() -> None:
        await trio.testing.wait_all_tasks_blocked(0.001)

    async def sleeper() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child, name="child")

    await beside(sleeper, then=lambda: None)


@pytest.mark.parametrize(("cause", "waker", "call", "main"), CAUSES, ids=[case[3].__name__ for case in CAUSES])
def test_cause(cause: str, waker: str | None, call: str | None, main: Main) -> None:
    """The last wake has this cause, this waker and its call."""
    told = watch(main)
    assert (cause, waker, call) == seen(told)


def seen(told: Told) -> tuple[str, str | None, str | None]:
    last = told.of(TaskScheduled, "sleeper")[-1]
    place = None if last.place is None else told.places[last.place]
    if place is not None:
        assert __file__ == place.file
    return last.cause, told.name(last.waker), None if place is None else place.call


PUBLIC = [case for case in CAUSES if case[3] is not by_idleness]


@pytest.mark.parametrize(("cause", "waker", "call", "main"), PUBLIC, ids=[case[3].__name__ for case in PUBLIC])
@pytest.mark.parametrize("hidden", ["reschedule", "runner", "_next_send"])
def test_without_private_names(
    cause: str, waker: str | None, call: str | None, main: Main, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trio that lacks a private name is traced all the same; only what hung on that name is coarser."""
    from triotrace.tracing import privates, tracer

    if hidden == "reschedule":
        monkeypatch.setattr(privates, "depth_of", lambda frame, name: None)
    elif hidden == "runner":
        monkeypatch.setattr(privates, "runner_of_this_thread", lambda: None)
    else:
        monkeypatch.setattr(privates, "delivered", lambda task: None)
        monkeypatch.setattr(tracer, "PEEKS", False)
    told = watch(main)
    last = told.of(TaskScheduled, "sleeper")[-1]
    if hidden != "_next_send":
        assert cause == last.cause
        assert waker == told.name(last.waker)
    assert len(told.spawned) == len([e for e in told.events if isinstance(e, TaskExited)])


def test_ctrl_c() -> None:
    """Ctrl+C wakes main for another reason; the run ends with KeyboardInterrupt."""

    async def main() -> None:
        with trio.CancelScope() as scope:
            trio.lowlevel.spawn_system_task(interrupt)
            await trio.sleep_forever()
        assert scope

    async def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)  # trio shields its system tasks from it

    told = watch(main, raises=KeyboardInterrupt)
    assert "other" == told.wakes("main")[-1][0]
    [end] = told.of(TaskExited, "main")
    assert ("raised", "KeyboardInterrupt") == (end.result, end.error.type)


def test_ctrl_c_in_a_hook_is_not_lost() -> None:
    """A SIGINT that comes while trio calls our hooks interrupts the program, and the trace goes on."""

    class Interrupts(trio.abc.Instrument):
        done = False

        def task_spawned(self, task: trio.lowlevel.Task) -> None:
            if task.name.endswith("child") and not self.done:
                self.done = True
                signal.raise_signal(signal.SIGINT)

    async def child() -> None:
        await trio.sleep_forever()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            await trio.sleep_forever()

    told = watch(main, instruments=[Interrupts()], raises=BaseException)
    assert len(told.spawned) == len([e for e in told.events if isinstance(e, TaskExited)])


def test_uses_the_module_that_it_patches() -> None:
    """The name under which the tests pin the order exists; else they would prove nothing."""
    assert hasattr(run_module, "_r")
