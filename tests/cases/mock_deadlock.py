"""Under an autojump clock two tasks wait for each other, and no deadline is left."""

import trio
import trio.testing


async def left(a, b):
    await a.wait()
    b.set()


async def right(a, b):
    await trio.sleep(10)
    await b.wait()
    a.set()


async def main():
    a, b = trio.Event(), trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(left, a, b)
        nursery.start_soon(right, a, b)


trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
