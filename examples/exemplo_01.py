"""Hello: one task, one step; the loop starts and ends."""

import trio


async def main() -> None:
    print("Olá, mundo!")


trio.run(main)
