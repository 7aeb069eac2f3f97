"""An ASGI application under hypercorn, in which requests wait for a lock that one of them keeps for ever."""

import trio

lock = trio.Lock()


async def app(scope, receive, send):
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
    async with lock:
        if scope["path"] == "/stuck":
            await trio.sleep_forever()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"fine"})
