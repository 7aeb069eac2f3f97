"""trio's clock jumps over 5,000 s."""

import trio
import trio.testing


async def main():
    await trio.sleep(5_000)
    print("awake")


trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
