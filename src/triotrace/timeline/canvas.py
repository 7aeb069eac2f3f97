"""A line of a picture: one character a cell, each with its ink. What draws it chooses the colours."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from itertools import groupby

from triotrace.timeline.widths import cells

__all__ = ["FUTURE", "PLAYHEAD", "Ink", "Line"]


class Ink(IntEnum):
    """What a cell means; the theme gives it a colour."""

    BLANK = 0
    RUNNING = 1
    VERB = 2
    """A word on a running block."""
    FOLDED = 3
    """A step of a lane that is folded away."""
    READY = 4
    WAITING = 5
    LABEL = 6
    """Words on a waiting stretch."""
    BATON = 7
    MARK = 8
    """Made ready."""
    JOIN = 9
    RETURNED = 10
    RAISED = 11
    CANCELLED = 12
    LOOP = 13
    """A sleep of the whole loop."""
    LOOP_VERB = 19
    NEXT = 20
    """The task that is next."""
    HEAD = 14
    """Numbers of steps, the ruler."""
    PRINT = 15
    UNKNOWN = 16
    SCOPE = 17
    SPARE = 18
    """Time that a scope had left."""
    HELD = 21
    """Here is what the chosen task waits for."""
    SHIELD = 22
    """A shield that holds a cancellation off."""


PLAYHEAD = 64
"""Added to an ink: the playhead's column."""
FUTURE = 128
"""Added to an ink: it comes after the playhead."""


class Line:
    """A row of `width` cells to write on; what does not fit is cut."""

    __slots__ = ("glyphs", "inks", "wide", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.glyphs = [" "] * width
        self.inks = bytearray(width)
        self.wide = False
        """Whether there may be wide characters, each followed by an empty cell."""

    def fill(self, start: int, end: int, glyph: str, ink: Ink) -> None:
        """Write a glyph into the cells start to end, end not included."""
        start, end = max(0, start), min(self.width, end)
        if start < end:
            if self.wide:
                self._blank_halves(start, end)
            self.glyphs[start:end] = [glyph] * (end - start)
            self.inks[start:end] = bytes([ink]) * (end - start)

    def put(self, column: int, glyph: str, ink: Ink) -> None:
        """Write a glyph of one cell."""
        if 0 <= column < self.width:
            if self.wide:
                self._blank_halves(column, column + 1)
            self.glyphs[column] = glyph
            self.inks[column] = ink

    def _blank_halves(self, start: int, end: int) -> None:
        """Blank what is left of wide characters of which the cells start to end take the other half."""
        if not self.glyphs[start] and start:
            self.glyphs[start - 1] = " "
        if end < self.width and not self.glyphs[end]:
            self.glyphs[end] = " "

    def is_blank(self, column: int) -> bool:
        """Tell whether nothing is written on a cell of the line."""
        return 0 <= column < self.width and self.glyphs[column] == " "

    def write(self, column: int, text: str, ink: Ink) -> int:
        """Write words; return the column after them."""
        split = cells(text)
        after = column + len(split)
        start, end = max(0, column), min(self.width, after)
        if start < end:
            part = split[start - column : end - column]
            if not part[0]:
                part[0] = " "  # half of a wide character at the edge cannot be drawn
            if end < after and not split[end - column]:
                part[-1] = " "
            if self.wide:
                self._blank_halves(start, end)
            self.wide = self.wide or "" in part
            self.glyphs[start:end] = part
            self.inks[start:end] = bytes([ink]) * (end - start)
        return after

    def tint(self, start: int, end: int, flag: int) -> None:
        """Add PLAYHEAD or FUTURE to the cells start to end."""
        for column in range(max(0, start), min(self.width, end)):
            self.inks[column] |= flag

    def untint(self, start: int, end: int, flag: int) -> None:
        """Take PLAYHEAD or FUTURE from the cells start to end."""
        for column in range(max(0, start), min(self.width, end)):
            self.inks[column] &= ~flag

    @property
    def text(self) -> str:
        """The line without its inks."""
        return "".join(self.glyphs)

    def pieces(self) -> Iterator[tuple[str, int]]:
        """Give the line as runs of one ink: (text, ink with flags)."""
        column = 0
        for ink, group in groupby(self.inks):
            length = sum(1 for _ in group)
            yield "".join(self.glyphs[column : column + length]), ink
            column += length
