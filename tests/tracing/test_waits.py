"""Every way to wait has its own word, its place in the user's code, and what is waited for."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from types import CodeType

import pytest
import trio
import trio.lowlevel
import trio.testing
from watched import Told, watch

from triotrace.events import AfterTaskStep, BeforeIoWait, TaskScheduled
from triotrace.tracing import places
from triotrace.tracing.positions import Span, span_of

Wait = Callable[[], Awaitable[object]]
WAITS: dict[str, Wait] = {}


def wait(word: str) -> Callable[[Wait], Wait]:
    """Enter a way to wait into the table, under the call that the trace must show for it."""

    def enter(function: Wait) -> Wait:
        WAITS[f"{word}-{function.__name__}"] = function
        return function

    return enter


@wait("sleep")
async def sleeps() -> None:
    await trio.sleep(100)


@wait("sleep_until")
async def sleeps_until() -> None:
    await trio.sleep_until(trio.current_time() + 100)


@wait("sleep_forever")
async def sleeps_forever() -> None:
    await trio.sleep_forever()


@wait("Event.wait")
async def event() -> None:
    await trio.Event().wait()


async def someone_else_has(lock: trio.Lock | trio.StrictFIFOLock | trio.Condition) -> None:
    async def hold() -> None:
        await lock.acquire()
        await trio.sleep_forever()

    trio.lowlevel.spawn_system_task(hold)
    while not lock.locked():
        await trio.lowlevel.checkpoint()


@wait("Lock.acquire")
async def lock() -> None:
    held = trio.Lock()
    await someone_else_has(held)
    await held.acquire()


@wait("Lock.acquire")
async def lock_as_context() -> None:
    held = trio.StrictFIFOLock()
    await someone_else_has(held)
    async with held:
        pass


@wait("Semaphore.acquire")
async def semaphore() -> None:
    await trio.Semaphore(0).acquire()


@wait("Condition.wait")
async def condition() -> None:
    async with (notified := trio.Condition()):
        await notified.wait()


@wait("Condition.acquire")
async def condition_acquire() -> None:
    held = trio.Condition()
    await someone_else_has(held)
    await held.acquire()


@wait("CapacityLimiter.acquire")
async def limiter() -> None:
    tokens = trio.CapacityLimiter(1)
    await tokens.acquire_on_behalf_of("someone")
    async with tokens:
        pass


@wait("MemorySendChannel.send")
async def send() -> None:
    await trio.open_memory_channel[int](0)[0].send(1)


@wait("MemoryReceiveChannel.receive")
async def receive() -> None:
    _keep, channel = trio.open_memory_channel[int](0)
    await channel.receive()


@wait("MemoryReceiveChannel.receive")
async def receive_in_a_loop() -> None:
    _keep, channel = trio.open_memory_channel[int](0)
    async for _ in channel:
        pass


@wait("ParkingLot.park")
async def parking_lot() -> None:
    await trio.lowlevel.ParkingLot().park()


@wait("wait_task_rescheduled")
async def custom() -> None:
    await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.SUCCEEDED)


@wait("nursery")
async def nursery() -> None:
    async with trio.open_nursery() as children:
        children.start_soon(trio.sleep_forever)


@wait("Nursery.start")
async def nursery_start() -> None:
    async def never(task_status: object) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as children:
        await children.start(never)


@wait("to_thread.run_sync")
async def thread() -> None:
    reading, writing = os.pipe()
    await trio.to_thread.run_sync(os.read, reading, 1, abandon_on_cancel=True)
    os.close(writing)


@wait("SocketStream.receive_some")
async def stream_receive() -> None:
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    stream = await trio.testing.open_stream_to_socket_listener(listener)
    await stream.receive_some(1)


@wait("SocketListener.accept")
async def accept() -> None:
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        await listener.accept()


@wait("serve_tcp")
async def serve() -> None:
    async def handler(stream: trio.SocketStream) -> None:
        pass

    await trio.serve_tcp(handler, 0, host="127.0.0.1")


@wait("socket.accept")
async def socket_accept() -> None:
    with trio.socket.socket() as listener:
        await listener.bind(("127.0.0.1", 0))
        listener.listen()
        await listener.accept()


@wait("socket")
async def socket_recv() -> None:
    one, two = trio.socket.socketpair()
    with one, two:
        await one.recv(1)


@wait("wait_readable")
async def readable() -> None:
    one, two = socket.socketpair()
    with one, two:
        await trio.lowlevel.wait_readable(one)


@wait("wait_writable")
async def writable() -> None:
    one, two = socket.socketpair()
    with one, two:
        one.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                one.send(bytes(65536))
        await trio.lowlevel.wait_writable(one)


@wait("SocketStream.send_all")
async def stream_send() -> None:
    one, two = trio.socket.socketpair()
    with one, two:
        await trio.SocketStream(one).send_all(bytes(10_000_000))


@wait("FdStream.receive_some")
async def pipe() -> None:
    reading, writing = os.pipe()
    async with trio.lowlevel.FdStream(reading) as stream, trio.lowlevel.FdStream(writing):
        await stream.receive_some(1)


@wait("Process.wait")
async def process() -> None:
    child = await trio.lowlevel.open_process([sys.executable, "-c", "input()"], stdin=-1)
    try:
        await child.wait()
    finally:
        child.kill()


@wait("run_process")
async def run_process() -> None:
    await trio.run_process(["sleep", "100"])


@wait("open_signal_receiver")
async def signals() -> None:
    with trio.open_signal_receiver(10) as received:
        async for _ in received:
            pass


@wait("sleep_forever")
async def in_an_async_generator() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        await trio.sleep_forever()

    async for _ in numbers():
        pass


@wait("Event.wait")
async def in_an_async_context_manager() -> None:
    @asynccontextmanager
    async def managed() -> AsyncIterator[None]:
        await trio.Event().wait()
        yield

    async with managed():
        pass


class Closes:
    """Closing it waits, in trio's own function."""

    def __init__(self) -> None:
        self.aclose = trio.lowlevel.ParkingLot().park


@pytest.mark.parametrize("name", WAITS)
def test_wait(name: str) -> None:
    """While it waits, a task stands in its wait, in the innermost function of the user's own."""
    told = stopped(WAITS[name])
    end = next(e for e in told.of(TaskScheduled, "main") if e.cause == "idle")
    place = told.places[[e for e in told.of(AfterTaskStep, "waiter") if e.t <= end.t][-1].place]
    assert name.rpartition("-")[0] == place.call
    assert __file__ == place.file
    inner = {"in_an_async_generator": "numbers", "in_an_async_context_manager": "managed"}
    function = name.rpartition("-")[2]
    assert inner.get(function, function) == place.function.rpartition(".")[2]


def stopped(function: Wait) -> Told:
    """Run a waiter until it waits for good; then cancel it."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(function, name="waiter")
            await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.cancel_scope.cancel()

    return watch(main)


async def thread_without_token() -> None:
    tokens = trio.CapacityLimiter(1)
    await tokens.acquire_on_behalf_of("someone")
    await trio.to_thread.run_sync(os.getpid, limiter=tokens)


async def both_ways() -> None:
    async with trio.open_nursery() as children:
        children.start_soon(stream_receive)
        children.start_soon(stream_send)
        children.start_soon(thread)
        children.start_soon(signals)


@pytest.mark.parametrize(
    ("function", "counts"),
    [
        (stream_receive, (1, 0, 0, 0)),
        (socket_recv, (1, 0, 0, 0)),
        (readable, (1, 0, 0, 0)),
        (writable, (0, 1, 0, 0)),
        (stream_send, (0, 1, 0, 0)),
        (thread, (0, 0, 1, 0)),
        (thread_without_token, (0, 0, 0, 0)),
        (signals, (0, 0, 0, 1)),
        (both_ways, (1, 1, 1, 1)),
        (event, (0, 0, 0, 0)),
    ],
)
def test_what_the_loop_waits_for(function: Wait, counts: tuple[int, int, int, int]) -> None:
    """When the loop sleeps it is told how many wait to read, to write, for threads that work, for signals.

    trio's own wait for its wake-up socket is not counted.
    """
    told = stopped(function)
    waits = [(e.readers, e.writers, e.threads, e.signals) for e in told.events if isinstance(e, BeforeIoWait)]
    assert counts in waits
    assert (0, 0, 0, 0) == waits[-1]
    idle = next(e.t for e in told.events if isinstance(e, TaskScheduled) and e.cause == "idle")
    last = [e for e in told.events if isinstance(e, BeforeIoWait) and e.t < idle][-1]
    assert counts == (last.readers, last.writers, last.threads, last.signals)


@pytest.mark.parametrize("function", [process, run_process])
def test_a_process_is_counted(function: Wait) -> None:
    """Who waits for a process is counted as such; how trio does it, by a descriptor or in a thread, is in there too."""
    [*_, told] = [
        e for e in stopped(function).events if isinstance(e, BeforeIoWait) and (e.processes or e.readers or e.threads)
    ]
    assert (1, 1, 0) == (told.processes, told.readers + told.threads, told.writers)


def test_many_that_wait_are_counted_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """trio walks all who wait for a descriptor to count them: where there are many a count stands for a while."""
    asked = []
    statistics = trio.lowlevel.current_statistics
    monkeypatch.setattr(trio.lowlevel, "current_statistics", lambda: asked.append(1) or statistics())

    async def main() -> None:
        async with trio.open_nursery() as children:
            for _ in range(150):
                children.start_soon(readable)
            for _ in range(50):
                await trio.sleep(0.00001)
            children.cancel_scope.cancel()

    told = watch(main)
    sleeps = [e.readers for e in told.events if isinstance(e, BeforeIoWait)]
    assert 150 == max(sleeps)
    assert len(asked) < len(sleeps)


def test_a_wait_for_a_token_is_no_wait_for_a_thread() -> None:
    """What is to be done in a thread waits for a limiter's token first: that is what it waits for, and the limiter."""
    told = stopped(thread_without_token)
    [end] = [e for e in told.of(AfterTaskStep, "waiter") if e.on is not None]
    assert "CapacityLimiter.acquire" == told.places[end.place].call


Asked = Callable[[trio.Lock, trio.Lock], Awaitable[object]]


async def first_item(held: trio.Lock, free: trio.Lock) -> None:
    async with held, free:
        await trio.sleep(1)


async def second_item(held: trio.Lock, free: trio.Lock) -> None:
    async with free as _, held as _:
        await trio.sleep(1)


async def item_on_its_own_line(held: trio.Lock, free: trio.Lock) -> None:
    async with (
        free,
        held,
    ):
        await trio.sleep(1)


async def awaited_item(held: trio.Lock, free: trio.Lock) -> None:
    async def give() -> trio.Lock:
        return held

    async with free, await give():
        await trio.sleep(1)


async def item_in_a_finally(held: trio.Lock, free: trio.Lock) -> None:
    try:
        await free.acquire()
    finally:
        async with held:
            await trio.sleep(1)


@pytest.mark.parametrize(
    ("function", "item"),
    [
        (first_item, "held"),
        (second_item, "held"),
        (item_on_its_own_line, "held"),
        (awaited_item, "await give()"),
        (item_in_a_finally, "held"),
    ],
)
def test_the_place_of_a_block_is_its_item(function: Asked, item: str) -> None:
    """Who enters `async with a, b:` stands at the item that it enters, on each Python."""

    async def waits() -> None:
        held = trio.Lock()
        await someone_else_has(held)
        await function(held, trio.Lock())

    told = stopped(waits)
    [end] = [e for e in told.of(AfterTaskStep, "waiter") if e.owner is not None]
    place = told.places[end.place]
    assert place.line == place.end_line
    line = Path(__file__).read_text().split("\n")[place.line - 1]
    assert item == line[place.column : place.end_column]


def test_what_has_no_place_of_its_own_has_that_of_the_block() -> None:
    """`a or b` ends in two ways, and which of them it was is not seen: the place is all of it, or the whole block."""

    async def waits() -> None:
        held = trio.Lock()
        await someone_else_has(held)
        async with held if held.locked() else trio.Lock():
            pass

    told = stopped(waits)
    [end] = [e for e in told.of(AfterTaskStep, "waiter") if e.owner is not None]
    place = told.places[end.place]
    line = Path(__file__).read_text().split("\n")[place.line - 1].lstrip()
    assert "async with held if held.locked() else trio.Lock():" == line
    assert place.column == 8 if place.end_line != place.line else place.end_column == 57


def test_a_package_between_the_user_and_trio_is_told() -> None:
    """What a package's function waits for is not what the user's own line names: the place says so."""

    async def main() -> None:
        with trio.move_on_after(0.01):
            await aclosing(Closes()).__aexit__(None, None, None)
        await trio.lowlevel.checkpoint()

    told = watch(main)
    calls = {place.call: place.library for place in told.places.values()}
    assert calls["ParkingLot.park"]
    assert not calls["checkpoint"]


def test_checkpoints_have_places() -> None:
    """A task that stays ready is seen standing where it gave way."""

    async def main() -> None:
        await trio.lowlevel.checkpoint()
        await trio.sleep(0)  # noqa: ASYNC115  # it has a word of its own
        await trio.lowlevel.cancel_shielded_checkpoint()
        async with trio.Lock():
            pass

    told = watch(main)
    assert ["checkpoint", "sleep", "cancel_shielded_checkpoint", "Lock.acquire"] == told.calls("main")


def test_an_instruction_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One await that comes to now this, now that of trio's functions: its code is not read anew each time."""
    asked: list[tuple[int, int]] = []

    def counting(code: CodeType, lasti: int) -> Span:
        asked.append((id(code), lasti))
        return span_of(code, lasti)

    monkeypatch.setattr(places, "span_of", counting)

    async def main() -> None:
        zero = partial(trio.sleep, 0)
        for gives_way in (zero, trio.lowlevel.checkpoint) * 5:
            await gives_way()

    told = watch(main)
    assert ["sleep", "checkpoint"] * 5 == told.calls("main")
    assert len(set(asked)) == len(asked)


def test_the_same_object_has_the_same_number() -> None:
    """Two tasks that wait on one event share `on`; both ends of a channel too; another event has another."""
    one, two = trio.Event(), trio.Event()
    send_end, receive_end = trio.open_memory_channel[int](0)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one.wait, name="a")
            nursery.start_soon(one.wait, name="b")
            nursery.start_soon(two.wait, name="c")
            nursery.start_soon(receive_end.clone().receive, name="d")
            await trio.testing.wait_all_tasks_blocked()
            one.set()
            two.set()
            await send_end.send(1)
            nursery.start_soon(send_end.clone().send, 2, name="e")
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    told = watch(main)
    on = {name: next(e.on for e in told.of(AfterTaskStep, name)) for name in "abcde"}
    assert on["a"] == on["b"] != on["c"]
    assert on["d"] == on["e"]
    assert 3 == len(set(on.values()) - {None})


def test_the_owner_of_a_lock() -> None:
    """Who waits for a lock sees who has it."""
    held = trio.Lock()

    async def owner() -> None:
        async with held:
            await trio.sleep(0.01)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(owner)
            while not held.locked():
                await trio.lowlevel.checkpoint()
            async with held:
                pass

    told = watch(main)
    assert [told.task("owner")] == [e.owner for e in told.of(AfterTaskStep, "main") if e.owner is not None]
    assert ("task", "owner") in told.wakes("main")


def test_until_is_the_nearest_deadline() -> None:
    """A wait ends at its own or a scope's deadline, whichever comes first; a shield hides those outside."""

    async def main() -> None:
        begin = trio.current_time()
        with trio.CancelScope(deadline=begin + 0.03), trio.CancelScope(deadline=begin + 0.01):
            await trio.sleep_forever()
        with trio.CancelScope(deadline=begin + 50):
            with trio.CancelScope(shield=True):
                await trio.testing.wait_all_tasks_blocked()
            await trio.sleep(0.01)

    told = watch(main, clock=trio.testing.MockClock(autojump_threshold=0))
    until = [e.until for e in told.of(AfterTaskStep, "main")]
    start = 0
    assert [start + 10_000_000, None, start + 20_000_000, None] == until
