"""An async generator yields inside its nursery, and whoever loops over it breaks off: scopes end in the wrong order."""

import trio


async def ticker():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        number = 0
        while True:
            await trio.sleep(0.02)
            yield number
            number += 1


async def reader():
    with trio.move_on_after(0.5):
        async for number in ticker():
            if number == 1:
                break
    await trio.sleep(0.05)


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader)


trio.run(main)
