"""What the command line says: our own words to stderr, one clean line each; the program's, harmless."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from triotrace.clean import clean
from triotrace.events import Output, Stream

__all__ = ["last_lines", "repeat", "say", "wanted_stdin"]

_LONGEST = 2000
_AT_END: Final = "EOFError: EOF when reading a line"
"""Python's own words."""
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


def wanted_stdin(returncode: int, lines: Sequence[tuple[Stream, str]]) -> bool:
    """Tell whether a program ended with the very EOFError that `input()` raises at the end of standard input.

    `lines` are its last ones. A traceback ends with its exception; one of a group has a frame around each of its own.
    """
    if returncode != 1:
        return False
    for line in reversed([line for stream, line in lines if stream == "stderr"]):
        bare = line.lstrip(" |+-").rstrip()
        if bare:
            return bare == _AT_END
    return False


def _tidy(line: str) -> str:
    return clean(line.removesuffix("\r").expandtabs(), _LONGEST)
