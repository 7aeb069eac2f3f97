"""A ruler of real time on which long stretches in which nobody ran are folded to a few cells each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from triotrace.timeline.records import Run
from triotrace.timeline.scale import Gap, Piece, round_cell

__all__ = ["FOLD", "FoldedTime", "cell_to_fit"]

FOLD = 8
"""Cells of a stretch that is folded."""

Stretches = Sequence[tuple[int, int]]
"""(from, to) in ns of `t`, ascending, one after the other."""


class FoldedTime:
    """Real time from `origin` on, in cells of `cell` ns, without the longest of the stretches in which nobody ran.

    Each fold begins and ends with a cell, and all other cells are equally long: a share means the same in all of them.
    """

    still = False

    def __init__(self, stretches: Stretches, *, origin: int, cell: int, width: int) -> None:
        self._moments = [origin]
        """The `t` at which each part begins: by turns one that is shown whole and a fold ..."""
        self._places = [origin]
        """... and where on the ruler it begins."""
        self._span = FOLD * cell
        for start, end in stretches:
            # What ran is shown to the end of its last cell
            start = self._moments[-1] - (self._moments[-1] - start) // cell * cell
            if start >= self._moments[-1] and end - start >= worth_folding(width) * cell:
                place = self._places[-1] + start - self._moments[-1]
                self._moments += [start, end]
                self._places += [place, place + self._span]

    def at(self, t: int) -> int:
        """Give where a moment is on the ruler (ns)."""
        part = max(0, bisect_right(self._moments, t) - 1)
        into = t - self._moments[part]
        if part % 2:
            into = into * self._span // (self._moments[part + 1] - self._moments[part])
        return self._places[part] + into

    def moment(self, x: int) -> int:
        """Give the first `t` that is at `x` on the ruler, or after it."""
        part = max(0, bisect_right(self._places, x) - 1)
        into = x - self._places[part]
        if part % 2:
            into = -(-into * (self._moments[part + 1] - self._moments[part]) // self._span)
        return self._moments[part] + into

    def deadline(self, run: Run, trio_time: int) -> int:
        """Give where a moment of a run's trio clock is on the ruler; it may lie ahead."""
        return self.at(run.moment(trio_time))

    def pieces(self, start: int, end: int, origin: int) -> list[Piece]:
        """Give the numbered parts of the ruler from `start` to `end`; they count from `origin`."""
        stops = [*self._places[1:], max(end, self._places[-1])]
        parts = zip(self._moments[::2], self._places[::2], stops[::2], strict=True)
        return [
            Piece(max(start, place), min(end, stop), moment - origin + max(start, place) - place)
            for moment, place, stop in parts
            if max(start, place) < min(end, stop)
        ]

    def gaps(self, start: int, end: int) -> list[Gap]:
        """Give the folds that begin before `end` and end after `start`."""
        return [
            Gap(self._places[fold], self._places[fold + 1], self._moments[fold + 1] - self._moments[fold])
            for fold in range(1, len(self._places), 2)
            if self._places[fold] < end and self._places[fold + 1] > start
        ]


def worth_folding(width: int) -> int:
    """Give the cells from which on a stretch is folded: a tenth of the screen, and twice what its fold takes."""
    return max(2 * FOLD, width // 10)


def cell_to_fit(stretches: Stretches, *, origin: int, end: int, cells: int, width: int, least: int) -> int:
    """Give the shortest cell (ns) with which all fits into so many cells, what is worth folding being folded then."""
    busy = end - origin + 1 - sum(stop - start for start, stop in stretches)
    cell = round_cell(max(least, -(-busy // cells)))
    while (FoldedTime(stretches, origin=origin, cell=cell, width=width).at(end) - origin) // cell >= cells:
        cell = round_cell(cell + 1)
    return cell
