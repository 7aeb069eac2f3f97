"""A loop whose only await is an empty nursery: it gives way, and never notices its time-out."""

import trio


async def now_and_then():
    for _ in range(100):
        async with trio.open_nursery():
            pass
    await trio.sleep(0)


async def main():
    with trio.move_on_after(0.001):
        await now_and_then()
    print("over")


trio.run(main)
