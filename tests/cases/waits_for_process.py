"""One task waits for a process, another one for a thread."""

import sys
import time

import trio


async def main():
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process([sys.executable, "-S", "-c", "import time; time.sleep(0.3)"])
        nursery.start_soon(process.wait)
        nursery.start_soon(trio.to_thread.run_sync, time.sleep, 0.3)
        await trio.sleep(0.1)
        print(trio.lowlevel.current_statistics().io_statistics)


trio.run(main)
