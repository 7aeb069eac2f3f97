"""Cancels a scope that reaches nobody: its task leaves the block before it waits."""

import trio


async def main():
    await trio.sleep(0.01)
    with trio.CancelScope() as scope:
        scope.cancel()
    await trio.sleep(0.01)


trio.run(main)
