"""Main keeps a send handle of its own open, so its loop over the receiving end never ends."""

import trio


async def feed(out, number):
    async with out:
        await out.send(number)


async def main():
    out, source = trio.open_memory_channel(0)
    async with trio.open_nursery() as nursery:
        for number in range(2):
            nursery.start_soon(feed, out.clone(), number)
        async for number in source:
            print("got", number)


trio.run(main)
