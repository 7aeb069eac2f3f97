"""Main waits for a goodbye that only the pump could read, and the pump waits for somebody to take its message."""

from contextlib import asynccontextmanager

import trio


class Connection:
    def __init__(self, wire):
        self.wire = wire
        self.out, self.messages = trio.open_memory_channel(0)
        self.closed = trio.Event()

    async def pump(self):
        async for message in self.wire:
            if message == "goodbye":
                self.closed.set()
                return
            await self.out.send(message)

    async def aclose(self):
        await self.closed.wait()


@asynccontextmanager
async def connect(wire):
    connection = Connection(wire)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.pump)
        yield connection
        await connection.aclose()


async def main():
    send, wire = trio.open_memory_channel(9)
    for word in ("one", "two", "goodbye"):
        send.send_nowait(word)
    async with connect(wire) as connection:
        print(await connection.messages.receive())


trio.run(main)
