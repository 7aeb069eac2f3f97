"""As many tasks as it is told, each by `nursery.start`, or by `start_soon`."""

import sys

import trio


async def ready(task_status=trio.TASK_STATUS_IGNORED):
    task_status.started()
    await trio.sleep_forever()


async def main():
    async with trio.open_nursery() as nursery:
        for _ in range(int(sys.argv[2])):
            if sys.argv[1] == "start":
                await nursery.start(ready)
            else:
                nursery.start_soon(ready)
                await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()


trio.run(main)
