"""Programs under test, run as a user would: with plain `python`, or under `triotrace record`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from triotrace.events import Event
from triotrace.log import read_log

PATIENCE = 60.0
"""Seconds after which a program that should have ended has hung. No test waits so long when all is well."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: what its caller can see. `status` is -N for signal N."""

    stdout: bytes
    stderr: bytes
    status: int


def surroundings(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """Return an environment in which only `extra` differs from run to run, whoever started the tests."""
    unwanted = ("PYTHON", "PYTEST", "COVERAGE", "TRIOTRACE", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {"VIRTUAL_ENV": sys.prefix} | dict(extra)  # or a .venv above the script would be taken


def interruptible() -> None:
    """Let Ctrl+C work in the program, though these tests may run in the background, where a shell ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def plain(*words: str | Path) -> list[str]:
    """Return the command that runs a script with plain `python`."""
    return [sys.executable, *map(str, words)]


def record(log: Path, *words: str | Path, options: Sequence[str] = ()) -> list[str]:
    """Return the command that runs a script, with the same `python`, under `triotrace record`."""
    return [sys.executable, "-m", "triotrace", "record", "-o", str(log), *options, *map(str, words)]


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] = {},
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    before: Callable[[], None] = lambda: None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `command` in a process group of its own, which is killed at the end, come what may."""

    def prepare() -> None:
        interruptible()
        before()

    child = subprocess.Popen(
        command,
        cwd=cwd,
        env=surroundings(env),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=prepare,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        with child:  # closes the pipes and reaps
            pass


def ended(child: subprocess.Popen[bytes], given: bytes | None = None) -> Ended:
    """Wait until `child` has ended and all its output has been read."""
    stdout, stderr = child.communicate(given, timeout=PATIENCE)
    return Ended(stdout, stderr, child.returncode)


def until(look: Callable[[], T | None], *, what: str) -> T:
    """Return what `look` returns once that is not None; fail when it takes too long."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.01)
    raise TimeoutError(f"waited {PATIENCE:.0f} s in vain: {what}")


def events_of(log: Path) -> list[Event]:
    """Return all events of a log, header and footer included."""
    return [event for batch in read_log(log) for event in batch]
