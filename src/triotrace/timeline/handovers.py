"""Who hands over to whom on the step axis: the batons of control, and the light lines from a block to those it woke."""

from __future__ import annotations

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.columns import Block, Columns

__all__ = ["Handovers"]


class Handovers:
    """The lines of one frame that lead from row to row."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        # Also the baton that leaves at the right edge
        after = [] if columns.beyond is None else [columns.beyond]
        self._batons = [baton for block in (*columns.blocks, *after) for baton in self._baton_to(block)]
        self._joins = [join for block in columns.blocks for join in self._join_of(block)]

    def draw_joins(self, line: Line, row: int) -> None:
        """Draw the light lines where they cross a row."""
        for cell, top, bottom in self._joins:
            if top < row < bottom and line.glyphs[cell] in " ┈░":
                line.put(cell, "╎", Ink.JOIN)

    def draw_batons(self, line: Line, row: int) -> None:
        """Draw the heavy line where it leaves, reaches or crosses a row."""
        for cell, left, reached, start in self._batons:
            if row == left and start < cell:
                line.fill(start, cell, "━", Ink.BATON)
            if left == reached:
                if row == left:
                    line.put(cell, "━", Ink.BATON)
            elif row == left:
                line.put(cell, "┓" if reached > left else "┛", Ink.BATON)
            elif row == reached:
                line.put(cell, "┗" if reached > left else "┏", Ink.BATON)
            elif min(left, reached) < row < max(left, reached):
                line.put(cell, "┃", Ink.BATON)

    def _baton_to(self, block: Block) -> list[tuple[int, int, int, int]]:
        """Give (cell, row left, row reached, first cell on the row left) of the baton that arrives at a block."""
        columns, tape = self.columns, self.columns.timeline.tape
        before = tape.before[block.first]
        if columns.view.zoom == 1 or not before:
            return []
        left, cell = columns.rows.row_of(tape.lanes[before]), block.cell - 1
        if left is None or block.row is None or cell < 0:
            return []
        return [(cell, left, block.row, max(0, columns.cell(before) + columns.view.zoom - 1))]

    def _join_of(self, block: Block) -> list[tuple[int, int, int]]:
        """Give (cell, top row, bottom row) of the light line from a block to those that it woke."""
        columns = self.columns
        woken = columns.rows.woken_in(columns.timeline.tape, block.first)
        cell = block.cell + columns.mark_at
        if block.row is None or not woken.rows or cell >= columns.view.width:
            return []
        return [(cell, min(block.row, woken.top), max(block.row, woken.bottom))]
