"""The step axis: every numbered step is one slot, 10, 3 or 1 cells wide, and one heavy line carries control.

In a slot of ten cells the block takes nine, and the tenth is the joint in which the baton goes up or down:

    █send████┓      the block, its verb, the baton that leaves downwards
    ┈┈┈┈┈┈▲░░┏      made ready by the block of the same slot, then in the queue, then the baton arrives

The rules are those of docs/grammar.md. A column is a slot of the tape, or several that go on inside one await.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

from triotrace.timeline.canvas import FUTURE, PLAYHEAD, Ink, Line, cells
from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.records import Print
from triotrace.timeline.rolls import Roll
from triotrace.timeline.rows import Rows
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.verbs import Verb
from triotrace.timeline.words import Words

__all__ = ["ZOOMS", "StepsPicture", "StepsView"]

ZOOMS = (10, 3, 1)
_MARK_AT = {10: 6, 3: 0, 1: 0}
_LOOKS: dict[State, tuple[str, Ink]] = {
    State.NEW: ("░", Ink.READY),
    State.READY: ("░", Ink.READY),
    State.RUNNING: ("█", Ink.RUNNING),
    State.WAITING: ("┈", Ink.WAITING),
    State.RETURNED: (" ", Ink.BLANK),
    State.RAISED: (" ", Ink.BLANK),
    State.CANCELLED: (" ", Ink.BLANK),
    State.UNKNOWN: ("?", Ink.UNKNOWN),
}
_NOT_BORN = (" ", Ink.BLANK)
_LAST: dict[Ending, tuple[str, Ink]] = {
    Ending.STAYS: ("↺", Ink.VERB),
    Ending.RETURNED: ("■", Ink.RETURNED),
    Ending.RAISED: ("!", Ink.RAISED),
    Ending.CANCELLED: ("╳", Ink.CANCELLED),
}
_EXIT_WORDS = {Ending.RETURNED: "return", Ending.RAISED: "raise", Ending.CANCELLED: "cancel"}


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
class _Block:
    """What a column shows: slots `first` to `last` of one lane."""

    column: int
    cell: int
    first: int
    last: int
    lane: int
    row: int | None
    ending: Ending


class StepsPicture:
    """One frame: made from a timeline, its rows and a view; then asked for its lines."""

    def __init__(self, timeline: Timeline, rows: Rows, view: StepsView, words: Words | None = None) -> None:
        self.timeline = timeline
        self.words = words or Words()
        self.rows = rows
        self.view = view
        count = timeline.tape.count_columns(folded=view.folded)
        self._last = min(view.last, count)
        self._blocks = [self._block(column) for column in range(view.first, self._last + 1)]
        first = timeline.tape.slots_of(view.first, folded=view.folded)[0] if view.first <= count else count + 1
        self._slots = range(first, self._blocks[-1].last + 1 if self._blocks else first)
        # Also the baton that leaves at the right edge
        after = [self._block(self._last + 1)] if self._last < count else []
        self._batons = [baton for block in (*self._blocks, *after) for baton in self._baton_to(block)]
        self._joins = [join for block in self._blocks for join in self._join_of(block)]

    def _block(self, column: int) -> _Block:
        tape = self.timeline.tape
        first, last = tape.slots_of(column, folded=self.view.folded)
        lane = tape.lanes[first]
        return _Block(
            column, self.view.cell(column), first, last, lane, self.rows.row_of(lane), Ending(tape.endings[last])
        )

    def _cell(self, slot: int) -> int:
        """Give the first cell of the column that a slot is in."""
        return self.view.cell(self.timeline.tape.column_of(slot, folded=self.view.folded))

    title = ""
    """What the numbers are, if they are not those of the steps."""

    # -- lines -------------------------------------------------------------------------------

    def head(self) -> Line:
        """Draw the numbers of the steps; a column bears that of its first."""
        line = Line(self.view.width)
        digits = len(str(self._slots.stop)) + 1
        every = max(1, -(-digits // self.view.zoom))
        if self.view.zoom == 1:
            every = -(-max(every, 5) // 5) * 5
        for block in self._blocks:
            if every == 1 or block.column == 1 or block.column % every == 0:
                line.write(block.cell, str(block.first), Ink.HEAD)
        for block in self._blocks:
            # Where a turn of the loop begins, in the joint before its first step
            if self.timeline.tape.turns[block.first] and self.view.zoom > 1 and line.is_blank(block.cell - 1):
                line.put(block.cell - 1, "╷", Ink.SPARE)
        return self._with_playhead(line)

    def line(self, row: int) -> Line:
        """Draw a row of the tree."""
        line = Line(self.view.width)
        shown = self.rows.rows[row]
        lane = None if shown.lane is None else self.timeline.lanes[shown.lane]
        if lane is not None:
            self._draw_states(line, lane)
        elif shown.roll is not None:
            self._draw_roll(line, shown.roll, row)
        for cell, top, bottom in self._joins:
            if top < row < bottom and line.glyphs[cell] in " ┈░":
                line.put(cell, "╎", Ink.JOIN)
        self._draw_batons(line, row)
        for block in self._blocks:
            if block.row == row:
                self._draw_block(line, block, lane)
        self._draw_next(line, row)
        if lane is not None:
            self._draw_labels(line, lane)
            return self._with_last_words(line, lane)
        return self._with_playhead(line)

    def prints(self) -> Line:
        """Draw what the program printed, each under the step that printed it."""
        if self.view.zoom < 10:
            return self._with_playhead(Line(self.view.width))  # no room for words
        return self._said(self.timeline.prints, Ink.PRINT, "", 2 * self.view.zoom)

    def marks(self) -> Line:
        """Draw the program's own marks, each under the step that set it."""
        return self._said(self.timeline.marks, Ink.NEXT, "◆ ", self.view.width)

    def _said(self, said: list[Print], ink: Ink, sign: str, most: int) -> Line:
        """Write texts that belong to steps, in at most so many cells each, as far as the next one leaves room."""
        line = Line(self.view.width)
        texts: dict[int, str] = {}
        at = bisect_left(said, self._slots.start, key=lambda entry: entry.slot)
        while at < len(said) and said[at].slot < self._slots.stop:
            entry = said[at]
            # Megabytes may be printed in a step: no more is read than the line can show
            text, cell = sign + " ".join(entry.text[: 2 * line.width].split()), self._cell(entry.slot)
            texts[cell] = f"{texts[cell]} {text}" if cell in texts else text
            full = len(texts[cell]) > line.width
            at = bisect_right(said, entry.slot, key=lambda other: other.slot) if full else at + 1
        starts, past, now = sorted(texts), 0, self._cell(self.view.playhead or 0)
        for start, following in pairwise([*starts, line.width + 1]):
            split = cells(texts[start])
            room = min(following - 1, start + most) - start
            text = "".join(split) if len(split) <= room else "".join(split[: max(1, room - 1)]) + "…" * (room > 1)
            end = line.write(start, text, ink)
            past = end if start <= now else past
        self._with_playhead(line)
        line.untint(0, past, FUTURE)  # a text reaches under steps that are yet to come
        return line

    # -- parts -------------------------------------------------------------------------------

    def _draw_states(self, line: Line, lane: Lane) -> None:
        if not self._slots:
            return
        view, tape = self.view, self.timeline.tape
        before = lane.after_slot(self._slots.start - 1)
        look = _look(lane, before)
        cell = 0
        change, changes = before + 1, len(lane.slots)
        while change < changes and lane.slots[change] < self._slots.stop:
            slot, first = lane.slots[change], change
            start = self._cell(slot)
            line.fill(cell, start, *look)
            while (
                change < changes and lane.slots[change] < self._slots.stop and self._cell(lane.slots[change]) == start
            ):
                change += 1
            after = _look(lane, change - 1)
            if tape.lanes[slot] == lane.index:
                line.fill(start, start + view.zoom, *after)
            else:
                mark = start + _MARK_AT[view.zoom]
                line.fill(start, mark, *look)
                line.fill(mark, start + view.zoom, *after)
                ready = next((i for i in range(first, change) if lane.states[i] == State.READY), None)
                if ready is not None and self.timeline.woke(lane.slots[ready], lane, ready):
                    cancelled = lane.was_cancelled(ready)
                    arrow = self._arrow(slot, lane.index)
                    glyph = {"▼": "▽", "▲": "△"}[arrow] if cancelled else arrow
                    line.put(mark, glyph, Ink.CANCELLED if cancelled else Ink.MARK)
            look, cell = after, start + view.zoom
        line.fill(cell, view.cell(self._last + 1), *look)

    def _draw_roll(self, line: Line, roll: Roll, row: int) -> None:
        """Draw whether any of them waits for its turn, lives at all, and was made ready."""
        change, zoom = roll.after_slot(self._slots.start - 1), self.view.zoom
        look = _roll_look(roll, change)
        for block in self._blocks:
            while change + 1 < len(roll.slots) and roll.slots[change + 1] <= block.last:
                change += 1
            mark = block.cell + _MARK_AT[zoom]
            line.fill(block.cell, mark, *look)
            look = _roll_look(roll, change)
            line.fill(mark, block.cell + zoom, *look)
            woken = self.timeline.tape.woken_in(block.first)
            if block.row != row and any(self.rows.row_of(lane) == row for lane in woken):
                line.put(mark, "▲" if block.row is not None and row < block.row else "▼", Ink.MARK)

    def _arrow(self, slot: int, lane: int) -> str:
        waker, woken = self.rows.row_of(self.timeline.tape.lanes[slot]), self.rows.row_of(lane)
        return "▲" if waker is not None and woken is not None and woken < waker else "▼"

    def _draw_block(self, line: Line, block: _Block, lane: Lane | None) -> None:
        zoom = self.view.zoom
        length = zoom - 1 if zoom > 1 else 1
        if block.lane < 0:
            glyph, solid, ink = "█", Ink.LOOP, Ink.LOOP_VERB
            words = self.words.duration(self.timeline.jump_in(block.first) or self._length(block.first))
        else:
            own = lane is not None and block.lane == lane.index
            glyph, solid, ink = ("█", Ink.RUNNING, Ink.VERB) if own else ("▓", Ink.FOLDED, Ink.FOLDED)
            words = _EXIT_WORDS.get(block.ending) or self._verb(block.last).short
        line.fill(block.cell, block.cell + length, glyph, solid)
        if zoom == 10:
            times = f" ×{block.last - block.first + 1}" if block.last > block.first else ""
            split = cells(words)[: length - 2 - len(times)] + list(times)
            line.write(block.cell + 1, "".join(split), ink)
        last = _LAST.get(block.ending)
        if last is not None:
            line.put(block.cell + length - 1, last[0], ink if solid is Ink.FOLDED else last[1])

    def _draw_next(self, line: Line, row: int) -> None:
        """Point at the task that is next, at the end of the tape of a program that is held."""
        for held in self.timeline.held:
            at_end = self._slots.stop == len(self.timeline.tape) + 1
            if held.next is not None and self.rows.row_of(held.next) == row and at_end:
                line.put(self.view.cell(self._last + 1), "▸", Ink.NEXT)

    def _length(self, slot: int) -> int:
        tape = self.timeline.tape
        end = self.timeline.now if tape.endings[slot] == Ending.OPEN else tape.ends[slot]
        return max(0, end - tape.starts[slot])

    def _verb(self, slot: int) -> Verb:
        place = self.timeline.tape.places[slot]
        if place == NO_PLACE:
            place = self.timeline.samples.get(slot, NO_PLACE)
        return self.timeline.verbs.verb(place)

    def _baton_to(self, block: _Block) -> list[tuple[int, int, int, int]]:
        """Give (cell, row left, row reached, first cell on the row left) of the baton that arrives at a block."""
        before = self.timeline.tape.before[block.first]
        if self.view.zoom == 1 or not before:
            return []
        left, cell = self.rows.row_of(self.timeline.tape.lanes[before]), block.cell - 1
        if left is None or block.row is None or cell < 0:
            return []
        return [(cell, left, block.row, max(0, self._cell(before) + self.view.zoom - 1))]

    def _draw_batons(self, line: Line, row: int) -> None:
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

    def _join_of(self, block: _Block) -> list[tuple[int, int, int]]:
        """Give (cell, top row, bottom row) of the light line from a block to those that it woke."""
        woken = self.timeline.tape.woken_in(block.first)
        reached = [row for row in map(self.rows.row_of, woken) if row is not None]
        cell = block.cell + _MARK_AT[self.view.zoom]
        if block.row is None or not reached or cell >= self.view.width:
            return []
        return [(cell, min(block.row, *reached), max(block.row, *reached))]

    def _draw_labels(self, line: Line, lane: Lane) -> None:
        """Write on waiting stretches what the block before them does not say."""
        if not self._slots:
            return
        change = max(0, lane.after_slot(self._slots.start - 1))
        end_of_all = self.view.cell(self._last + 1)
        while change < len(lane.slots) and lane.slots[change] < self._slots.stop:
            slot = lane.slots[change]
            if lane.states[change] == State.WAITING:
                verb = self.timeline.verbs.verb(lane.places[change])
                children = lane.wakers[change]
                words = ""
                if verb.short == "nursery" and children > 0:
                    words = f" {self.words.children(children)} "
                elif slot < self._slots.start or self.view.zoom < 10:
                    words = f" {verb.full} " if verb.full else ""
                following = lane.slots[change + 1] if change + 1 < len(lane.slots) else self._slots.stop
                end = self._cell(following) if following < self._slots.stop else end_of_all
                if words:
                    _write_in_gap(line, max(0, self._cell(slot) + self.view.zoom), end, words)
            change += 1

    def _with_last_words(self, line: Line, lane: Lane) -> Line:
        if lane.result is None or not lane.slots or lane.state != lane.result or lane.slots[-1] not in self._slots:
            return self._with_playhead(line)
        words = self.words.last_words(self.timeline, lane)
        start = self._cell(lane.slots[-1]) + self.view.zoom + 1
        end = start + len(words)
        if not words or end > self.view.width or any(line.inks[start - 1 : end]):
            return self._with_playhead(line)
        line.write(start, words, Ink.RAISED if lane.result is State.RAISED else Ink.CANCELLED)
        self._with_playhead(line)
        if self.view.playhead is not None and lane.slots[-1] <= self.view.playhead:
            line.untint(start, end, FUTURE)  # they stand behind the end, and tell of what has been
        return line

    def _with_playhead(self, line: Line) -> Line:
        if self.view.playhead is not None:
            start = self._cell(self.view.playhead)
            line.tint(start, start + max(1, self.view.zoom - 1), PLAYHEAD)
            line.tint(start + self.view.zoom, line.width, FUTURE)
        return line


def _look(lane: Lane, change: int) -> tuple[str, Ink]:
    state = lane.state_at(change)
    if state is State.READY and lane.was_cancelled(change):
        return "░", Ink.CANCELLED
    return _NOT_BORN if state is None else _LOOKS.get(state, _NOT_BORN)


def _roll_look(roll: Roll, change: int) -> tuple[str, Ink]:
    if change < 0 or not roll.alive[change]:
        return _NOT_BORN
    return _LOOKS[State.READY if roll.queue[change] else State.WAITING]


def _write_in_gap(line: Line, start: int, end: int, words: str) -> None:
    """Write words on the first stretch of waiting that is long enough for them."""
    need = len(words) + 2
    gap = start
    for column in range(start, min(end, line.width) + 1):
        if column == min(end, line.width) or line.inks[column] != Ink.WAITING:
            if column - gap >= need:
                line.write(gap + 1, words, Ink.LABEL)
                return
            gap = column + 1
