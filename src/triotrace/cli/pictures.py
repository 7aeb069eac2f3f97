"""`show`: one log, one picture."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Literal

from triotrace.errors import LogError
from triotrace.export.part import Part
from triotrace.export.text import page
from triotrace.language import catalogue
from triotrace.log import read_log
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

__all__ = ["axis_for", "draw", "shows_glyphs", "terminal_width"]

Axis = Literal["steps", "time"]


def draw(
    log: Path,
    *,
    axis: Axis | None,
    width: int,
    part: Part,
    system: bool,
    seven_bits: bool,
    everything: bool,
    language: str | None,
) -> tuple[Iterator[str], list[str]]:
    """Return the picture of a log, `-` for stdin, as lines, and what is odd about it. Raises LogError, UsageError."""
    timeline = Timeline()
    warnings: list[str] = []
    for batch in read_log(log, warn=warnings.append, file=_spooled() if str(log) == "-" else None):
        timeline.feed(batch)
    if axis is None and any(bound is not None and bound.unit is not None for bound in (part.start, part.end)):
        axis = "time"
    axis = axis or axis_for(timeline.header.argv if timeline.header else [])
    words = Words(catalogue(language))
    drawn = page(
        timeline,
        axis=axis,
        width=width,
        part=part,
        system=system,
        seven_bits=seven_bits,
        everything=everything,
        words=words,
    )
    return drawn, warnings


def axis_for(argv: list[str]) -> Axis:
    """Choose the axis of a log: steps for a script, as `run` does; a module's file is a package's `__main__.py`."""
    is_script = bool(argv) and argv[0].endswith(".py") and Path(argv[0]).name != "__main__.py"
    return "steps" if is_script else "time"


def shows_glyphs() -> bool:
    """Tell whether what reads standard output takes UTF-8. A pipe in a bare locale does: such a locale says nothing."""
    if sys.stdout is None:
        return True
    try:
        encoding = codecs.lookup(sys.stdout.encoding).name
    except (LookupError, TypeError):
        return True
    return encoding == "utf-8" or (encoding == "ascii" and not sys.stdout.isatty())


def terminal_width() -> int:
    """Give the columns of the terminal, also when only stderr or stdin leads there: a pipe gets the same picture."""
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # none, closed, or no terminal
            return shutil.get_terminal_size((os.get_terminal_size(stream.fileno()).columns, 24)).columns  # type: ignore[union-attr]
    return shutil.get_terminal_size((100, 24)).columns


def _spooled() -> FileIO:
    """Take a log from stdin. Raises LogError."""
    if sys.stdin is None or sys.stdin.isatty():
        raise LogError("-: a log is read from stdin, and none comes from there: `... | triotrace show -`")
    # A reader looks back where the end is torn, and a pipe cannot
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  the reader closes it
    shutil.copyfileobj(sys.stdin.buffer, file)
    file.seek(0)
    return file
