"""The part of a run that is on the screen, one window an axis: where it begins, and how large a step or a cell is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from triotrace.timeline.columns import ZOOMS, StepsView
from triotrace.timeline.folded_time import FoldedTime, cell_to_fit
from triotrace.timeline.scale import REAL_TIME, Scale, TimeView, round_cell
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.trio_time import TrioTime

__all__ = ["Direction", "Moment", "StepWindow", "TimeWindow"]

Direction = Literal[1, -1]

_LEAST_CELL = 100
"""Nanoseconds: nothing in Python is shorter."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the playhead is on the tape, in slots and in ns of `t`; `width` cells are there to show it."""

    playhead: int
    end: int
    time: int
    origin: int
    """The `t` that is 0 on a ruler of real time."""
    now: int
    following: bool
    width: int
    timeline: Timeline
    column: int = 0
    """The playhead's column on the step axis ..."""
    columns: int = 0
    """... of so many."""
    folded: bool = True
    margin: int = 2
    """Cells at the right that a picture of the whole run leaves free."""
    folds_idle: bool = False
    """Whether long stretches in which nobody ran take but a few cells of a ruler of real time."""


class StepWindow:
    """A window of the step axis."""

    def __init__(self) -> None:
        self.first = 1
        self._zoom = 0

    def view(self, moment: Moment) -> StepsView:
        """Give what is to be drawn."""
        return StepsView(self.first, moment.width, ZOOMS[self._zoom], moment.playhead, moment.folded)

    def shown(self, moment: Moment) -> int:
        """Count the columns that are seen whole."""
        return max(1, moment.width // ZOOMS[self._zoom])

    def keep_in_view(self, moment: Moment) -> None:
        """Move so that the playhead is seen."""
        shown = self.shown(moment)
        if moment.following:
            self.first = moment.columns - shown + 1
        elif moment.column < self.first:
            self.first = moment.column - shown // 3
        elif moment.column >= self.first + shown:
            self.first = moment.column - shown + 1 + shown // 3
        self.first = max(1, min(self.first, moment.columns))

    def zoom(self, moment: Moment, direction: Direction, *, at: int | None = None) -> None:
        """Zoom in (1) or out (-1) around the playhead, or around the cell `at`, which then shows what it showed."""
        under = None if at is None else self.column_at(moment, at)
        self._zoom = max(0, min(len(ZOOMS) - 1, self._zoom - direction))
        if at is not None and under is not None:
            self.first = max(1, min(under - at // ZOOMS[self._zoom], moment.columns))
            return
        self.first = moment.column - self.shown(moment) // 2
        self.keep_in_view(moment)

    def fit(self, moment: Moment) -> None:
        """Show as many steps as can be told apart."""
        fitting = (i for i, zoom in enumerate(ZOOMS) if moment.columns * zoom <= moment.width)
        self._zoom = next(fitting, len(ZOOMS) - 1)
        self.first = 1
        self.keep_in_view(moment)

    def pan(self, moment: Moment, direction: Direction, *, cells: int | None = None) -> None:
        """Look left (-1) or right (1) by half a window, or by so many cells."""
        shown = self.shown(moment)
        last = max(1, moment.columns - shown + 1)
        by = max(1, (moment.width // 2 if cells is None else cells) // ZOOMS[self._zoom])
        self.first = max(1, min(self.first + direction * by, last))

    def column_at(self, moment: Moment, cell: int) -> int:
        """Give the column that a cell shows."""
        return max(0, min(self.first + cell // ZOOMS[self._zoom], moment.columns))


class TimeWindow:
    """A window of the time axis, on a ruler of real time or of trio's. Until somebody zooms, the whole run fits."""

    def __init__(self) -> None:
        self._cell: int | None = None
        self._start = 0
        self._trio_time: TrioTime | None = None
        self._ruler: object = None
        """What kind of ruler it was last."""
        self._view: tuple[object, TimeView] | None = None

    def view(self, moment: Moment) -> TimeView:
        """Give what is to be drawn."""
        timeline = moment.timeline
        if self._trio_time is None or self._trio_time.timeline is not timeline:
            self._trio_time = TrioTime(timeline)
        trios = self._trio_time.update()
        scale: Scale = self._trio_time if trios else REAL_TIME
        ruler = "trio's time" if trios else "folded" if moment.folds_idle else "real time"
        if ruler != self._ruler:
            # What was zoomed to lies elsewhere on another ruler
            self._ruler, self._cell = ruler, None
        key = (moment, timeline.generation, self._cell, self._start, ruler)
        if self._view is None or self._view[0] != key:
            self._view = key, self._folded(moment) if ruler == "folded" else self._plain(moment, scale)
        return self._view[1]

    def _plain(self, moment: Moment, scale: Scale) -> TimeView:
        cell, start, origin = self._cell, self._start, scale.at(moment.origin)
        if cell is None:
            cells = max(1, moment.width - moment.margin)
            cell = round_cell(max(_LEAST_CELL, -(-(scale.at(moment.now) - origin + 1) // cells)))
            start = origin
        return TimeView(start, cell, moment.width, origin, moment.time, scale)

    def _folded(self, moment: Moment) -> TimeView:
        origin, width = moment.origin, moment.width
        stretches = [
            stretch for stretch in moment.timeline.quiet.stretches(moment.now) if origin <= stretch[0] < moment.now
        ]
        cell, start = self._cell, self._start
        if cell is None:
            cells = max(1, width - moment.margin)
            cell = cell_to_fit(stretches, origin=origin, end=moment.now, cells=cells, width=width, least=_LEAST_CELL)
            start = origin
        scale = FoldedTime(stretches, origin=origin, cell=cell, width=width)
        return TimeView(start, cell, width, origin, moment.time, scale)

    def keep_in_view(self, moment: Moment) -> None:
        """Move so that the playhead is seen."""
        view = self.view(moment)
        if self._cell is None:
            return
        span = view.cell * view.width
        if moment.following:
            self._move_to(view, view.scale.at(moment.now) - span + view.cell)
        elif not 0 <= view.column(moment.time) < view.width:
            self._move_to(view, view.scale.at(moment.time) - span // 2)

    def zoom(self, moment: Moment, direction: Direction, *, at: int | None = None) -> None:
        """Zoom in (1) or out (-1) around the playhead, or around the cell `at`, which then shows what it showed."""
        before = self.view(moment)
        cell = round_cell(max(_LEAST_CELL, before.cell // 2 if direction > 0 else before.cell * 2))
        if cell * moment.width > 2 * max(1, before.scale.at(moment.now) - before.origin):
            self._cell = None
            return
        self._cell = cell
        view = self.view(moment)
        if at is not None:
            under = before.start + at * before.cell
            if view.scale is not before.scale:
                # Other stretches are folded now, to other cells
                under = view.scale.at(before.scale.moment(under))
            self._move_to(view, under - cell * at)
            return
        self._move_to(view, view.scale.at(moment.time) - cell * moment.width // 2)
        self.keep_in_view(moment)

    def fit(self, moment: Moment) -> None:
        """Show the whole run."""
        self._cell = None

    def pan(self, moment: Moment, direction: Direction, *, cells: int | None = None) -> None:
        """Look left (-1) or right (1) by half a window, or by so many cells."""
        view = self.view(moment)
        half = view.cell * moment.width // 2
        by = half if cells is None else view.cell * cells
        self._cell = view.cell
        last = max(view.origin, view.scale.at(moment.now) - half)
        self._move_to(view, min(last, view.start + direction * by))

    def time_at(self, moment: Moment, cell: int) -> int:
        """Give the last `t` that a cell shows."""
        return self.view(moment).moment(cell + 1) - 1

    def _move_to(self, view: TimeView, start: int) -> None:
        """Keep the left edge on whole cells, or columns shimmer."""
        self._start = max(view.origin, view.origin + (start - view.origin) // view.cell * view.cell)
