"""`run`, `demo` and `replay`: a living program or a tape, in the viewer; and the last words on the normal screen."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote
from types import FrameType
from typing import Literal

from triotrace.cli.pictures import axis_for
from triotrace.cli.say import repeat, say
from triotrace.errors import LogError, TriotraceError
from triotrace.events import Output
from triotrace.launch import Child, LogPlace, Outcome, Target, Wishes, describe_status
from triotrace.log import LogTail, keep_log, read_kind

__all__ = ["require_terminal", "watch_live", "watch_tape"]

Axis = Literal["steps", "time"]


class Tape:
    """What the viewer drives when there is a log and no program."""

    living = False

    def __init__(self, log: Path) -> None:
        self.log = log

    def interrupt(self) -> None:
        """There is nothing to interrupt."""

    def keep(self, path: Path) -> Path:
        """Copy the log to `path`. Raises TriotraceError."""
        return keep_log(self.log, path)


def require_terminal(command: str, instead: str) -> None:
    """Raise TriotraceError unless a viewer can be shown: keys come from stdin, and it draws on stderr."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise TriotraceError(f"{command} needs a terminal, on stdin and stderr: {instead}")


def watch_live(
    program: Target, python: Path, place: LogPlace, wishes: Wishes, *, axis: Axis, stdin: Path | None = None
) -> int:
    """Run `program`, watch it until the user leaves, end it, and return the exit status."""
    quit_first, requested, failure = True, None, None
    # The program starts before Textual is imported, which takes longer than many a lesson.
    child = Child(program, python, place, wishes, **({} if stdin is None else {"stdin": stdin}))
    try:
        with _terminated_by_signals():
            from triotrace.source import FileSource
            from triotrace.viewer.app import watch

            source = FileSource(child.log, lambda: child.living)
            requested = watch(source, program=child, title=program.title, axis=axis)
    except LogError as error:
        failure = str(error) if child.log.exists() else None  # without a log, the outcome says why
    finally:
        quit_first = child.living
        outcome = child.finish()
    _say_last_words(program, outcome, quit_first=quit_first)
    if failure is not None:
        say(failure)
        return LogError.exit_code
    if requested is not None:
        return requested
    return 0 if quit_first else outcome.status


def watch_tape(log: Path, *, axis: Axis | None) -> int:
    """Watch a log until the user leaves. Raises LogError."""
    with LogTail(log) as tail:  # what is no log is told here, before the screen is taken
        if not tail.read():
            tail.finish()
        argv = tail.reader.header.argv if tail.reader.header else []
    from triotrace.source import FileSource
    from triotrace.viewer.app import watch

    source = FileSource(log)
    requested = watch(source, program=Tape(log), title=" ".join(argv) or log.name, axis=axis or axis_for(argv))
    for warning in source.warnings:
        say(warning)
    return requested or 0


def _say_last_words(program: Target, outcome: Outcome, *, quit_first: bool) -> None:
    prints: Iterable[Output] = outcome.untold
    if outcome.log:
        prints = read_kind(outcome.log, Output)
    try:
        repeat(prints)
    except LogError as error:
        say(str(error))
    told = "was ended as you left" if quit_first else describe_status(outcome.returncode)
    say(f"{program.short} {told}")
    for sentence in outcome.sentences:
        say(sentence)
    if outcome.log:
        say(f"again: triotrace replay {quote(str(outcome.log))}")


@contextlib.contextmanager
def _terminated_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exit that ends the program too; the viewer has handlers of its own later."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    old = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
