"""Where a moment stands on the time axis: from `t`, the log's own nanoseconds, to nanoseconds of the ruler and back.

A scale never goes back, but it may stand still or leap. All that is drawn on the time axis asks it, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from triotrace.timeline.records import Run

__all__ = ["REAL_TIME", "Gap", "Piece", "RealTime", "Scale", "TimeView", "round_cell"]


class Piece(NamedTuple):
    """A part of the ruler on which the numbers go evenly: from `start` to `end`, where `start` is called `value`."""

    start: int
    end: int
    value: int


class Gap(NamedTuple):
    """A part of the ruler that has no numbers of its own: a leap of a clock, or a stretch folded to a few cells."""

    start: int
    end: int
    length: int
    """How many nanoseconds it stands for."""


class Scale(Protocol):
    """A map from `t` to the ruler."""

    still: bool
    """Whether it stands still while tasks run: a step has no length then."""

    def at(self, t: int) -> int:
        """Give where a moment is on the ruler (ns)."""

    def moment(self, x: int) -> int:
        """Give the first `t` that is at `x` on the ruler, or after it."""

    def deadline(self, run: Run, trio_time: int) -> int:
        """Give where a moment of a run's trio clock is on the ruler; it may lie ahead."""

    def pieces(self, start: int, end: int, origin: int) -> list[Piece]:
        """Give the numbered parts of the ruler from `start` to `end`; real time counts from `origin`."""

    def gaps(self, start: int, end: int) -> list[Gap]:
        """Give the parts without numbers that begin before `end` and end after `start`."""


class RealTime:
    """The ruler is `t` itself."""

    still = False

    def at(self, t: int) -> int:
        """Give where a moment is on the ruler (ns)."""
        return t

    def moment(self, x: int) -> int:
        """Give the first `t` that is at `x` on the ruler, or after it."""
        return x

    def deadline(self, run: Run, trio_time: int) -> int:
        """Give where a moment of a run's trio clock is on the ruler; it may lie ahead."""
        return run.moment(trio_time)

    def pieces(self, start: int, end: int, origin: int) -> list[Piece]:
        """Give the numbered parts of the ruler from `start` to `end`; real time counts from `origin`."""
        return [Piece(start, end, start - origin)]

    def gaps(self, start: int, end: int) -> list[Gap]:
        """Give none."""
        return []


REAL_TIME = RealTime()


@dataclass(frozen=True, slots=True)
class TimeView:
    """What of the run is on the screen: `width` cells of `cell` ns of the ruler each, from `start` on it."""

    start: int
    cell: int
    width: int
    origin: int = 0
    """Where the ruler says 0, if it shows real time."""
    playhead: int | None = None
    """The `t` whose column is marked; what comes after it is faint."""
    scale: Scale = REAL_TIME

    @classmethod
    def between(cls, start: int, end: int, width: int, *, spare: int = 0, origin: int = 0, scale: Scale) -> TimeView:
        """View the ruler from `start` to `end`, in `width` cells at most; `spare` cells are left free at the right."""
        cell = max(1, -(-(end - start + 1) // max(1, width - spare)))
        return cls(start, cell, width if spare else min(width, max(1, -(-(end - start) // cell))), origin, None, scale)

    def column(self, t: int) -> int:
        """Give the cell that holds a moment."""
        return self.cell_of(self.scale.at(t))

    def cell_of(self, x: int) -> int:
        """Give the cell that holds a place on the ruler."""
        return (x - self.start) // self.cell

    def moment(self, column: int) -> int:
        """Give the `t` at which a cell begins."""
        return self.scale.moment(self.start + column * self.cell)

    def edges(self) -> list[int]:
        """Give the `t` at which each cell begins, and at which the last one ends."""
        last = self.start + self.width * self.cell
        return [self.scale.moment(x) for x in range(self.start, last + 1, self.cell)]


def round_cell(cell: int) -> int:
    """Round a cell (ns) up to 1, 1.5, 2, 3, 5 or 7.5 of a power of ten: a picture that grows then rarely rescales."""
    power = 1
    while power * 10 <= cell:
        power *= 10
    return next(size for tenths in (10, 15, 20, 30, 50, 75, 100) if (size := -(-power * tenths // 10)) >= cell)
