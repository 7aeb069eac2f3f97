"""The lanes of the step axis beside their blocks: who waits, is ready, was made ready; a task, or many rolled up."""

from __future__ import annotations

from collections.abc import Sequence

from triotrace.timeline.canvas import FUTURE, PLAYHEAD, Ink, Line
from triotrace.timeline.columns import Columns
from triotrace.timeline.lanes import Lane
from triotrace.timeline.rolls import Roll
from triotrace.timeline.short_words import word
from triotrace.timeline.states import State
from triotrace.timeline.widths import width_of
from triotrace.timeline.words import Words

__all__ = ["draw_labels", "draw_owner", "draw_roll", "draw_states", "ink_of_last_words"]

_LOOKS: dict[State, tuple[str, Ink]] = {
    State.NEW: ("░", Ink.READY),
    State.READY: ("░", Ink.READY),
    State.RUNNING: ("█", Ink.RUNNING),
    State.WAITING: ("┈", Ink.WAITING),
    State.RETURNED: (" ", Ink.BLANK),
    State.RAISED: (" ", Ink.BLANK),
    State.CANCELLED: (" ", Ink.BLANK),
    State.EXITED: (" ", Ink.BLANK),
    State.UNKNOWN: ("?", Ink.UNKNOWN),
}
OWNER = "◇"
_SHORT = 7
"""Cells: what a block has for its word."""
_NOT_BORN = (" ", Ink.BLANK)


def draw_states(line: Line, lane: Lane, columns: Columns) -> None:
    """Draw what a task was, and where another made it ready."""
    if not columns.slots:
        return
    slots, zoom, tape = columns.slots, columns.view.zoom, columns.timeline.tape
    before = lane.after_slot(slots.start - 1)
    look = _look(lane, before)
    cell = 0
    change, changes = before + 1, len(lane.slots)
    while change < changes and lane.slots[change] < slots.stop:
        slot, first = lane.slots[change], change
        start = columns.cell(slot)
        line.fill(cell, start, *look)
        while change < changes and lane.slots[change] < slots.stop and columns.cell(lane.slots[change]) == start:
            change += 1
        after = _look(lane, change - 1)
        if tape.lanes[slot] == lane.index:
            line.fill(start, start + zoom, *after)
        else:
            mark = start + columns.mark_at
            line.fill(start, mark, *look)
            line.fill(mark, start + zoom, *after)
            ready = next((i for i in range(first, change) if lane.states[i] == State.READY), None)
            if ready is not None and columns.timeline.woke(lane.slots[ready], lane, ready):
                cancelled = lane.was_cancelled(ready)
                arrow = _arrow(slot, lane.index, columns)
                glyph = {"▼": "▽", "▲": "△"}[arrow] if cancelled else arrow
                line.put(mark, glyph, Ink.CANCELLED if cancelled else Ink.MARK)
        look, cell = after, start + zoom
    line.fill(cell, columns.end, *look)


def draw_roll(line: Line, roll: Roll, row: int, columns: Columns) -> None:
    """Draw whether any of them waits for its turn, lives at all, and was made ready."""
    change, zoom = roll.after_slot(columns.slots.start - 1), columns.view.zoom
    look = _roll_look(roll, change)
    for block in columns.blocks:
        change = roll.after_slot(block.last)
        mark = block.cell + columns.mark_at
        line.fill(block.cell, mark, *look)
        look = _roll_look(roll, change)
        line.fill(mark, block.cell + zoom, *look)
        if block.row != row and row in columns.rows.woken_in(columns.timeline.tape, block.first).rows:
            line.put(mark, "▲" if block.row is not None and row < block.row else "▼", Ink.MARK)


def draw_labels(line: Line, lane: Lane, columns: Columns, words: Words) -> None:
    """Write on waiting stretches what the block before them does not say."""
    if not columns.slots:
        return
    slots, zoom = columns.slots, columns.view.zoom
    change = max(0, lane.after_slot(slots.start - 1))
    while change < len(lane.slots) and lane.slots[change] < slots.stop:
        slot = lane.slots[change]
        if lane.states[change] == State.WAITING:
            verb = columns.timeline.verbs.verb(lane.places[change])
            children = lane.wakers[change]
            labels: list[str] = []
            if verb.nursery and children > 0:
                labels = [words.children(children)]
            elif slot < slots.start or zoom < 10:
                labels = [verb.full, word(verb, _SHORT)]
            following = lane.slots[change + 1] if change + 1 < len(lane.slots) else slots.stop
            end = columns.cell(following) if following < slots.stop else columns.end
            start = max(0, columns.cell(slot) + zoom)
            any(_write_in_gap(line, start, end, f" {label} ") for label in labels if label)
        change += 1


def draw_owner(line: Line, cells: Sequence[int]) -> None:
    """Put the mark of an owner into the first of the cells in which the task waits or is ready, or runs without a word.

    So it stands on no word, no mark and no share of a cell, and where there is no room it is not drawn.
    """
    for cell in cells:
        if 0 <= cell < line.width:
            ink, flags = line.inks[cell] & ~(PLAYHEAD | FUTURE), line.inks[cell] & (PLAYHEAD | FUTURE)
            runs = ink == Ink.RUNNING and line.glyphs[cell] == "█" and len(cells) > 1
            if runs or ink in (Ink.WAITING, Ink.READY):
                line.put(cell, OWNER, Ink.VERB if runs else Ink.HELD)
                line.tint(cell, cell + 1, flags)
                return


def ink_of_last_words(lane: Lane) -> Ink:
    """Give the ink of the words behind the end of a task: red, but for an exit."""
    return {State.RAISED: Ink.RAISED, State.EXITED: Ink.LABEL}.get(lane.state, Ink.CANCELLED)


def _arrow(slot: int, lane: int, columns: Columns) -> str:
    waker, woken = columns.rows.row_of(columns.timeline.tape.lanes[slot]), columns.rows.row_of(lane)
    return "▲" if waker is not None and woken is not None and woken < waker else "▼"


def _look(lane: Lane, change: int) -> tuple[str, Ink]:
    state = lane.state_at(change)
    if state is State.READY and lane.was_cancelled(change):
        return "░", Ink.CANCELLED
    return _NOT_BORN if state is None else _LOOKS.get(state, _NOT_BORN)


def _roll_look(roll: Roll, change: int) -> tuple[str, Ink]:
    if change < 0 or not roll.alive[change]:
        return _NOT_BORN
    return _LOOKS[State.READY if roll.queue[change] else State.WAITING]


def _write_in_gap(line: Line, start: int, end: int, words: str) -> bool:
    """Write words on the first stretch of waiting that is long enough for them; tell whether there is one."""
    need = width_of(words) + 2
    gap = start
    for column in range(start, min(end, line.width) + 1):
        if column == min(end, line.width) or line.inks[column] != Ink.WAITING:
            if column - gap >= need:
                line.write(gap + 1, words, Ink.LABEL)
                return True
            gap = column + 1
    return False
