"""The time axis: every cell is a span of time, and never false.

What is in a cell: `occupancy.py`. Where it is: `scale.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from triotrace.timeline.brackets import draw_scopes
from triotrace.timeline.canvas import FUTURE, PLAYHEAD, Ink, Line
from triotrace.timeline.lanes import Lane
from triotrace.timeline.occupancy import Cells, Stretch, draw_lane, draw_roll
from triotrace.timeline.rows import Rows
from triotrace.timeline.ruler import draw_ruler
from triotrace.timeline.said import draw_said
from triotrace.timeline.scale import TimeView, round_cell
from triotrace.timeline.short_words import label
from triotrace.timeline.step_lanes import draw_owner, ink_of_last_words
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import width_of
from triotrace.timeline.words import Words

__all__ = ["TimePicture", "TimeView", "round_cell"]

_LEAST_ROOM = 5
"""Cells for the shortest word on a stretch of waiting."""
_MOST_KEPT = 1_000
"""Lanes that are not drawn again as long as nothing new is known: several screens full of them."""
_MOST_HIDDEN = 500
"""Lanes: to look through all that are gone of a hundred thousand would take too long a frame."""

_RAN = frozenset({Ink.RUNNING, Ink.RETURNED, Ink.RAISED, Ink.CANCELLED})
"""Inks of cells in which a task took a step: its last one, too."""


class TimePicture:
    """One frame: made from a timeline, its rows and a view; then asked for its lines."""

    def __init__(
        self, timeline: Timeline, rows: Rows, view: TimeView, words: Words | None = None, *, before: object = None
    ) -> None:
        self.timeline = timeline
        self._shows = timeline, timeline.generation, replace(view, playhead=None)
        self._lanes: dict[int, tuple[Line, list[Stretch]]] = {}
        """Lanes as they were drawn, without words."""
        if isinstance(before, TimePicture) and before._shows == self._shows:
            # A playhead that moves, a window that scrolls and a task that is chosen change nothing in a lane itself
            self._lanes = before._lanes
        self.words = words or Words()
        self.rows = rows
        self.view = view
        self._cells = Cells.of(view, timeline.horizon)
        leaps = [] if view.scale.still else view.scale.gaps(view.start, view.start + view.width * view.cell)
        self._breaks = [view.cell_of((gap.start + gap.end) // 2) - 1 for gap in leaps]
        """The first of the two cells in which the break of each fold is drawn."""

    def head(self) -> Line:
        """Draw the ruler."""
        line = Line(self.view.width)
        draw_ruler(line, self.view, self.words, end=self._cells.end)
        return self._with_playhead(line)

    @property
    def title(self) -> str:
        """What the ruler shows, if it is not real time."""
        if self.view.scale.still:
            return self.words.trios_time
        return self.words.folded if self._breaks else ""

    def prints(self) -> Line:
        """Draw what the program printed, each text at its moment."""
        line = Line(self.view.width)
        draw_said(line, self.view, self.timeline.prints, Ink.PRINT)
        return self._with_playhead(line)

    def marks(self) -> Line:
        """Draw the program's own marks, each at its moment."""
        line = Line(self.view.width)
        draw_said(line, self.view, self.timeline.marks, Ink.NEXT, "◆ ")
        return self._with_playhead(line)

    def line(self, row: int) -> Line:
        """Draw a row of the tree."""
        line = Line(self.view.width)
        shown = self.rows.rows[row]
        if shown.scopes:
            said = draw_scopes(line, shown.scopes, self.timeline, self._cells, self.words)
            self._draw_breaks(line)
            self._with_playhead(line)
            for start, end, over in said:
                if self.view.playhead is not None and over <= self.view.playhead:
                    line.untint(start, end, FUTURE)
            return line
        if shown.roll is not None:
            draw_roll(line, shown.roll, self._cells)
            self._draw_breaks(line)
        elif shown.lane is None:
            self._draw_hidden(line, self.rows.hidden.get(row, ()))
        else:
            lane = self.timeline.lanes[shown.lane]
            stretches = self._draw_lane(line, lane)
            self._draw_hidden(line, self.rows.hidden.get(row, ()))
            self._draw_breaks(line)
            for stretch in stretches:
                self._draw_label(line, lane, stretch)
            return self._with_last_words(line, lane)
        return self._with_playhead(line)

    def mark_owner(self, line: Line) -> None:
        """Mark, in the playhead's cell, that the task of a row has what the chosen one waits for."""
        if self.view.playhead is not None:
            draw_owner(line, [self.view.column(self.view.playhead)])

    # -- parts -------------------------------------------------------------------------------

    def _draw_lane(self, line: Line, lane: Lane) -> list[Stretch]:
        known = self._lanes.get(lane.index)
        if known is None:
            if len(self._lanes) >= _MOST_KEPT:
                self._lanes.clear()
            drawn = Line(self.view.width)
            known = self._lanes[lane.index] = drawn, draw_lane(drawn, lane, self._cells)
        line.glyphs[:], line.inks[:] = known[0].glyphs, known[0].inks
        return known[1]

    def _draw_hidden(self, line: Line, lanes: Sequence[int]) -> None:
        """Draw the steps of lanes that are hidden, on the row that stands for them."""
        if len(lanes) > _MOST_HIDDEN:
            return
        for lane in lanes:
            inner = Line(self.view.width)
            draw_lane(inner, self.timeline.lanes[lane], self._cells)
            for column, ink in enumerate(inner.inks):
                if ink in _RAN and line.inks[column] in (Ink.WAITING, Ink.READY, Ink.BLANK):
                    line.put(column, "▓", Ink.FOLDED)  # that it ended is not its owner's end

    def _draw_breaks(self, line: Line) -> None:
        """Break a line in each fold, where there is a line."""
        for cell in self._breaks:
            for column in range(max(0, cell), min(line.width, cell + 2)):
                if line.inks[column] != Ink.BLANK:
                    line.glyphs[column] = "╱"
                    line.inks[column] = Ink.JOIN

    def _draw_label(self, line: Line, lane: Lane, stretch: Stretch) -> None:
        """Write on a stretch of waiting what the task waits for: as soon as there is room, no fold being in the way."""
        if stretch.end - stretch.start < _LEAST_ROOM:
            return
        verb = self.timeline.verbs.verb(lane.places[stretch.change])
        edges = [stretch.start, *(cell for at in self._breaks for cell in (at, at + 2)), stretch.end]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            start, end = max(start, stretch.start), min(end, stretch.end)
            words = f" {label(verb, end - start - 4, spare=6)} "
            blank = line.inks[start : start + width_of(words) + 1]
            if 2 < width_of(words) <= end - start - 2 and all(ink == Ink.WAITING for ink in blank):
                line.write(start, words, Ink.LABEL)
                return

    def _with_last_words(self, line: Line, lane: Lane) -> Line:
        words = self.words.last_words(self.timeline, lane)
        column = self.view.column(lane.times[-1]) if words and lane.state is lane.result else -1
        if column < 0:
            return self._with_playhead(line)
        end = line.write(column + 2, words, ink_of_last_words(lane))
        self._with_playhead(line)
        if self.view.playhead is not None and lane.times[-1] <= self.view.playhead:
            line.untint(column + 2, end, FUTURE)  # they stand behind the end, and tell of what has been
        return line

    def _with_playhead(self, line: Line) -> Line:
        if self.view.playhead is not None:
            column = self.view.column(self.view.playhead)
            line.tint(column, column + 1, PLAYHEAD)
            if self.view.playhead < self._cells.end:
                line.tint(column + 1, line.width, FUTURE)
        return line
