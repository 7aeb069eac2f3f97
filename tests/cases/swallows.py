"""A worker catches everything, Cancelled too, and goes on: it is cancelled again and again, at one line."""

import trio


async def worker():
    tries = 0
    while tries < 5:
        try:
            await trio.sleep(0.5)
        except BaseException:
            tries += 1
    print("worker gave up")


async def main():
    with trio.move_on_after(0.1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker)
    print("over")


trio.run(main)
