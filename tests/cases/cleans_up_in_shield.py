"""A clean-up behind a shield: the time-out waits for it, for as long as it takes; a slow thread call does the same."""

import time

import trio


async def careful():
    try:
        await trio.sleep(9)
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(0.1)


async def patient():
    await trio.to_thread.run_sync(time.sleep, 0.2)


async def main():
    with trio.move_on_after(0.05):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(careful)
            nursery.start_soon(patient)
    with trio.CancelScope(shield=True):
        await trio.sleep(0.01)  # nothing is cancelled here


trio.run(main)
