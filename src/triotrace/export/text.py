"""The picture as plain text: for pipes, issues, small screens and screen readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

from triotrace.export.ascii import legend, to_ascii
from triotrace.export.digest import within
from triotrace.export.drawing import Drawing
from triotrace.export.heading import heading, packed
from triotrace.export.part import ALL, Part
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

__all__ = ["page", "picture"]


def page(
    timeline: Timeline,
    *,
    axis: Literal["steps", "time"] = "steps",
    width: int = 100,
    part: Part = ALL,
    system: bool = False,
    seven_bits: bool = False,
    everything: bool = False,
    words: Words | None = None,
) -> Iterator[str]:
    """Draw what can be pasted elsewhere, line by line: a heading, the picture, and in seven bits a legend.

    Of a picture of more than LONGEST characters a digest is drawn, unless a span of it was asked for or `everything`.
    Raises UsageError before the first line.
    """
    words = words or Words()
    drawing = Drawing(timeline, axis, width, system=system, seven_bits=seven_bits, words=words)
    drawn: Iterable[str] | None = drawing.lines(part)
    if not everything and part.start is None and part.end is None and part.last is None:
        drawn = within(map(str.rstrip, drawn or ()))
    if drawn is None:
        drawing.used.clear()
        drawn = drawing.digest(part)
    lines = chain(packed(heading(timeline, words), width, "; "), drawn, packed(drawing.left_out(), width, ""))
    if not seven_bits:
        yield from map(str.rstrip, lines)
        return
    yield from (to_ascii(line).rstrip() for line in lines)
    # What is used is known when all is drawn
    yield from map(to_ascii, packed(legend(drawing.used, words.catalogue.gettext), width, "   "))


def picture(
    timeline: Timeline,
    *,
    axis: Literal["steps", "time"] = "steps",
    width: int = 100,
    part: Part = ALL,
    zoom: int | None = None,
    system: bool = False,
    words: Words | None = None,
) -> str:
    """Draw a timeline as lines of at most `width` cells, each ended by a newline. Raises UsageError.

    The step axis is cut into as many bands as the tape needs. A band has the rows of those who live in it. `zoom` is
    the width of a step, one of ZOOMS; left out, it is chosen.
    """
    lines = Drawing(timeline, axis, width, zoom=zoom, system=system, words=words or Words()).lines(part)
    return "".join(line.rstrip() + "\n" for line in lines)
