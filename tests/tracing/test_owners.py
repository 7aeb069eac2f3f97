"""What a waiting task waits for, and who has it: locks, limiters, conditions. Nothing is kept alive to know it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import trio
import trio.testing
from watched import Told, watch

from triotrace.events import AfterTaskStep, TaskExited, TaskReparked


def waits(told: Told, task: str) -> list[tuple[int | None, str | None, int | None]]:
    """Return what a task waited for after each of its steps: the thing, who has it, the lock that it wants again."""
    return [(e.on, told.name(e.owner), e.lock) for e in told.of(AfterTaskStep, task) if e.on is not None]


def held(thing: trio.Lock | trio.StrictFIFOLock | trio.CapacityLimiter | trio.Semaphore | trio.Condition) -> Told:
    """Let `first` have something while `second` waits for it."""

    async def first() -> None:
        async with thing:
            await trio.testing.wait_all_tasks_blocked()

    async def second() -> None:
        async with thing:
            pass

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await trio.lowlevel.checkpoint()
            nursery.start_soon(second)

    return watch(main)


@pytest.mark.parametrize(
    ("make", "owner"),
    [
        (trio.Lock, "first"),
        (trio.StrictFIFOLock, "first"),
        (trio.Condition, "first"),
        (lambda: trio.CapacityLimiter(1), "first"),
        (lambda: trio.Semaphore(1), None),
    ],
    ids=["Lock", "StrictFIFOLock", "Condition", "CapacityLimiter", "Semaphore"],
)
def test_who_has_what_another_waits_for(make: Callable[[], trio.Lock], owner: str | None) -> None:
    """A lock has an owner, and so has a limiter of one token; a semaphore does not know who was there."""
    told = held(make())
    [(thing, has, lock)] = waits(told, "second")
    assert thing is not None
    assert (owner, None) == (has, lock)


def test_of_several_who_have_a_token_none_is_the_owner() -> None:
    async def second(limiter: trio.CapacityLimiter) -> None:
        async with limiter:
            pass

    async def main() -> None:
        limiter = trio.CapacityLimiter(2)
        async with trio.open_nursery() as nursery:
            await limiter.acquire_on_behalf_of("somebody")
            async with limiter:
                nursery.start_soon(second, limiter)
                await trio.testing.wait_all_tasks_blocked()

    [(thing, has, _)] = waits(watch(main), "second")
    assert (True, None) == (thing is not None, has)


def test_what_borrows_need_not_be_a_task() -> None:
    """A limiter lends to any object, and what that does when it is asked is its own affair."""

    class Odd:
        asked = 0

        def __hash__(self) -> int:
            Odd.asked += 1
            return 1

        def __eq__(self, other: object) -> bool:
            Odd.asked += 1
            return self is other

    async def second(limiter: trio.CapacityLimiter) -> None:
        async with limiter:
            pass

    async def main() -> int:
        limiter = trio.CapacityLimiter(1)
        async with trio.open_nursery() as nursery:
            await limiter.acquire_on_behalf_of(borrower)
            nursery.start_soon(second, limiter)
            before = Odd.asked
            await trio.testing.wait_all_tasks_blocked()
            asked = Odd.asked - before
            limiter.release_on_behalf_of(borrower)
        assert asked == 0
        return asked

    borrower = Odd()
    [(_, has, _)] = waits(watch(main), "second")
    assert has is None


def test_who_waits_for_a_condition_wants_its_lock_again() -> None:
    """It gave the lock up, says which, and is woken once it has it; a cancellation lets it wait for the lock itself."""
    lock = trio.Lock()
    condition = trio.Condition(lock)

    async def waits_there() -> None:
        async with condition:
            await condition.wait()

    async def cancelled() -> None:
        with trio.CancelScope() as scopes["cancelled"]:
            await waits_there()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits_there)
            nursery.start_soon(cancelled)
            await trio.testing.wait_all_tasks_blocked()
            async with condition:
                scopes["cancelled"].cancel()
                await trio.testing.wait_all_tasks_blocked()
                condition.notify()

    scopes: dict[str, trio.CancelScope] = {}
    told = watch(main)
    [(thing, has, again)] = waits(told, "waits_there")
    assert has is None
    assert thing != again
    assert again is not None
    assert [(again, "waits_there", None), (thing, None, again), (again, "main", None)] == waits(told, "cancelled")


def moves(told: Told, task: str) -> list[tuple[int, str | None]]:
    """Return to what a task was moved as it waited, and who had that."""
    return [(e.on, told.name(e.owner)) for e in told.of(TaskReparked, task)]


def test_who_is_notified_waits_for_the_lock_of_the_condition() -> None:
    """One of two is moved to it, in order, while the notifier has it; who is not notified is not told of."""
    condition = trio.Condition()

    async def early() -> None:
        async with condition:
            await condition.wait()

    async def late() -> None:
        async with condition:
            await condition.wait()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(early)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(late)
            await trio.testing.wait_all_tasks_blocked()
            async with condition:
                condition.notify()
                await trio.testing.wait_all_tasks_blocked()
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    told = watch(main)
    [(_, _, lock)] = waits(told, "early")
    assert [(lock, "main")] == moves(told, "early")
    assert [] == moves(told, "late")
    assert 0 == told.tracer.dropped


def test_who_is_moved_to_another_parking_lot_waits_for_that() -> None:
    """To which it came by no call of its own; what moves nobody, or is refused, says nothing."""
    one, two = trio.lowlevel.ParkingLot(), trio.lowlevel.ParkingLot()

    async def first() -> None:
        await one.park()

    async def second() -> None:
        await two.park()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            nursery.start_soon(second)
            await trio.testing.wait_all_tasks_blocked()
            one.repark_all(one)
            with pytest.raises(TypeError):
                one.repark("two")  # type: ignore[arg-type]
            one.repark(new_lot=two, count=5)
            one.repark(two)
            two.unpark_all()

    told = watch(main)
    [(lot, _, _)] = waits(told, "second")
    assert [(lot, None)] == moves(told, "first")
    assert [] == moves(told, "second")


def test_an_owner_is_known_inside_an_async_generator() -> None:
    async def values(lock: trio.Lock) -> AsyncIterator[int]:
        async with lock:
            yield 1

    async def second(lock: trio.Lock) -> None:
        async for _ in values(lock):
            pass

    async def main() -> None:
        lock = trio.Lock()
        async with trio.open_nursery() as nursery, lock:
            nursery.start_soon(second, lock)
            await trio.testing.wait_all_tasks_blocked()

    [(thing, has, _)] = waits(watch(main), "second")
    assert (True, "main") == (thing is not None, has)


@pytest.mark.parametrize("kind", [trio.Lock, trio.Event, trio.Condition])
def test_what_is_waited_for_lives_no_longer_for_us(kind: Callable[[], trio.Lock]) -> None:
    """It is gone with its last user, though the frame in which it was waited for lives on."""
    gone: list[bool] = []

    class Owner:
        """Has something to wait for, of which nobody else knows."""

        def __init__(self) -> None:
            self.thing = kind()

    async def wait(wait_for: Callable[[], Awaitable[object]]) -> None:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait_for)
                await trio.testing.wait_all_tasks_blocked()
                scope.cancel()

    async def main() -> None:
        owner = Owner()
        seen = weakref.ref(owner.thing)
        thing = owner.thing
        if isinstance(thing, trio.Event):
            await wait(thing.wait)
        else:
            await thing.acquire()
            await wait(thing.acquire)
        del owner, thing
        gc.collect()
        gone.append(seen() is None)

    watch(main)
    assert [True] == gone


class Loud(SystemExit):
    """Must not be asked for its status: its own words run then."""

    @property
    def code(self) -> int:  # type: ignore[override]
        """Raise."""
        raise AssertionError("asked")


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (SystemExit(), 0),
        (SystemExit(None), 0),
        (SystemExit(0), 0),
        (SystemExit(3), 3),
        (SystemExit("3"), 1),
        (SystemExit("no such file"), 1),
        (SystemExit(True), 1),
        (Loud(4), 4),
        (KeyboardInterrupt(), None),
    ],
    ids=repr,
)
def test_the_status_of_an_exit(raised: BaseException, status: int | None) -> None:
    """It is what Python's own interpreter makes of the exception."""

    async def main() -> None:
        raise raised

    told = watch(main, raises=type(raised))
    [ended] = told.of(TaskExited, "main")
    assert "raised" == ended.result
    assert status == ended.error.status
