"""`run`, `demo` and `replay`: a living program or a tape, in the viewer; and the last words on the normal screen."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from traceback import format_exc
from types import FrameType
from typing import TYPE_CHECKING, Literal

from triotrace.clean import clean
from triotrace.cli.pictures import axis_for
from triotrace.cli.say import last_lines, repeat, say, wanted_stdin
from triotrace.cli.tracebacks import keep_traceback
from triotrace.errors import LogError, TriotraceError
from triotrace.events import Output, Stream
from triotrace.export.heading import program_of
from triotrace.language import catalogue
from triotrace.launch import Changes, Child, LogPlace, Outcome, Python, Target, Wishes, describe_status
from triotrace.log import LogTail, keep_log, read_kind
from triotrace.viewer.program import StillTape

if TYPE_CHECKING:
    from triotrace.source import FileSource  # it brings trio along, which takes time

__all__ = ["Show", "require_terminal", "watch_live", "watch_tape"]

NO_STDIN = Path(os.devnull)
Axis = Literal["steps", "time"]
LastLines = tuple[int, list[tuple[Stream, str]]]


class Tape(StillTape):
    """What the viewer drives when there is a log and no program."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def keep(self, path: Path) -> Path:
        """Copy the log to `path`. Raises TriotraceError."""
        return keep_log(self.log, path)


def require_terminal(command: str, instead: str) -> None:
    """Raise TriotraceError unless a viewer can be shown: keys come from stdin, and it draws on stderr."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise TriotraceError(f"{command} needs a terminal, on stdin and stderr: {instead}")
    if os.environ.get("TERM") == "dumb":
        raise TriotraceError(f"{command} needs a terminal that can be drawn on, and TERM is dumb: {instead}")


@dataclass(frozen=True, slots=True)
class Show:
    """What is run, and how it is watched."""

    program: Target
    python: Python
    wishes: Wishes
    place: Callable[[], LogPlace]
    """The log of the first run."""
    further: Callable[[LogPlace], LogPlace]
    """The log of a run after the first."""
    axis: Axis
    stdin: Path = NO_STDIN
    language: str | None = None
    watches_files: bool = False


class _Runs:
    """The run on the screen; `again` ends it and starts the next."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._first = show.place()
        self.child = self._start(self._first, paused=show.wishes.paused)

    def again(self, paused: bool) -> tuple[FileSource, Child]:
        """End the program, start it anew, and return what to watch. Raises TriotraceError."""
        pace = self.child.pace
        self.child.finish()
        place = self._show.further(self._first)
        self.child = self._start(place, paused=paused or self._show.wishes.paused, pace=pace)
        return self.source(), self.child

    def source(self) -> FileSource:
        """Return the source of the present run."""
        from triotrace.source import FileSource

        child = self.child
        return FileSource(child.log, lambda: child.living, child.control.wait_answer)

    def _start(self, place: LogPlace, *, paused: bool, pace: float | None = None) -> Child:
        show = self._show
        wishes = replace(show.wishes, paused=paused, pace=pace or show.wishes.pace)
        return Child(show.program, show.python.path, place, wishes, stdin=show.stdin)


def watch_live(show: Show) -> int:
    """Run a program, watch it until the user leaves, end it, and return the exit status."""
    requested, failure = None, None
    changes = Changes(show.program) if show.watches_files else None
    with _Endings() as endings:
        # The program starts before Textual is imported, which takes longer than many a lesson.
        runs = _Runs(show)
        keep = keep_traceback(lambda: runs.child.log)
        try:
            endings.allow()
            from triotrace.viewer.app import watch

            endings.make_ctrl_c_a_key()
            requested = watch(
                runs.source(),
                program=runs.child,
                title=show.python.beside(show.program.title),
                axis=show.axis,
                catalogue=catalogue(show.language),
                again=runs.again,
                changed=None if changes is None else changes.changed,
                keep_traceback=keep,
            )
        except LogError as error:
            failure = str(error) if runs.child.log.exists() else None  # without a log, the outcome says why
        except Exception as error:
            _say_failed(error, keep(format_exc()), then=f"{show.program.short} goes on; Ctrl+C interrupts it")
            endings.hand_ctrl_c_to(runs.child.interrupt)
            runs.child.go_on_alone()
        finally:
            endings.forbid()
            quit_first = runs.child.living
            # What the program says of its own end at our hands is no news to who left
            prints = _prints_of(runs.child.log) if quit_first else None
            if changes is not None:
                changes.close()
            outcome = runs.child.finish()
    _say_last_words(show, outcome, prints=prints)
    if failure is not None:
        say(failure)
        return LogError.exit_code
    if requested is not None:
        return requested
    return 0 if quit_first else outcome.status


def watch_tape(log: Path, *, axis: Axis | None, pace: float | None, paused: bool, language: str | None) -> int:
    """Watch a log until the user leaves. Raises LogError."""
    with LogTail(log) as tail:  # what is no log is told here, before the screen is taken
        if not tail.read():
            tail.finish()
        argv = tail.reader.header.argv if tail.reader.header else []
    from triotrace.source import FileSource
    from triotrace.viewer.app import watch

    source = FileSource(log)
    tape = Tape(log)
    tape.set_pace(pace)
    keep = keep_traceback(lambda: log)
    try:
        requested = watch(
            source,
            program=tape,
            title=program_of(argv) if argv else log.name,
            axis=axis or axis_for(argv),
            catalogue=catalogue(language),
            at_start=paused,
            plays=pace is not None and not paused,
            keep_traceback=keep,
        )
    except TriotraceError:
        raise
    except Exception as error:
        _say_failed(error, keep(format_exc()), then=f"triotrace show {quote(str(log))} needs no viewer")
        return 1
    for warning in source.warnings:
        say(warning)
    return requested or 0


def _say_failed(error: Exception, kept: Path | None, *, then: str) -> None:
    where = "" if kept is None else f" (see {clean(str(kept))})"
    say(f"the viewer failed: {clean(f'{type(error).__name__}: {error}', 200)}{where}; {then}")


def _prints_of(log: Path) -> LastLines:
    if not log.exists():
        return 0, []
    try:
        return last_lines(read_kind(log, Output))
    except LogError as error:
        say(str(error))
    return 0, []


def _say_last_words(show: Show, outcome: Outcome, *, prints: LastLines | None) -> None:
    """Repeat what the program printed, and say how it ended; `prints` are given if the user left before that."""
    told = describe_status(outcome.returncode) if prints is None else "was ended as you left"
    told_by_program = prints is None
    if prints is None:
        prints = _prints_of(outcome.log) if outcome.log else last_lines(outcome.untold)
    repeat(*prints)
    say(f"{show.program.short} {told}")
    if told_by_program and show.stdin == NO_STDIN and wanted_stdin(outcome.returncode, prints[1]):
        say("it wanted to read, and its standard input is empty here: --stdin FILE gives it one")
    for sentence in outcome.sentences:
        say(sentence)
    if show.python.origin:
        say(show.python.sentence())
    if outcome.log:
        say(f"again: triotrace replay {quote(str(outcome.log))}")


class _Endings:
    """SIGTERM and SIGHUP while there is a program to end too. The viewer, as long as it is there, has its own."""

    def __init__(self) -> None:
        self._allowed = False
        self._waiting: int | None = None
        self._old = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}

    def __enter__(self) -> _Endings:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._leave)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def allow(self) -> None:
        """Leave by SystemExit from now on, and at once if a signal came before."""
        self._allowed = True
        if self._waiting is not None:
            raise SystemExit(128 + self._waiting)

    def make_ctrl_c_a_key(self) -> None:
        """Ignore SIGINT: the viewer gets the key itself, and it can be pressed while the terminal changes hands."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def hand_ctrl_c_to(self, interrupt: Callable[[], None]) -> None:
        """Let Ctrl+C interrupt the program, which has a session of its own, while there is no viewer to get the key."""
        signal.signal(signal.SIGINT, lambda *_: interrupt())

    def forbid(self) -> None:
        """Ignore them, and Ctrl+C: whoever cannot wait would leave the program behind."""
        for number in self._old:
            signal.signal(number, signal.SIG_IGN)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        if self._allowed:
            raise SystemExit(128 + number)
        self._waiting = number
