"""Forms of source in which a task waits: each a function, and what is to be said of it.

The words are those of the user's own line. What a form stands for is in its name; where it is to be told by trio's word
alone, or where Pythons differ, a comment says so. Free and held things come in as arguments.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass

import trio
import trio.testing

__all__ = ["FORMS", "Form"]


@dataclass(frozen=True)
class Form:
    """A way to wait."""

    waits: Callable[..., Awaitable[object]]
    short: str
    """In a block of ten cells."""
    full: str
    """In a lane, a state and a sentence."""
    call: str | None
    """trio's own word."""


FORMS: dict[str, Form] = {}


def form(
    short: str, full: str, call: str | None
) -> Callable[[Callable[..., Awaitable[object]]], Callable[..., Awaitable[object]]]:
    """Enter a form into the table."""

    def enter(waits: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        FORMS[waits.__name__] = Form(waits, short, full, call)
        return waits

    return enter


async def taken(lock: trio.Lock | trio.StrictFIFOLock | trio.Condition) -> None:
    """Let another task have a lock for good."""

    async def hold() -> None:
        await lock.acquire()
        await trio.sleep_forever()

    trio.lowlevel.spawn_system_task(hold)
    while not lock.locked():
        await trio.lowlevel.checkpoint()


async def held() -> trio.Lock:
    """Return a lock that another task has for good."""
    lock = trio.Lock()
    await taken(lock)
    return lock


def channels() -> tuple[trio.MemorySendChannel[int], trio.MemoryReceiveChannel[int]]:
    """Make a channel without room."""
    return trio.open_memory_channel[int](0)


# -- locks and their like --------------------------------------------------------------------------


@form("acquire", "lock.acquire", "Lock.acquire")
async def block_that_sleeps_in_its_body() -> None:
    lock = await held()
    async with lock:
        await trio.sleep(0.5)


@form("acquire", "lock.acquire", "Lock.acquire")
async def block_in_one_line() -> None:
    lock = await held()
    async with lock: await trio.sleep(0.5)  # fmt: skip  # noqa: E701


@form("acquire", "lock.acquire", "Lock.acquire")
async def called_outright() -> None:
    lock = await held()
    await lock.acquire()


@form("acquire", "second.acquire", "Lock.acquire")
async def two_items_the_second() -> None:
    first, second = trio.Lock(), await held()
    async with first, second:
        await trio.sleep(0.5)


@form("acquire", "first.acquire", "Lock.acquire")
async def two_items_the_first() -> None:
    first, second = await held(), trio.Lock()
    async with first as _, second as _:
        await trio.sleep(0.5)


@form("acquire", "second.acquire", "Lock.acquire")
async def items_on_lines_of_their_own() -> None:
    first, second = trio.Lock(), await held()
    async with (
        first,
        second as _,  # what the first one guards
    ):
        await trio.sleep(0.5)


@form("acquire", "lock.acquire", "Lock.acquire")
async def after_a_backslash() -> None:
    lock = await held()
    async with \
        lock:  # fmt: skip
        await trio.sleep(0.5)


@form("acquire", "locks[].acquire", "Lock.acquire")
async def of_a_mapping() -> None:
    locks = {"é": await held()}
    async with locks["é"]:
        await trio.sleep(0.5)


@form("acquire", "lock.acquire", "Lock.acquire")
async def in_a_block_of_another_kind() -> None:
    lock = await held()
    with trio.CancelScope(), trio.move_on_after(60):
        async with lock:
            await trio.sleep(0.5)


@form("acquire", "acquire", "Lock.acquire")
async def one_or_the_other() -> None:
    one, other = None, await held()
    async with one or other:  # it has no name
        await trio.sleep(0.5)


@form("acquire", "fifo.acquire", "Lock.acquire")
async def strict_lock() -> None:
    fifo = trio.StrictFIFOLock()
    await taken(fifo)
    async with fifo:
        await trio.sleep(0.5)


@form("acquire", "slots.acquire", "Semaphore.acquire")
async def semaphore() -> None:
    slots = trio.Semaphore(0)
    async with slots:
        await trio.sleep(0.5)


@form("acquire", "tokens.acquire", "CapacityLimiter.acquire")
async def limiter() -> None:
    tokens = trio.CapacityLimiter(1)
    await tokens.acquire_on_behalf_of("someone")
    async with tokens:
        await trio.sleep(0.5)


@form("wait", "news.wait", "Condition.wait")
async def condition_waits() -> None:
    news = trio.Condition()
    async with news:
        await news.wait()


@form("acquire", "news.acquire", "Condition.acquire")
async def condition_is_entered() -> None:
    news = trio.Condition()
    await taken(news)
    async with news:
        await news.wait()


# -- events, and where an `await` may stand --------------------------------------------------------


@form("wait", "event.wait", "Event.wait")
async def event_waits() -> None:
    event = trio.Event()
    await event.wait()


@form("wait", "Event().wait", "Event.wait")
async def returned() -> None:
    return await trio.Event().wait()


@form("wait", "event.wait", "Event.wait")
async def one_of_several_in_a_line() -> object:
    event = trio.Event()
    return await trio.lowlevel.checkpoint(), await event.wait(), await trio.sleep(1)


@form("wait", "event.wait", "Event.wait")
async def argument_of_another() -> None:
    async def use(_: object) -> None:
        pass

    event = trio.Event()
    await use(await event.wait())


@form("wait", "event.wait", "Event.wait")
async def walrus() -> None:
    event = trio.Event()
    if (happened := await event.wait()) is None:
        del happened


@form("wait", "event.wait", "Event.wait")
async def conditional_expression() -> None:
    event = trio.Event()
    _ = await event.wait() if isinstance(event, trio.Event) else await trio.sleep(1)


@form("wait", "event.wait", "Event.wait")
async def in_an_f_string() -> str:
    event = trio.Event()
    return f"{'é'}: {await event.wait()!r:>{10}} {await trio.sleep(1)}"


@form("wait", "event.wait", "Event.wait")
async def in_an_f_string_of_several_lines() -> str:
    event = trio.Event()
    return (
        "ü" f"""
        {{}} {  await event.wait() =}
        """
    )  # fmt: skip


@form("wait", "event.wait", "Event.wait")
async def in_a_comprehension() -> object:
    event = trio.Event()
    return [await event.wait() for _ in range(2)]


@form("wait", "event.wait", "Event.wait")
async def in_a_generator_expression() -> object:
    event = trio.Event()
    waits = (await event.wait() for _ in range(2))
    return [value async for value in waits]


@form("wait", "wait", "Event.wait")
async def of_a_lambda() -> None:
    await (lambda event: event.wait())(trio.Event())  # a call without a name


@form("wait", "Event().wait", "Event.wait")
async def over_several_lines() -> None:
    await (
        trio
        .Event()
        .wait()
    )  # fmt: skip


@form("waits", "waits", "sleep_forever")
async def something_that_was_called_before() -> None:
    waits = trio.sleep_forever()  # noqa: ASYNC105
    await waits


class Wrapped:
    """Awaits on behalf of who awaits it."""

    def __await__(self):  # a generator of trio's own traps
        return (yield from trio.Event().wait().__await__())


@form("wait", "Event().wait", None)
async def object_that_can_be_awaited() -> None:
    await Wrapped()


@form("wait", "Event().wait", "Event.wait")
async def function_in_one_line() -> None:
    async def inner(): await trio.Event().wait()  # fmt: skip

    await inner()


@form("wait", "Event().wait", "Event.wait")
async def decorated() -> None:
    @asynccontextmanager
    async def managed() -> AsyncIterator[None]:
        await trio.Event().wait()
        yield

    async with managed():
        await trio.sleep(0.5)


@form("wait", "Event().wait", "Event.wait")
async def generator_that_yields() -> None:
    async def numbers() -> AsyncIterator[object]:
        yield 1
        yield await trio.Event().wait()

    async for _ in numbers():
        pass


# -- channels, signals and other things to go through ----------------------------------------------


@form("send", "sends.send", "MemorySendChannel.send")
async def channel_sends() -> None:
    sends, _keep = channels()
    await sends.send(1)


@form("receive", "values.receive", "MemoryReceiveChannel.receive")
async def channel_receives() -> None:
    _keep, values = channels()
    await values.receive()


@form("receive", "values.receive", "MemoryReceiveChannel.receive")
async def loop_over_a_channel() -> None:
    _keep, values = channels()
    async for _ in values:
        await trio.sleep(0.5)


@form("receive", "values.clone().receive", "MemoryReceiveChannel.receive")
async def loop_over_a_clone() -> None:
    _keep, values = channels()
    async for _ in values.clone():
        await trio.sleep(0.5)


@form("receive", "values.receive", "MemoryReceiveChannel.receive")
async def next_of_a_channel() -> None:
    _keep, values = channels()
    await anext(values)


@form("receive", "values.receive", "MemoryReceiveChannel.receive")
async def comprehension_over_a_channel() -> object:
    _keep, values = channels()
    return {
        value: await trio.sleep(1)
        for _ in "ab"
        async for value in values
    }  # fmt: skip


@form("receive", "full, empty", "MemoryReceiveChannel.receive")
async def comprehension_over_two_channels() -> object:
    sends, full = trio.open_memory_channel[int](1)
    sends.send_nowait(1)
    _keep, empty = channels()
    return [one async for one in full async for _ in empty]  # it is one of them, and no Python tells which


@form("signal", "signals", "open_signal_receiver")
async def loop_over_signals() -> None:
    with trio.open_signal_receiver(signal.SIGUSR1) as signals:
        async for _ in signals:
            await trio.sleep(0.5)


@form("receive", "stream.receive_some", "SocketStream.receive_some")
async def loop_over_a_stream() -> None:
    one, other = trio.socket.socketpair()
    with other:
        async with trio.SocketStream(one) as stream:
            async for _ in stream:
                await trio.sleep(0.5)


# -- blocks that are left, and those of the user's own ---------------------------------------------


@form("close", "file.aclose", "AsyncIOWrapper.aclose")
async def file_that_is_closed() -> None:
    limiter = trio.to_thread.current_default_thread_limiter()
    async with await trio.open_file(__file__) as file:
        await file.read(1)
        await take_all(limiter)


async def take_all(limiter: trio.CapacityLimiter) -> None:
    """Take all tokens until the test is over, which nothing can cancel that closes a file."""
    tokens = [object() for _ in range(int(limiter.available_tokens))]
    for token in tokens:
        await limiter.acquire_on_behalf_of(token)

    async def give_back() -> None:
        await trio.testing.wait_all_tasks_blocked(0.05)
        for token in tokens:
            limiter.release_on_behalf_of(token)

    trio.lowlevel.spawn_system_task(give_back)


class Connection:
    """A context manager of the user's own."""

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await trio.sleep_forever()


@form("sleep", "sleep_forever", "sleep_forever")
async def own_block_that_is_left() -> None:
    async with Connection() as one, Connection() as other:
        _ = one, other


@form("sleep", "sleep_forever", "sleep_forever")
async def own_block_through_a_stack() -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(aclosing(Connection()))


class Parked:
    """What is closed in a function of trio's own, on behalf of Python's `aclosing`."""

    def __init__(self) -> None:
        self.aclose = trio.lowlevel.ParkingLot().park


@form("aclosi…", "aclosing", "ParkingLot.park")
async def block_of_a_library() -> None:
    async with aclosing(Parked()) as thing:
        _ = thing


# -- nurseries -------------------------------------------------------------------------------------


@form("nursery", "nursery", "nursery")
async def nursery_waits() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)


@form("nursery", "nursery", "nursery")
async def nursery_among_others() -> None:
    async with trio.Lock(), trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)


@form("nursery", "nursery", "nursery")
async def nursery_of_a_helper() -> None:
    @asynccontextmanager
    async def opened() -> AsyncIterator[trio.Nursery]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            yield nursery

    async with opened():
        pass


@form("start", "nursery.start", "Nursery.start")
async def child_that_never_started() -> None:
    async def never(task_status: object) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        await nursery.start(never)


# -- threads, files, processes, sockets ------------------------------------------------------------


@form("limiter", "to_thread.run_sync (limiter)", "CapacityLimiter.acquire")
async def thread_without_a_token() -> None:
    tokens = trio.CapacityLimiter(1)
    await tokens.acquire_on_behalf_of("someone")
    await trio.to_thread.run_sync(abs, 1, limiter=tokens)


@form("limiter", "Path().read_text (limiter)", "CapacityLimiter.acquire")
async def path_without_a_token() -> None:
    await take_all(trio.to_thread.current_default_thread_limiter())
    await trio.Path(__file__).read_text()


@form("limiter", "open_file (limiter)", "CapacityLimiter.acquire")
async def file_without_a_token() -> None:
    await take_all(trio.to_thread.current_default_thread_limiter())
    async with await trio.open_file(__file__) as file:
        await file.read()


@form("process", "run_process", "run_process")
async def process_is_run() -> None:
    await trio.run_process([sys.executable, "-S", "-c", "import time; time.sleep(60)"])


@form("wait", "process.wait", "Process.wait")
async def process_waits() -> None:
    process = await trio.lowlevel.open_process([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    try:
        await process.wait()
    finally:
        process.kill()


@form("accept", "listener.accept", "SocketListener.accept")
async def listener_accepts() -> None:
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        await listener.accept()


@form("recv", "one.recv", "socket")
async def socket_receives() -> None:
    one, other = trio.socket.socketpair()
    with one, other:
        await one.recv(1)
