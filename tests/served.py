"""An ASGI application under hypercorn on trio, recorded: served on a free port of the loopback, asked, interrupted."""

from __future__ import annotations

import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from textwrap import dedent
from urllib.error import HTTPError

from programs import PATIENCE, ended, record, running, until
from recorded import read
from triotrace.log import LogTail
from triotrace.timeline.states import State
from triotrace.timeline.timeline import Timeline


def served(folder: Path, text: str, paths: Sequence[str], *, unanswered: Sequence[str] = ()) -> Timeline:
    """Record an application while it answers requests for paths, one after the other; return what the log tells.

    Those `unanswered` are asked for after that, each as soon as the one before it waits; they wait until the server is
    interrupted.
    """
    (folder / "served_app.py").write_text(dedent(text))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    log = folder / "served.jsonl"
    bind = ["-w", "0", "-b", f"127.0.0.1:{port}", "--graceful-timeout", "1"]
    command = ["--", sys.executable, "-m", "hypercorn", "-k", "trio", *bind, "served_app:app"]
    with running(record(log, *command, options=["--order", "started"]), cwd=folder) as child:
        until(lambda: _answers(port) or None, what="hypercorn listens")
        for path in paths:
            url = f"http://127.0.0.1:{port}/{path}"
            try:
                with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                    answer.read()
            except HTTPError:
                pass  # that, too, is an answer
        clients = []
        for count, path in enumerate(unanswered, 1):
            client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            client.sendall(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            clients.append(client)
            until(partial(_waiting, log, len(paths) + count), what=f"the request for {path} waits")
        os.killpg(child.pid, signal.SIGINT)
        ended(child)
        for client in clients:
            client.close()
    timeline = read(log)
    assert [] == timeline.damages
    return timeline


def _waiting(log: Path, request: int) -> bool | None:
    """Tell whether a request waits; the application's lifespan is number 0."""
    timeline = Timeline()
    with LogTail(log) as tail:
        timeline.feed(tail.read())
    lanes = [lane for lane in timeline.lanes if lane.role == "user"]
    return (len(lanes) > request and lanes[request].states[-1] == State.WAITING) or None


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
