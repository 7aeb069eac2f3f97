"""Scopes that are cancelled before they are entered, within one that is, and a nursery whose children are gone."""

import trio


async def main():
    with trio.CancelScope() as outer:
        outer.cancel()
        with trio.CancelScope() as inner:
            inner.cancel()
    scope = trio.CancelScope()
    scope.cancel()
    with scope:
        await trio.sleep(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.lowlevel.checkpoint)
        await trio.sleep(0.01)
        nursery.cancel_scope.cancel()


trio.run(main)
