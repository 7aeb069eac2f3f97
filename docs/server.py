"""A server of a thousand tasks, for the gallery: requests come in waves, and each has a handler of its own."""

import random

import trio

WAVES, REQUESTS = 5, 200
chance = random.Random(1)


def work(seconds: float) -> None:
    """Compute: no other task runs meanwhile."""
    until = trio.current_time() + seconds
    while trio.current_time() < until:
        pass


async def handle(request: int) -> None:
    work(0.0003)
    await trio.sleep(0.05 + chance.expovariate(6))  # a database answers
    work(0.002)
    await trio.sleep(chance.expovariate(4))  # the client takes what it gets
    work(0.0005)


async def clients(requests: trio.MemorySendChannel[int]) -> None:
    async with requests:
        for wave in range(WAVES):
            for request in range(REQUESTS):
                await requests.send(wave * REQUESTS + request)
            await trio.sleep(0.8)


async def serve(requests: trio.MemoryReceiveChannel[int]) -> None:
    async with trio.open_nursery() as handlers:
        async for request in requests:
            handlers.start_soon(handle, request)


async def main() -> None:
    send, receive = trio.open_memory_channel[int](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, receive)
        nursery.start_soon(clients, send)


trio.run(main)
