"""The ruler over the time axis: round numbers, in the unit that suits them."""

from __future__ import annotations

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.scale import TimeView

__all__ = ["draw_ruler", "ruler_step"]

_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def ruler_step(cell: int, *, least: int = 8) -> int:
    """Give the distance (ns) between two numbers of a ruler: 1, 2 or 5 of a power of ten, at least so many cells."""
    need = cell * least
    power = 1
    while power * 10 <= need:
        power *= 10
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= need)


def draw_ruler(line: Line, view: TimeView) -> None:
    """Write the numbers that have room; the first one has its unit."""
    step = ruler_step(view.cell)
    size, unit = next((size, unit) for size, unit in _UNITS if step * 10 >= size or size == 1)
    digits = 0
    while step * 10**digits % size:
        digits += 1
    first = -(-(view.start - view.origin) // step)
    for tick in range(first, first + view.width * view.cell // step + 2):
        column = (view.origin + tick * step - view.start) // view.cell
        text = f"{tick * step / size:.{digits}f}"
        if tick == first:
            text = f"{text if tick else '0'} {unit}"
        if column + len(text) <= view.width:
            line.write(column, text, Ink.HEAD)
