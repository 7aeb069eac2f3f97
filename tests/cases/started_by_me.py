"""Functions of trio's that the user's own code starts."""

import trio


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 0.02)
        nursery.start_soon(trio.sleep, 0.04)


trio.run(main)
