"""Programs to pause, pace and walk: their timers are far apart, so that what happens first is no matter of luck.

As a script, `python pausable.py NAME` runs one of them, and writes each line with its trio time.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio

UNIT = 0.03
"""Seconds between two timers, at least."""

Say = Callable[[str], object]
Main = Callable[[Say], Awaitable[object]]
PROGRAMS: dict[str, Main] = {}


def program(main: Main) -> Main:
    PROGRAMS[main.__name__] = main
    return main


async def sleep(units: float) -> None:
    await trio.sleep(units * UNIT)


@program
async def sleeps(say: Say) -> None:
    async def sleeper(name: str, rests: list[int]) -> None:
        for rest in rests:
            await sleep(rest)
            say(name)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper, "a", [1, 3, 3])
        nursery.start_soon(sleeper, "b", [2, 3, 3])
        nursery.start_soon(sleeper, "c", [3, 3])


@program
async def moved_on(say: Say) -> None:
    with trio.move_on_after(5 * UNIT):
        with trio.move_on_after(UNIT) as first:
            await sleep(3)
        say(f"first {first.cancelled_caught}")
        with trio.move_on_after(3 * UNIT) as second:
            await sleep(1)
        say(f"second {second.cancelled_caught}")
        await sleep(10)
    say("out")


@program
async def failed(say: Say) -> None:
    try:
        with trio.fail_after(2 * UNIT):
            await trio.sleep_forever()
    except trio.TooSlowError:
        say("too slow")
    with trio.fail_after(3 * UNIT):
        await sleep(2)
    say("in time")
    with trio.fail_after(2 * UNIT):
        await sleep(4)


@program
async def event(say: Say) -> None:
    told = trio.Event()

    async def waiter(name: str, patience: float) -> None:
        with trio.move_on_after(patience * UNIT) as scope:
            await told.wait()
        say(f"{name} {'gave up' if scope.cancelled_caught else 'heard'}")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waiter, "patient", 6)
        nursery.start_soon(waiter, "impatient", 2)
        nursery.start_soon(waiter, "lucky", 5)
        await sleep(4)
        told.set()


@program
async def channels(say: Say) -> None:
    async def produce(send: trio.MemorySendChannel[int]) -> None:
        async with send:
            for number in range(4):
                await sleep(1)
                await send.send(number)

    async def consume(name: str, receive: trio.MemoryReceiveChannel[int]) -> None:
        async with receive:
            async for number in receive:
                say(f"{name} got {number}")
                await sleep(1.5)

    send, receive = trio.open_memory_channel[int](1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(produce, send)
        nursery.start_soon(consume, "x", receive.clone())
        nursery.start_soon(consume, "y", receive)


@program
async def locks(say: Say) -> None:
    lock, condition, semaphore = trio.Lock(), trio.Condition(), trio.Semaphore(1)

    async def worker(name: str, units: int) -> None:
        async with lock:
            await sleep(units)
            say(f"{name} had the lock")
        async with condition:
            with trio.move_on_after(3.5 * UNIT):
                await condition.wait()
            say(f"{name} had the condition")
        async with semaphore:
            say(f"{name} had the semaphore")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker, "a", 1)
        nursery.start_soon(worker, "b", 2)
        await sleep(6)
        async with condition:
            condition.notify_all()


@program
async def failing_child(say: Say) -> None:
    async def fails() -> None:
        await sleep(2)
        raise ValueError("no")

    async def cleans_up(name: str) -> None:
        try:
            await sleep(9)
        finally:
            with trio.CancelScope(shield=True):
                await sleep(2)
                say(f"{name} cleaned up")

    async def inner() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cleans_up, "a")
            nursery.start_soon(fails)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(inner)
        await sleep(3)
        say("main is still there")
        await sleep(9)


@program
async def sockets(say: Say) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):  # who asked has gone
            async for question in stream:
                await sleep(2)
                await stream.send_all(question[::-1])

    async def ask(port: int, name: str, patience: float) -> None:
        await sleep(len(name))
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await stream.send_all(name.encode())
            answer = b"nothing"
            with trio.move_on_after(patience * UNIT):
                answer = await stream.receive_some(100)
            say(f"{name}: {answer.decode()}")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, serve, 0)
        port = listeners[0].socket.getsockname()[1]
        async with trio.open_nursery() as clients:
            clients.start_soon(ask, port, "ab", 9)
            clients.start_soon(ask, port, "abcde", 1)
            clients.start_soon(ask, port, "abcdefgh", 9)
        nursery.cancel_scope.cancel()


@program
async def started(say: Say) -> None:
    async def service(task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
        await sleep(1)
        task_status.started("up")
        await sleep(3)
        say("service ends")

    async with trio.open_nursery() as nursery:
        say(await nursery.start(service))
        await sleep(1)
        say("main goes on")


@program
async def busy(say: Say) -> None:
    done = trio.Event()

    async def counts() -> None:
        count = 0
        while not done.is_set():
            await trio.lowlevel.checkpoint()
            count = min(count + 1, 20)
            if count == 20:
                await done.wait()
        say("counted")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(counts)
        await sleep(2)
        done.set()


def outcome_of(error: BaseException | None) -> str:
    """Tell how a program ended, in one line."""
    if isinstance(error, BaseExceptionGroup):
        return f"[{', '.join(sorted(outcome_of(leaf) for leaf in error.exceptions))}]"
    return "ended" if error is None else f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    began: list[float] = []

    def say_aloud(text: str) -> None:
        sys.stdout.write(f"{(trio.current_time() - began[0]) * 1000:.2f} {text}\n")

    async def main() -> None:
        began.append(trio.current_time())
        await PROGRAMS[sys.argv[1]](say_aloud)

    try:
        trio.run(main)
    except BaseException as error:
        sys.stdout.write(f"- {outcome_of(error)}\n")
    else:
        sys.stdout.write(f"- {outcome_of(None)}\n")
