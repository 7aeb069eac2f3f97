"""A child raises behind its last await, and its sibling is a function of trio's."""

import trio


async def child():
    await trio.sleep(0.05)
    divide(0)


def divide(by):
    return 1 / by


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child)
        nursery.start_soon(trio.sleep_forever)


trio.run(main)
