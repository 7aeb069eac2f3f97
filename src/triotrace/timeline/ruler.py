"""The ruler over the time axis: round numbers, in the unit that suits them."""

from __future__ import annotations

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.scale import Piece, TimeView
from triotrace.timeline.widths import width_of
from triotrace.timeline.words import Words

__all__ = ["draw_ruler", "ruler_step"]

_LEAST = 8
"""Cells from number to number."""
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def ruler_step(cell: int, *, least: int = _LEAST) -> int:
    """Give the distance (ns) between two numbers of a ruler: 1, 2 or 5 of a power of ten, at least so many cells."""
    need = cell * least
    power = 1
    while power * 10 <= need:
        power *= 10
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= need)


def draw_ruler(line: Line, view: TimeView, words: Words, *, end: int) -> None:
    """Write the numbers that have room, the first one with its unit; name what lies between them.

    `end` is the `t` at which there is nothing more.
    """
    if view.scale.still:
        shown = min(view.scale.at(end), view.start + view.width * view.cell) - view.start
        really = words.really(max(0, shown), max(0, min(end, view.moment(view.width)) - view.moment(0)))
        _write(line, line.width - width_of(really), really)
    start, stop = view.start, view.start + view.width * view.cell
    for gap in view.scale.gaps(start, stop):
        first, last = view.cell_of(gap.start), view.cell_of(gap.end)
        if view.scale.still:
            _draw_leap(line, max(0, first), min(view.width, last), words.jump)
        else:
            length = f"╱{words.duration(gap.length)}╱"
            line.write((first + last - width_of(length)) // 2, length, Ink.LABEL)
    for i, piece in enumerate(view.scale.pieces(start, stop, view.origin)):
        _draw_numbers(line, view, piece, named=i == 0)


def _draw_leap(line: Line, start: int, end: int, word: str) -> None:
    """Say in the middle of a leap that the clock jumped; where there is no room for words, by a sign."""
    sign = f"»» {word} »»"
    room = end - start - 2 * _LEAST
    if room < width_of(sign):
        sign = "»»"
    if room >= 2:
        _write(line, (start + end - width_of(sign)) // 2, sign, Ink.LABEL)


def _draw_numbers(line: Line, view: TimeView, piece: Piece, *, named: bool) -> None:
    # Numbers of one ruler are as long as its last one, and a unit is as long as two more
    longest = max(piece.value + piece.end - piece.start, -piece.value)
    least = _LEAST
    while len(_text(longest, ruler_step(view.cell, least=least))) + 2 > least:
        least += 1
    step = ruler_step(view.cell, least=least)
    for value in range(-(-piece.value // step) * step, piece.value + piece.end - piece.start, step):
        text = _text(value, step)
        if named:
            text = f"{text if value else '0'} {_unit(step)[1]}"
        named &= not _write(line, view.cell_of(piece.start + value - piece.value), text)


def _unit(step: int) -> tuple[int, str]:
    return next((size, unit) for size, unit in _UNITS if step * 10 >= size or size == 1)


def _text(value: int, step: int) -> str:
    size, digits = _unit(step)[0], 0
    while step * 10**digits % size:
        digits += 1
    return f"{value / size:.{digits}f}"


def _write(line: Line, column: int, text: str, ink: Ink = Ink.HEAD) -> bool:
    """Write a text if it has room, with a blank around it."""
    end = column + width_of(text)
    free = column >= 0 and end <= line.width and not any(line.inks[max(0, column - 1) : end + 1])
    if free:
        line.write(column, text, ink)
    return free
