"""Memory channels: a relay in which each send meets a receive."""

import trio


async def producer(send_channel: trio.MemorySendChannel[str]) -> None:
    with send_channel:  # `async with` would give way once more, at the end
        for numero in range(10):
            await send_channel.send(f"message {numero}")


async def consumer(receive_channel: trio.MemoryReceiveChannel[str]) -> None:
    with receive_channel:
        async for value in receive_channel:
            print(f"got value {value}")


async def main() -> None:
    # Room for no message: the producer goes on only when the consumer has taken what it brought.
    send_channel, receive_channel = trio.open_memory_channel[str](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(producer, send_channel)
        nursery.start_soon(consumer, receive_channel)


trio.run(main)
