"""Steps, a sleep of the loop, a print, an end: what one press of a key after the other shows."""

import trio


async def child():
    await trio.sleep(0.1)
    print("end")


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child)


trio.run(main)
