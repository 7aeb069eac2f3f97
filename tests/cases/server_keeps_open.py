"""All clients are served, and main waits for its one child: the server, started as start_soon(serve_tcp)."""

from functools import partial

import trio


async def handle(stream):
    async for data in stream:
        await stream.send_all(data.upper())


async def client(port):
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        await stream.send_all(b"hello")
        print(await stream.receive_some())


async def main():
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handle, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        async with trio.open_nursery() as clients:
            clients.start_soon(client, port)
            clients.start_soon(client, port)
        print("all clients are done")


trio.run(main)
