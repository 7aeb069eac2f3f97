"""How a run ended: its status, and the lines that are to be said when it is over."""

from __future__ import annotations

import codecs
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from triotrace.clean import clean
from triotrace.errors import LogError
from triotrace.events import Event, Nanoseconds, Output, Stream
from triotrace.launch.inside import Report, Workplace
from triotrace.launch.names import LogPlace
from triotrace.log import convert_log, finish_log, is_converted

__all__ = ["Outcome", "convert", "describe_status", "finish_recording", "leftovers"]

_READ_AT_ONCE = 16 * 1024  # bytes: never more characters than an `output` event may hold


@dataclass(frozen=True, slots=True)
class Outcome:
    """`returncode` is -N for signal N; each of `sentences` is a line for the user.

    `log` is None when there is none; then `untold` is what the program printed.
    """

    returncode: int
    log: Path | None
    sentences: tuple[str, ...]
    untold: tuple[Output, ...] = ()

    @property
    def status(self) -> int:
        """The exit status as a shell shows it."""
        return 128 - self.returncode if self.returncode < 0 else self.returncode


def describe_status(returncode: int) -> str:
    """Say how a program ended."""
    if returncode >= 0:
        return "ended" if not returncode else f"ended with exit status {returncode}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"was ended by signal {-returncode}"


def finish_recording(
    place: LogPlace, workplace: Workplace, *, returncode: int, spilled: bool, max_size: int
) -> tuple[Report, list[str]]:
    """Append what was printed last and the footer; return what the child told, and what went wrong with the log."""
    report = workplace.report()
    if not place.lines.exists():
        return report, []

    def last_words(t: Nanoseconds) -> Iterator[Event]:
        if spilled:
            room = max(0, max_size - place.lines.stat().st_size)
            yield from leftovers(workplace, report, t, room=room)

    try:
        finish_log(place.lines, exit=returncode, lost=report.lost_count, last_words=last_words)
    except LogError as error:
        return report, [str(error)]
    return report, []


def leftovers(workplace: Workplace, report: Report, t: Nanoseconds, *, room: int) -> Iterator[Output]:
    """Yield what the program printed past its own text layer and could not tell itself: at most `room` bytes."""
    for stream in get_args(Stream):
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with contextlib.suppress(OSError), workplace.spills[stream].open("rb") as file:
            file.seek(report.consumed.get(stream, 0))
            while room > 0 and (chunk := file.read(min(room, _READ_AT_ONCE))):
                room -= len(chunk)
                if text := decode(chunk):
                    yield Output(t=t, stream=stream, text=text)
            if file.read(1):
                yield Output(t=t, stream=stream, text="… [more was printed than the log may hold]\n")
            elif text := decode(b"", True):
                yield Output(t=t, stream=stream, text=text)


def convert(place: LogPlace) -> tuple[Path | None, list[str]]:
    """Give the log its final form; return where it lies, and what went wrong."""
    if not place.lines.exists():
        return None, []
    if place.lines == place.final:
        return place.final, []
    final, lines = clean(str(place.final)), clean(str(place.lines))
    if not place.may_take_its_name:
        return place.lines, [f"{final} was made meanwhile and stays; the log is {lines}"]
    try:
        if is_converted(place.final):
            convert_log(place.lines, place.final)
            place.lines.unlink(missing_ok=True)
        else:
            place.lines.replace(place.final)
    except LogError as error:
        return place.lines, [str(error)]
    except OSError as error:
        return place.lines, [f"{final}: cannot be replaced: {error.strerror}; the log is {lines}"]
    return place.final, []
