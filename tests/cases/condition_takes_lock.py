"""A time-out comes to a wait for a condition: it ends only when the condition has its lock again, behind a shield."""

import trio


async def waits(condition):
    with trio.move_on_after(0.05):
        async with condition:
            await condition.wait()


async def holds(condition):
    async with condition:
        await trio.sleep(0.15)


async def main():
    condition = trio.Condition()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits, condition)
        await trio.sleep(0.01)
        nursery.start_soon(holds, condition)


trio.run(main)
