"""A line of a picture: one character a cell, each with its ink. What draws it chooses the colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from enum import IntEnum
from itertools import groupby

__all__ = ["FUTURE", "PLAYHEAD", "Ink", "Line", "cells", "fit", "width_of"]


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


PLAYHEAD = 64
"""Added to an ink: the playhead's column."""
FUTURE = 128
"""Added to an ink: it comes after the playhead."""


def cells(text: str) -> list[str]:
    """Split text into cells of a terminal: a wide character is followed by an empty cell."""
    split: list[str] = []
    for character in text:
        if unicodedata.combining(character) or character in "\u200d\ufe0f\ufe0e\u200b":
            # Joiners and variation selectors are drawn differently everywhere: they go
            if unicodedata.combining(character) and split and split[-1]:
                split[-1] += character
            continue
        split.append(character)
        if unicodedata.east_asian_width(character) in "WF":
            split.append("")
    return split


def width_of(text: str) -> int:
    """Count the cells that a text takes."""
    return len(cells(text)) if not text.isascii() else len(text)


def fit(branch: str, label: str, width: int) -> str:
    """Fit a row's part of the tree and its name into exactly `width` cells: deep in a tree, the name stays."""
    room = max(1, width - 1)
    name = cells(label)
    stem = cells(branch)
    least = min(len(stem), max(2, room - len(name)))
    if len(stem) + len(name) > room and least < len(stem):
        stem = ["…", *stem[len(stem) - least + 1 :]]
    split = stem + name
    if len(split) > room:
        whole = room - 1 if split[room - 1] else room - 2  # no half of a wide character
        split = [*split[:whole], "…"]
    return "".join(split) + " " * (width - len(split))


class Line:
    """A row of `width` cells to write on; what does not fit is cut."""

    __slots__ = ("glyphs", "inks", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.glyphs = [" "] * width
        self.inks = bytearray(width)

    def fill(self, start: int, end: int, glyph: str, ink: Ink) -> None:
        """Write a glyph into the cells start to end, end not included."""
        start, end = max(0, start), min(self.width, end)
        if start < end:
            self.glyphs[start:end] = [glyph] * (end - start)
            self.inks[start:end] = bytes([ink]) * (end - start)

    def put(self, column: int, glyph: str, ink: Ink) -> None:
        """Write a glyph of one cell."""
        if 0 <= column < self.width:
            self.glyphs[column] = glyph
            self.inks[column] = ink

    def is_blank(self, column: int) -> bool:
        """Tell whether nothing is written on a cell of the line."""
        return 0 <= column < self.width and self.glyphs[column] == " "

    def write(self, column: int, text: str, ink: Ink) -> int:
        """Write words; return the column after them."""
        split = cells(text)
        for i, glyph in enumerate(split):
            at = column + i
            if glyph == "" and at >= self.width:
                break
            if 0 <= at < self.width:
                # Half of a wide character at the edge cannot be drawn
                torn = at + 1 == self.width and i + 1 < len(split) and split[i + 1] == ""
                self.put(at, " " if torn or (glyph == "" and at == 0) else glyph, ink)
        return column + len(split)

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
