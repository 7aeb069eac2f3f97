"""An Event: two tasks wait at it, and one set() frees both in the same step."""

import trio


async def task_a(event: trio.Event) -> None:
    await trio.sleep(10)
    event.set()


async def task_b(event: trio.Event) -> None:
    print("Esperando o evento...")
    await event.wait()
    print("O evento foi liberado!")


async def main() -> None:
    event = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task_a, event)
        nursery.start_soon(task_b, event)
        nursery.start_soon(task_b, event)


trio.run(main)
