"""The work is done, and one task still waits for signals."""

import signal

import trio


async def watch_signals():
    with trio.open_signal_receiver(signal.SIGUSR1) as signals:
        async for number in signals:
            print("signal", number)
            return


async def job():
    await trio.sleep(0.02)


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch_signals)
        nursery.start_soon(job)


trio.run(main)
