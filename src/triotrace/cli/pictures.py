"""`show`: one log, one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from triotrace.export.text import picture
from triotrace.language import catalogue
from triotrace.log import read_log
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

__all__ = ["axis_for", "draw"]

Axis = Literal["steps", "time"]


def draw(log: Path, *, axis: Axis | None, width: int, last: int | None, language: str | None) -> tuple[str, list[str]]:
    """Return the picture of a log and what is odd about the log. Raises LogError."""
    timeline = Timeline()
    warnings: list[str] = []
    for batch in read_log(log, warn=warnings.append):
        timeline.feed(batch)
    program = timeline.header.argv if timeline.header else []
    words = Words(catalogue(language))
    return picture(timeline, axis=axis or axis_for(program), width=width, last=last, words=words), warnings


def axis_for(argv: list[str]) -> Axis:
    """Choose the axis of a log: steps for a script, as `run` does; a module's file is a package's `__main__.py`."""
    is_script = bool(argv) and argv[0].endswith(".py") and Path(argv[0]).name != "__main__.py"
    return "steps" if is_script else "time"
