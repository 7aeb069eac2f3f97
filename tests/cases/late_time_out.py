"""A time-out of 100 ms comes at 210 ms, since a neighbour blocks the loop."""

import time

import trio


async def neighbour():
    await trio.sleep(0.01)
    time.sleep(0.2)


async def main():
    event = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(neighbour)
        try:
            with trio.fail_after(0.1):
                await event.wait()
        except trio.TooSlowError:
            print("too slow")


trio.run(main)
