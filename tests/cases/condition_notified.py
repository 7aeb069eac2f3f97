"""Two wait for a condition and are notified by one who keeps its lock: from then on they wait for the lock."""

import trio


async def takes(condition, baskets):
    async with condition:
        while not baskets:
            await condition.wait()
        baskets.pop()
        await trio.sleep(0.02)


async def fills(condition, baskets):
    async with condition:
        baskets += ["apples", "pears"]
        condition.notify_all()
        await trio.sleep(0.05)


async def main():
    condition, baskets = trio.Condition(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(takes, condition, baskets)
        nursery.start_soon(takes, condition, baskets)
        await trio.sleep(0.05)
        nursery.start_soon(fills, condition, baskets)


trio.run(main)
