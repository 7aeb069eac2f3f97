"""The columns of the step axis: which slots of the tape stand in which cells of the screen.

A column is a slot of the tape, or several that go on inside one await.
"""

from __future__ import annotations

from dataclasses import dataclass

from triotrace.timeline.rows import Rows
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline

__all__ = ["ZOOMS", "Block", "Columns", "StepsView"]

ZOOMS = (10, 3, 1)
_MARK_AT = {10: 6, 3: 0, 1: 0}


@dataclass(frozen=True, slots=True)
class StepsView:
    """What of the tape is on the screen: columns from `first` (1 or more), each `zoom` cells wide."""

    first: int
    width: int
    zoom: int = 10
    playhead: int | None = None
    """The slot whose column is marked; what comes after it is faint."""
    folded: bool = True
    """Whether steps that go on inside one await share a column."""

    @property
    def last(self) -> int:
        """The last column that has a cell."""
        return self.first + (self.width - 1) // self.zoom

    def cell(self, column: int) -> int:
        """Give the first cell of a column."""
        return (column - self.first) * self.zoom


@dataclass(frozen=True, slots=True)
class Block:
    """What a column shows: slots `first` to `last` of one lane."""

    column: int
    cell: int
    first: int
    last: int
    lane: int
    row: int | None
    ending: Ending


class Columns:
    """The columns of one frame, each with its block, and the first one beyond the right edge."""

    def __init__(self, timeline: Timeline, rows: Rows, view: StepsView) -> None:
        self.timeline = timeline
        self.rows = rows
        self.view = view
        count = timeline.tape.count_columns(folded=view.folded)
        last = min(view.last, count)
        self.blocks = [self._block(column) for column in range(view.first, last + 1)]
        first = timeline.tape.slots_of(view.first, folded=view.folded)[0] if view.first <= count else count + 1
        self.slots = range(first, self.blocks[-1].last + 1 if self.blocks else first)
        """The slots that are shown."""
        self.beyond = self._block(last + 1) if last < count else None
        self.end = view.cell(last + 1)
        """The first cell after the last column."""
        self.mark_at = _MARK_AT[view.zoom]
        """The cell of a column in which is marked whom its block made ready."""

    def _block(self, column: int) -> Block:
        tape = self.timeline.tape
        first, last = tape.slots_of(column, folded=self.view.folded)
        lane = tape.lanes[first]
        return Block(
            column, self.view.cell(column), first, last, lane, self.rows.row_of(lane), Ending(tape.endings[last])
        )

    def last_slot(self, slot: int) -> int:
        """Give the last slot of the column that a slot is in."""
        column = self.timeline.tape.column_of(slot, folded=self.view.folded)
        return self.timeline.tape.slots_of(column, folded=self.view.folded)[1]

    def cell(self, slot: int) -> int:
        """Give the first cell of the column that a slot is in."""
        return self.view.cell(self.timeline.tape.column_of(slot, folded=self.view.folded))
