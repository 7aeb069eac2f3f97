"""Whose task is it, and what is it called: programs that people have, and what log, rows and picture say of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from programs import ended, record, running
from recorded import Cases, read
from served import served
from triotrace.events import TaskPromoted, TaskSpawned
from triotrace.export.text import page
from triotrace.log import read_log
from triotrace.timeline.rows import RowKind, lay_rows
from triotrace.timeline.timeline import Timeline


def told(folder: Path, text: str) -> Timeline:
    """Record a program to its end; return what its log tells."""
    script, log = folder / "program.py", folder / "log.jsonl"
    script.write_text(dedent(text))
    with running(record(log, script, options=["--order", "started"]), cwd=folder) as child:
        end = ended(child)
    assert 0 == end.status, end.stderr.decode()
    timeline = read(log)
    assert [] == timeline.damages
    return timeline


def users(timeline: Timeline) -> list[str]:
    """Return the names of the user's tasks, as often as they occur."""
    return sorted(lane.name for lane in timeline.lanes if lane.role == "user")


def libraries(timeline: Timeline) -> set[str]:
    return {lane.name for lane in timeline.lanes if lane.role == "library"}


def titles(timeline: Timeline) -> list[str]:
    """Return what stands at the left of the rows of tasks."""
    return [row.label for row in lay_rows(timeline).rows if row.kind is RowKind.TASK]


# -- functions of trio's, started by the user ----------------------------------------------------


def test_what_the_users_own_code_starts_is_the_users(cases: Cases) -> None:
    case = cases["started_by_me"]
    assert ["sleep", "sleep"] == users(case.timeline)
    assert ["main", "sleep #1", "sleep #2"] == titles(case.timeline)
    steps = [case.timeline.tape.lanes.count(lane.index) for lane in case.timeline.lanes if lane.name == "main"]
    assert [2] == steps, "main sleeps nowhere, and returns once"


def test_each_connection_bears_the_name_of_its_handler(cases: Cases) -> None:
    """serve_tcp was started by the user; trio's own _run_handler was handed `handle`, and calls it."""
    case = cases["server_keeps_open"]
    assert ["client", "client", "handle", "handle", "serve_tcp"] == users(case.timeline)
    assert {"_serve_one_listener", "attempt_connect"} == libraries(case.timeline)
    handler = case.lane("handle #1")
    assert "handle" == case.timeline.verbs.function(handler.place)
    assert "serve_tcp" == case.timeline.lanes[handler.parent or 0].name


STARTED = """
    import functools, trio, trio.testing

    class Job:
        async def __call__(self):
            await trio.sleep(0)

    class Server:
        async def serve(self):
            await trio.sleep(0)

    async def worker(*args, task_status=None):
        if task_status is not None:
            task_status.started()
        await trio.sleep(0)

    def outside(nursery):
        trio.from_thread.run_sync(nursery.start_soon, trio.sleep_until, 0)

    async def main():
        trio.lowlevel.spawn_system_task(worker, "a system task of the user's")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Job())
            nursery.start_soon(Server().serve)
            nursery.start_soon(functools.partial(worker, 1))
            nursery.start_soon(worker, name="chosen")
            nursery.start_soon(trio.sleep, 0, name="a chosen name")
            nursery.start_soon(trio.Lock().acquire)
            nursery.start_soon(trio.to_thread.run_sync, outside, nursery)
            nursery.start_soon(trio.testing.wait_all_tasks_blocked)
            await nursery.start(worker)

    trio.run(main)
"""


def test_names_of_all_that_can_be_started(tmp_path: Path) -> None:
    """A function of trio's is called by its public name, a callable object by its class; a chosen name stays."""
    expected = [
        "Job",
        "Lock.acquire",
        "Server.serve",
        "a chosen name",
        "chosen",
        "sleep_until",
        "testing.wait_all_tasks_blocked",
        "to_thread.run_sync",
        "worker",
        "worker",
        "worker",
    ]
    assert expected == users(told(tmp_path, STARTED))


# -- packages ------------------------------------------------------------------------------------


def test_children_of_an_anyio_task_group(tmp_path: Path) -> None:
    """Started by the user through a task group, whatever they are; a package's own wrapper names nobody."""
    pytest.importorskip("anyio")
    timeline = told(
        tmp_path,
        """
        import anyio, functools, trio

        async def worker():
            await anyio.sleep(0)

        async def service(*, task_status):
            task_status.started()
            await anyio.sleep(0)

        class Job:
            async def __call__(self):
                await anyio.sleep(0)

        async def main():
            async with anyio.create_task_group() as group:
                group.start_soon(worker)
                group.start_soon(functools.partial(worker), name="mine")
                group.start_soon(trio.sleep, 0)
                group.start_soon(anyio.to_thread.run_sync, int)
                group.start_soon(Job())
                await group.start(service)

        trio.run(main)
        """,
    )
    assert ["Job", "mine", "service", "sleep", "to_thread.run_sync", "worker"] == users(timeline)
    assert set() == libraries(timeline)
    [worker] = [lane for lane in timeline.lanes if lane.name == "worker"]
    assert "worker" == timeline.verbs.function(worker.place)


def test_a_websocket_handler(tmp_path: Path) -> None:
    """The handler is called deep in a package's task: that becomes known later, and the task is promoted."""
    pytest.importorskip("trio_websocket")
    timeline = told(
        tmp_path,
        """
        import trio
        from trio_websocket import ConnectionClosed, open_websocket, serve_websocket

        async def echo(request):
            socket = await request.accept()
            try:
                while True:
                    await socket.send_message(await socket.get_message())
            except ConnectionClosed:
                pass

        async def ask(port):
            async with open_websocket("127.0.0.1", port, "/", use_ssl=False) as socket:
                await socket.send_message("hi")
                assert "hi" == await socket.get_message()

        async def main():
            async with trio.open_nursery() as nursery:
                server = await nursery.start(serve_websocket, echo, "127.0.0.1", 0, None)
                async with trio.open_nursery() as clients:
                    clients.start_soon(ask, server.port)
                    clients.start_soon(ask, server.port)
                nursery.cancel_scope.cancel()

        trio.run(main)
        """,
    )
    assert ["ask", "ask", "echo", "echo", "serve_websocket"] == users(timeline)
    assert {"main", "serve_websocket", "echo #1", "echo #2", "ask #1", "ask #2"} == set(titles(timeline))
    assert "WebSocketConnection._reader_task" in libraries(timeline)
    promoted = [e for batch in read_log(tmp_path / "log.jsonl") for e in batch if isinstance(e, TaskPromoted)]
    assert ["echo", "echo"] == [event.name for event in promoted]
    assert {"user"} == {event.role for event in promoted}


def test_what_a_client_opens_for_itself_is_the_librarys(tmp_path: Path) -> None:
    """httpx, and trio's attempts to connect: many tasks, and none of them has a lane."""
    pytest.importorskip("httpx")
    timeline = told(
        tmp_path,
        r"""
        import httpx, trio

        async def answer(stream):
            async with stream:
                await stream.receive_some()
                await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        async def fetch(client, port):
            assert "ok" == (await client.get(f"http://127.0.0.1:{port}/")).text

        async def main():
            async with trio.open_nursery() as nursery:
                [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
                nursery.start_soon(trio.serve_listeners, answer, [listener])
                port = listener.socket.getsockname()[1]
                async with httpx.AsyncClient(verify=False) as client, trio.open_nursery() as inner:
                    inner.start_soon(fetch, client, port)
                    inner.start_soon(fetch, client, port)
                nursery.cancel_scope.cancel()

        trio.run(main)
        """,
    )
    assert ["answer", "answer", "fetch", "fetch", "serve_listeners"] == users(timeline)
    assert {"_serve_one_listener", "attempt_connect"} == libraries(timeline)


PACKAGE = """
import trio

async def wrap(function, *args):
    return await function(*args)

async def accept(handler, nursery, count):
    for _ in range(count):
        await trio.sleep(0)
        nursery.start_soon(wrap, handler)

class Group:
    def __init__(self, nursery):
        self.nursery = nursery

    def start_soon(self, func, *args):
        self.nursery.start_soon(func, *args)

class Threaded:
    def __init__(self, app):
        self.app = app

    async def __call__(self):
        await trio.to_thread.run_sync(self.app, self)

class Manager:
    def __init__(self, callback):
        self.callback = callback

    async def watch(self):
        await trio.sleep(0)

    def start(self, nursery):
        nursery.start_soon(self.beat)

    async def beat(self):
        await trio.sleep(0)

    async def sort(self, numbers):
        key = self.callback
        while numbers:
            await trio.sleep(0)
            numbers.sort(key=key)
            numbers.pop()

    async def listen(self, closed):
        await trio.sleep(0)
        closed(self)

    def begin(self, nursery):
        nursery.start_soon(self.sort, [1, 2])
        nursery.start_soon(self.listen, self.callback)

    async def serve(self, handler):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.watch)
            nursery.start_soon(accept, handler, nursery, 2)
"""


def test_wrappers_of_any_package(tmp_path: Path) -> None:
    """A package's function that awaits what it was handed is the user's; one that starts it, or knows it, is not."""
    package = tmp_path / "site-packages" / "helpers.py"
    package.parent.mkdir()
    package.write_text(PACKAGE)
    timeline = told(
        tmp_path,
        f"""
        import sys
        sys.path.append({str(package.parent)!r})
        import helpers, trio

        async def work():
            await trio.sleep(0)

        class Callable:
            async def __call__(self):
                await trio.sleep(0)

            def __getattr__(self, name):
                print("asked for", name)
                raise AttributeError(name)

        def plain(one):
            return id(one)

        async def main():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(helpers.wrap, work)
                helpers.Manager(plain).begin(nursery)
                nursery.start_soon(helpers.wrap, helpers.Threaded(plain))
                nursery.start_soon(helpers.wrap, Callable())
                nursery.start_soon(helpers.Manager(work).serve, work)
                helpers.Manager(work).start(nursery)
                helpers.Group(nursery).start_soon(trio.sleep, 0)

        trio.run(main)
        """,
    )
    assert ["Callable", "Manager.serve", "plain", "sleep", "work", "work", "work"] == users(timeline)
    assert {"Manager.beat", "Manager.listen", "Manager.sort", "Manager.watch", "accept"} == libraries(timeline)
    assert [] == timeline.prints, "nothing of the program's was called"


# -- ASGI ----------------------------------------------------------------------------------------

APPLICATION = (Path(__file__).parent / "cases" / "asgi_lock.py").read_text()


def test_an_application_under_hypercorn(tmp_path: Path) -> None:
    """Each request's task bears the application's name, and so does that of its lifespan."""
    pytest.importorskip("hypercorn")
    timeline = served(tmp_path, APPLICATION, ["one", "two"])
    assert ["app", "app", "app"] == users(timeline)
    first, *_ = (lane for lane in timeline.lanes if lane.role == "user")
    assert ("app", 1, 0) == (first.name, first.number, timeline.lanes[first.parent or 0].role == "library")
    shown = "\n".join(page(timeline, width=120))
    assert "app #3" in shown
    for wrapper in ("_run_handler", "_handle", "TCPServer", "--system"):
        assert wrapper not in shown
    assert "_run_handler" in "\n".join(page(timeline, width=120, system=True))


def test_a_callable_object_is_called_by_its_class(tmp_path: Path) -> None:
    pytest.importorskip("hypercorn")
    text = """
        class Application:
            async def __call__(self, scope, receive, send):
                if scope["type"] == "lifespan":
                    raise NotImplementedError
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"fine"})

        app = Application()
        """
    assert ["Application"] == users(served(tmp_path, text, ["one"]))


def test_endpoints_of_starlette(tmp_path: Path) -> None:
    """What the user wrote is an endpoint: one that waits, one that never does, one in a thread, one that streams."""
    pytest.importorskip("hypercorn")
    pytest.importorskip("starlette")
    timeline = served(
        tmp_path,
        """
        import trio
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse, StreamingResponse
        from starlette.routing import Route

        async def slow(request):
            await trio.sleep(0.001)
            return PlainTextResponse("slow")

        async def quick(request):
            return PlainTextResponse("quick")

        def in_thread(request):
            return PlainTextResponse("in a thread")

        async def rows():
            for number in range(2):
                yield str(number)
                await trio.sleep(0)

        async def stream(request):
            return StreamingResponse(rows())

        app = Starlette(routes=[Route("/" + f.__name__, f) for f in (slow, quick, in_thread, stream)])
        """,
        ["slow", "quick", "in_thread", "stream", "nowhere"],
    )
    assert ["in_thread", "quick", "rows", "slow", "stream"] == users(timeline)


# -- promotion in the fold -----------------------------------------------------------------------


def test_a_library_alone_says_where_its_tasks_are(tmp_path: Path) -> None:
    timeline = told(
        tmp_path,
        """
        import trio

        async def main():
            listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
            with trio.move_on_after(0.01):
                await trio.serve_listeners(print, listeners)

        trio.run(main)
        """,
    )
    assert [] == users(timeline)
    assert "(1 task of libraries: --system)" == list(page(timeline))[-1]


def test_tasks_are_told_by_the_name_that_they_have(cases: Cases) -> None:
    """The log itself says it, and a reader need not know of promotions for what was known at birth."""
    spawned = [e for batch in read_log(cases["server_keeps_open"].log) for e in batch if isinstance(e, TaskSpawned)]
    assert ["__main__.client", "__main__.client", "handle", "handle", "trio.serve_tcp"] == sorted(
        event.name for event in spawned if event.role == "user"
    )
