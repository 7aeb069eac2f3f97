"""What the command line says: our own words to stderr, one clean line each; the program's, harmless."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from typing import Final

from triotrace.clean import clean
from triotrace.events import Output, Stream

__all__ = ["last_lines", "repeat", "say"]

_LONGEST = 2000
SHOWN: Final = 200
"""Lines of the program's prints that `run` repeats on leaving."""


def say(text: str) -> None:
    """Write one line to stderr; where there is none, nobody can be told."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"triotrace: {clean(text, _LONGEST)}\n")
            sys.stderr.flush()


def last_lines(prints: Iterable[Output], count: int = SHOWN) -> tuple[int, list[tuple[Stream, str]]]:
    """Return the last `count` lines that were printed, each clean and with its stream, and how many came before."""
    lines: list[tuple[Stream, str]] = []
    unfinished: dict[Stream, str] = {}
    before = 0
    for printed in prints:
        *whole, rest = (unfinished.pop(printed.stream, "") + printed.text).split("\n")
        lines += [(printed.stream, line) for line in whole]
        if rest:
            unfinished[printed.stream] = rest[-_LONGEST:]
        if len(lines) > 2 * count:
            before += len(lines) - count
            del lines[:-count]
    lines += unfinished.items()
    before += max(0, len(lines) - count)
    return before, [(stream, _tidy(line)) for stream, line in lines[-count:]]


def repeat(before: int, lines: Iterable[tuple[Stream, str]]) -> None:
    """Write to the normal screen what `last_lines` gave, each line to the stream it was meant for."""
    if before:
        say(f"{before} earlier lines are left out here")
    for stream, line in lines:
        out = sys.stdout if stream == "stdout" else sys.stderr
        if out is not None:
            out.write(line + "\n")
            out.flush()  # the two streams meet on one screen, in this order


def _tidy(line: str) -> str:
    return clean(line.removesuffix("\r").expandtabs(), _LONGEST)
