"""Polls with sleep(0) for what another task does after 50 ms."""

import trio

done = False


async def poller():
    while not done:
        await trio.sleep(0)


async def setter():
    global done
    await trio.sleep(0.05)
    done = True


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(poller)
        nursery.start_soon(setter)


trio.run(main)
