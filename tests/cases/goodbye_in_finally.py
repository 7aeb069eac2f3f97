"""A clean-up that awaits after a cancellation is cancelled again: the goodbye is never sent."""

import trio


async def session(wire):
    try:
        while True:
            await wire.send("data")
            await trio.sleep(0.05)
    finally:
        await wire.send("bye")


async def main():
    wire, other = trio.open_memory_channel(9)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(session, wire)
        await trio.sleep(0.12)
        nursery.cancel_scope.cancel()
    print(other.statistics().current_buffer_used)


trio.run(main)
