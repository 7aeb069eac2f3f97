"""A time-out comes while its task is in a thread call, which goes on to its end."""

import time

import trio


async def main():
    with trio.move_on_after(0.05):
        await trio.to_thread.run_sync(time.sleep, 0.2)
    print("went on")


trio.run(main)
