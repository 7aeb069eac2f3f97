"""Two locks taken in two orders, and a third task that only waits for one of them."""

import trio


async def transfer(first, second):
    async with first:
        await trio.sleep(0.05)
        async with second:
            print("moved")


async def auditor(lock):
    await trio.sleep(0.02)
    async with lock:
        print("audited")


async def main():
    a, b = trio.Lock(), trio.Lock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transfer, a, b, name="a to b")
        nursery.start_soon(transfer, b, a, name="b to a")
        nursery.start_soon(auditor, a)


trio.run(main)
