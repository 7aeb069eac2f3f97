"""A time-out comes while the child that is being started stands behind a shield: neither can end."""

import trio


async def engine(stop, task_status=trio.TASK_STATUS_IGNORED):
    with trio.CancelScope(shield=True):
        await trio.sleep(0.2)
        task_status.started()
        await stop.wait()


async def use(nursery):
    stop = trio.Event()
    await nursery.start(engine, stop)
    stop.set()


async def main():
    async with trio.open_nursery() as nursery:
        with trio.move_on_after(0.1):
            await use(nursery)


trio.run(main)
