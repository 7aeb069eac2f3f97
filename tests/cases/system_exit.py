"""Ends with SystemExit, as a command line framework does: 0 is no failure, 3 a status."""

import sys

import trio


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 0.01)
    sys.exit(int(sys.argv[1]) if sys.argv[1:] else 0)


trio.run(main)
