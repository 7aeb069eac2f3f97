"""A PokéAPI for the lessons, on this machine alone, with fixed delays. It lives as long as the lesson that uses it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import h11
import trio

# Number: name, height in dm, weight in hg, types, and the seconds after which the answer comes.
POKEMON = {
    1: ("bulbasaur", 7, 69, ["grass", "poison"], 0.3),
    2: ("ivysaur", 10, 130, ["grass", "poison"], 1.1),
    3: ("venusaur", 20, 1000, ["grass", "poison"], 0.2),
    4: ("charmander", 6, 85, ["fire"], 0.7),
    5: ("charmeleon", 11, 190, ["fire"], 1.3),
    6: ("charizard", 17, 905, ["fire", "flying"], 1.0),
    7: ("squirtle", 5, 90, ["water"], 0.1),
    8: ("wartortle", 10, 225, ["water"], 1.4),
    9: ("blastoise", 16, 855, ["water"], 1.2),
    10: ("caterpie", 3, 29, ["bug"], 0.4),
    143: ("snorlax", 21, 4600, ["normal"], 60),  # fast asleep
}
NUMBERS = {name: number for number, (name, *_) in POKEMON.items()}


@contextmanager
def serving() -> Iterator[str]:
    """Yield the URL of an API: what POKEAPI says, or else a server that is there for the length of the `with`."""
    if url := os.environ.get("POKEAPI"):
        yield url.rstrip("/")
        return
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"  # a proxy would look for it on its own machine
    # A process of its own, since two runs of trio in one would be two programs in one picture. -E: no tracer follows.
    # It has a process group of its own too: Ctrl+C is for the lesson, and the server ends when its stdin is closed,
    # however the lesson dies.
    command = [sys.executable, "-E", __file__]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, process_group=0) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        if not url:
            sys.exit("pokeapi.py: the server did not start")
        yield url


@contextmanager
def full() -> Iterator[str]:
    """Yield a URL where nobody opens the door: the port's queue is full, so that connecting to it takes for ever."""
    with socket.socket() as door, ExitStack() as queue:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        with suppress(TimeoutError):
            while True:
                queue.enter_context(socket.create_connection(door.getsockname(), timeout=0.1))
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


def look_up(path: str) -> tuple[float, int, object]:
    """Return the delay, the status and the body of the answer to a question."""
    _, _, word = path.partition("?")[0].rstrip("/").rpartition("/api/v2/pokemon/")
    number = int(word) if word.isdecimal() else NUMBERS.get(word)
    if number not in POKEMON:
        return 0, 404, "Not Found"
    name, height, weight, types, delay = POKEMON[number]
    slots = [{"slot": slot, "type": {"name": kind}} for slot, kind in enumerate(types, start=1)]
    return delay, 200, {"id": number, "name": name, "height": height, "weight": weight, "types": slots}


async def answer(stream: trio.SocketStream) -> None:
    """Answer one question, and hang up."""
    connection = h11.Connection(h11.SERVER)
    # Whoever asks may go away, or talk nonsense: no reason to stop serving others
    with suppress(h11.RemoteProtocolError, trio.BrokenResourceError):
        while (question := connection.next_event()) is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some())
        if not isinstance(question, h11.Request):
            return
        delay, status, body = look_up(question.target.decode("ascii"))
        await trio.sleep(delay)
        text = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(text)), "Connection": "close"}
        head = h11.Response(status_code=status, headers=list(headers.items()))
        for part in (head, h11.Data(data=text), h11.EndOfMessage()):
            await stream.send_all(connection.send(part) or b"")


async def main() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, answer, listeners)
        print(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/api/v2", flush=True)
        await trio.to_thread.run_sync(os.read, 0, 1, abandon_on_cancel=True)  # returns when stdin is closed
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
