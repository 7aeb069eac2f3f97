"""Programs that trace themselves: started with the environment that `launch` gives them, but by the test alone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeVar

import triotrace
from triotrace.events import Event
from triotrace.launch.apart import for_the_child
from triotrace.log import LogReader

T = TypeVar("T")

PATIENCE = 30.0
INJECT = Path(triotrace.__file__).parent / "tracing" / "inject"


class Program:
    """A script on its way, with its log, its status entries, and what it printed."""

    def __init__(
        self, folder: Path, text: str, *command: str, env: dict[str, str] | None = None, **agreed: Any
    ) -> None:
        self.log = folder / "log.jsonl"
        self.status = folder / "status"
        self.status.touch()
        self.script = folder / "script.py"
        self.script.write_text(dedent(text))
        terms = {
            "log": str(self.log),
            "status": str(self.status),
            "claim": "self",
            "pid": os.getpid(),
            "pythonpath": None,
            "order": "started",
            "source": True,
            "output": True,
            "capture": None,
            "max_size": 1024**3,
            "mine": [],
            **for_the_child(folder),
        } | agreed
        self.spills = [folder / "out", folder / "err"]
        streams: list[int] = [subprocess.PIPE, subprocess.PIPE]
        if terms["capture"]:
            terms["capture"] = {"stdout": str(self.spills[0]), "stderr": str(self.spills[1])}
            streams = [os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) for path in self.spills]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
        path = f"{INJECT}{os.pathsep}{terms['pythonpath']}" if terms["pythonpath"] else str(INJECT)
        child_env = kept | (env or {}) | {"PYTHONPATH": path, "TRIOTRACE": json.dumps(terms)}
        self.process = subprocess.Popen(
            [sys.executable, *(command or (str(self.script),))],
            cwd=folder,
            env=child_env,
            stdin=subprocess.DEVNULL,
            stdout=streams[0],
            stderr=streams[1],
            start_new_session=True,
        )
        if terms["capture"]:
            for descriptor in streams:
                os.close(descriptor)

    def events(self) -> list[Event]:
        """Return all whole events that are in the log now."""
        reader = LogReader(self.log.name)
        data = self.log.read_bytes()
        events = reader.feed(data[: data.rfind(b"\n") + 1])
        assert not reader.warnings
        return events

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of one kind."""
        return [event for event in self.events() if isinstance(event, kind)]

    def told(self) -> list[dict[str, Any]]:
        """Return the status entries."""
        return [json.loads(line) for line in self.status.read_text().splitlines()]

    def wait(self) -> tuple[str, str]:
        """Wait for the program's end; return what it printed where it always prints."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace")

    def until(self, look: Callable[[], T], *, within: float = PATIENCE) -> T:
        """Return what `look` returns once that is true."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with contextlib.suppress(FileNotFoundError):
                found = look()
                if found:
                    return found
            time.sleep(0.005)
        raise TimeoutError(f"in vain: {self.log.read_text()[-2000:] if self.log.exists() else 'no log'}")


@contextlib.contextmanager
def program(folder: Path, text: str, *command: str, **agreed: Any) -> Iterator[Program]:
    """Start a script; kill it in the end, if need be."""
    child = Program(folder, text, *command, **agreed)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.communicate()


def ran(folder: Path, text: str, *command: str, **agreed: Any) -> Program:
    """Run a script to its end; it must succeed."""
    with program(folder, text, *command, **agreed) as child:
        child.printed = child.wait()  # type: ignore[attr-defined]
        assert 0 == child.process.returncode, child.printed  # type: ignore[attr-defined]
        return child
