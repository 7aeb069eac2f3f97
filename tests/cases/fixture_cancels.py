"""The nursery fixture of pytest-trio cancels a task of the test's before its assertion: run by pytest."""

import trio


async def check(receive):
    await receive.receive()
    await trio.sleep(0.05)
    raise AssertionError("never reached")


async def test_reply(nursery):
    send, receive = trio.open_memory_channel(0)
    nursery.start_soon(check, receive)
    await send.send("ping")
