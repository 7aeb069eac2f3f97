"""Two tasks want one lock, and each sleeps while it holds it: the second waits at the lock, not in a sleep."""

import trio


async def work(lock):
    async with lock:
        await trio.sleep(0.1)


async def main():
    lock = trio.Lock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work, lock, name="first")
        nursery.start_soon(work, lock, name="second")


trio.run(main)
