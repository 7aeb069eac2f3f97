"""Three tasks give way to each other, three times each."""

import trio


async def child(number):
    for _ in range(3):
        await trio.lowlevel.checkpoint()


async def main():
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(child, number)


trio.run(main)
