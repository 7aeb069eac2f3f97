"""The body of a nursery raises after its only child is gone: the nursery cancels nobody."""

import trio


async def main():
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 0)
            await trio.sleep(0.01)
            raise ValueError("late")
    except* ValueError:
        print("handled")
    await trio.sleep(0.01)


trio.run(main)
