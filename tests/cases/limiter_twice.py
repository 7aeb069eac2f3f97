"""Each job takes a token, and its thread call wants another of the same limiter: no thread ever begins."""

import trio


async def submit(limiter, number):
    token = object()
    await limiter.acquire_on_behalf_of(token)
    try:
        await trio.lowlevel.checkpoint()
        return await trio.to_thread.run_sync(abs, number, limiter=limiter)
    finally:
        limiter.release_on_behalf_of(token)


async def main():
    limiter = trio.CapacityLimiter(2)
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(submit, limiter, number)


trio.run(main)
