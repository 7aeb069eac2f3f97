"""What the program said, in one row under or over the time axis: each text begins at its moment."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.records import Print
from triotrace.timeline.scale import TimeView
from triotrace.timeline.widths import cut, width_of

__all__ = ["draw_said"]

_APART = 12
"""Cells: what is said within so many is one text, or of ten prints a millisecond no word could be read."""
_MOST_READ = 1_000
"""Prints that are looked at for one text: a million blank lines say no more."""


def draw_said(line: Line, view: TimeView, said: list[Print], ink: Ink, sign: str = "") -> None:
    """Write texts, each behind a sign if there is one; of two the first is cut.

    On paper, where no playhead asks what was said when, the last text ends at the right edge rather than that it is cut
    there: it is often the result.
    """
    texts: list[tuple[int, str]] = []
    at, after = _first_from(said, view.moment(0)), _first_from(said, view.moment(view.width))
    while at < after:
        start = view.column(said[at].t)
        stop = min(after, _first_from(said, view.moment(start + _APART)))
        text = ""
        for i in range(at, min(stop, at + _MOST_READ)):
            # Megabytes may be printed in a cell: no more is read than the line can show
            text = f"{text} {sign}{' '.join(said[i].text[: 2 * line.width].split())}".lstrip()
            if width_of(text) > line.width:
                break
        texts.append((start, text))
        at = max(at + 1, stop)
    free = 0
    for (start, text), (following, _) in pairwise([*texts, (line.width + 1, "")]):
        if following > line.width and not sign and view.playhead is None:
            start = max(free, min(start, line.width - width_of(text)))
        free = 1 + line.write(start, cut(text, following - 1 - start), ink)


def _first_from(said: list[Print], t: int) -> int:
    return bisect_left(said, t, key=lambda entry: entry.t)
