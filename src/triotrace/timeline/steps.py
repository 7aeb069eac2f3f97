"""The step axis: every numbered step is one slot, 10, 3 or 1 cells wide, and one heavy line carries control.

In a slot of ten cells the block takes nine, and the tenth is the joint in which the baton goes up or down:

    █send████┓      the block, its verb, the baton that leaves downwards
    ┈┈┈┈┈┈▲░░┏      made ready by the block of the same slot, then in the queue, then the baton arrives

The rules are those of docs/grammar.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from triotrace.timeline.canvas import FUTURE, PLAYHEAD, Ink, Line, cells
from triotrace.timeline.lanes import NO_PLACE, Lane
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
    """What of the tape is on the screen: slots from `first` (1 or more), each `zoom` cells wide."""

    first: int
    width: int
    zoom: int = 10
    playhead: int | None = None
    """The slot whose column is marked; what comes after it is faint."""

    @property
    def last(self) -> int:
        """The last slot that has a cell."""
        return self.first + (self.width - 1) // self.zoom

    def column(self, slot: int) -> int:
        """Give the first cell of a slot."""
        return (slot - self.first) * self.zoom


class StepsPicture:
    """One frame: made from a timeline, its rows and a view; then asked for its lines."""

    def __init__(self, timeline: Timeline, rows: Rows, view: StepsView, words: Words | None = None) -> None:
        self.timeline = timeline
        self.words = words or Words()
        self.rows = rows
        self.view = view
        tape = timeline.tape
        self._last = min(view.last, len(tape))
        self._row_of_slot = {
            slot: rows.row_of(tape.lanes[slot])
            for slot in range(max(1, view.first - 1), min(self._last + 2, len(tape) + 1))
        }
        # Also the one that leaves at the right edge
        arrivals = range(view.first, min(self._last + 2, len(tape) + 1))
        self._batons = [baton for slot in arrivals for baton in self._baton_to(slot)]
        self._joins = [join for slot in range(view.first, self._last + 1) for join in self._join_of(slot)]

    # -- lines -------------------------------------------------------------------------------

    def head(self) -> Line:
        """Draw the numbers of the steps."""
        line = Line(self.view.width)
        digits = len(str(self._last)) + 1
        every = max(1, -(-digits // self.view.zoom))
        if self.view.zoom == 1:
            every = -(-max(every, 5) // 5) * 5
        for slot in range(self.view.first, self._last + 1):
            if every == 1 or slot == 1 or slot % every == 0:
                line.write(self.view.column(slot), str(slot), Ink.HEAD)
        return self._with_playhead(line)

    def line(self, row: int) -> Line:
        """Draw a row of the tree."""
        line = Line(self.view.width)
        index = self.rows.rows[row].lane
        lane = None if index is None else self.timeline.lanes[index]
        if lane is not None:
            self._draw_states(line, lane)
        for column, top, bottom in self._joins:
            if top < row < bottom and line.glyphs[column] in " ┈░":
                line.put(column, "╎", Ink.JOIN)
        self._draw_batons(line, row)
        for slot in range(self.view.first, self._last + 1):
            if self._row_of_slot[slot] == row:
                self._draw_block(line, slot, lane)
        if lane is not None:
            self._draw_labels(line, lane)
            self._draw_last_words(line, lane)
        self._draw_next(line, row)
        return self._with_playhead(line)

    def prints(self) -> Line:
        """Draw what the program printed, each under the step that printed it."""
        line = Line(self.view.width)
        if self.view.zoom < 10:
            return self._with_playhead(line)  # no room for words
        texts: dict[int, str] = {}
        for said in self.timeline.prints_between(self.view.first, self._last):
            text = " ".join(said.text.split())
            texts[said.slot] = f"{texts[said.slot]} {text}" if said.slot in texts else text
        slots = sorted(texts)
        for i, slot in enumerate(slots):
            start = self.view.column(slot)
            end = self.view.column(slots[i + 1]) if i + 1 < len(slots) else self.view.width
            if i + 1 < len(slots):
                end = min(end, start + 2 * self.view.zoom)
            split = cells(texts[slot])
            room = end - start - 1
            text = "".join(split) if len(split) <= room else "".join(split[: max(0, room - 1)]) + "…"
            line.write(start, text[: max(0, room)] if room < 2 else text, Ink.PRINT)
        return self._with_playhead(line)

    # -- parts -------------------------------------------------------------------------------

    def _draw_states(self, line: Line, lane: Lane) -> None:
        view = self.view
        before = lane.after_slot(view.first - 1)
        look = _look(lane, before)
        column = 0
        change, changes = before + 1, len(lane.slots)
        while change < changes and lane.slots[change] <= self._last:
            slot = lane.slots[change]
            start = view.column(slot)
            line.fill(column, start, *look)
            first = change
            while change < changes and lane.slots[change] == slot:
                change += 1
            after = _look(lane, change - 1)
            if self.timeline.tape.lanes[slot] == lane.index:
                line.fill(start, start + view.zoom, *after)
            else:
                mark = start + _MARK_AT[view.zoom]
                line.fill(start, mark, *look)
                line.fill(mark, start + view.zoom, *after)
                ready = next((i for i in range(first, change) if lane.states[i] == State.READY), None)
                if ready is not None and self._wakes(slot, lane.index):
                    ink = Ink.CANCELLED if lane.cancels[ready] else Ink.MARK
                    line.put(mark, self._arrow(slot, lane.index), ink)
            look, column = after, start + view.zoom
        line.fill(column, view.column(self._last + 1), *look)

    def _wakes(self, slot: int, lane: int) -> bool:
        return lane in self.timeline.tape.woken_in(slot)

    def _arrow(self, slot: int, lane: int) -> str:
        waker, woken = self._row_of_slot.get(slot), self.rows.row_of(lane)
        return "▲" if waker is not None and woken is not None and woken < waker else "▼"

    def _draw_block(self, line: Line, slot: int, lane: Lane | None) -> None:
        tape, zoom = self.timeline.tape, self.view.zoom
        start = self.view.column(slot)
        length = zoom - 1 if zoom > 1 else 1
        ending = Ending(tape.endings[slot])
        owner = tape.lanes[slot]
        if owner < 0:
            words = self.words.duration(self._length(slot))
            glyph, solid = "█", Ink.LOOP
        else:
            own = lane is not None and owner == lane.index
            glyph, solid = ("█", Ink.RUNNING) if own else ("▓", Ink.FOLDED)
            words = _EXIT_WORDS.get(ending) or self._verb(slot).short
        line.fill(start, start + length, glyph, solid)
        if zoom == 10:
            split = cells(words)[: length - 2]
            line.write(
                start + 1, "".join(split), Ink.LOOP_VERB if owner < 0 else Ink.VERB if solid != Ink.FOLDED else solid
            )
        last = _LAST.get(ending)
        if last is not None:
            line.put(start + length - 1, *last)

    def _draw_next(self, line: Line, row: int) -> None:
        """Point at the task that is next, at the end of the tape of a program that is held."""
        for held in self.timeline.held:
            if held.next is not None and self.rows.row_of(held.next) == row and self._last == len(self.timeline.tape):
                line.put(self.view.column(self._last + 1), "▸", Ink.NEXT)

    def _length(self, slot: int) -> int:
        tape = self.timeline.tape
        end = self.timeline.now if tape.endings[slot] == Ending.OPEN else tape.ends[slot]
        return max(0, end - tape.starts[slot])

    def _verb(self, slot: int) -> Verb:
        place = self.timeline.tape.places[slot]
        if place == NO_PLACE:
            place = self.timeline.samples.get(slot, NO_PLACE)
        return self.timeline.verbs.verb(place)

    def _baton_to(self, slot: int) -> list[tuple[int, int, int, int]]:
        """Give (column, row left, row reached, first column on the row left) of the baton that arrives in a slot."""
        if self.view.zoom == 1:
            return []
        before = self.timeline.tape.before[slot]
        if not before:
            return []
        left, reached = self.rows.row_of(self.timeline.tape.lanes[before]), self._row_of_slot[slot]
        if left is None or reached is None:
            return []
        column = self.view.column(slot) - 1
        return [(column, left, reached, max(0, self.view.column(before + 1) - 1))] if column >= 0 else []

    def _draw_batons(self, line: Line, row: int) -> None:
        for column, left, reached, start in self._batons:
            if row == left and start < column:
                line.fill(start, column, "━", Ink.BATON)
            if left == reached:
                if row == left:
                    line.put(column, "━", Ink.BATON)
            elif row == left:
                line.put(column, "┓" if reached > left else "┛", Ink.BATON)
            elif row == reached:
                line.put(column, "┗" if reached > left else "┏", Ink.BATON)
            elif min(left, reached) < row < max(left, reached):
                line.put(column, "┃", Ink.BATON)

    def _join_of(self, slot: int) -> list[tuple[int, int, int]]:
        """Give (column, top row, bottom row) of the light line from a block to those that it woke."""
        waker = self._row_of_slot[slot]
        if waker is None:
            return []
        woken = self.timeline.tape.woken_in(slot)
        reached = [row for row in map(self.rows.row_of, woken) if row is not None]
        column = self.view.column(slot) + _MARK_AT[self.view.zoom]
        if not reached or column >= self.view.width:
            return []
        return [(column, min(waker, *reached), max(waker, *reached))]

    def _draw_labels(self, line: Line, lane: Lane) -> None:
        """Write on waiting stretches what the block before them does not say."""
        view = self.view
        change = max(0, lane.after_slot(view.first - 1))
        while change < len(lane.slots) and lane.slots[change] <= self._last:
            slot = lane.slots[change]
            if lane.states[change] == State.WAITING:
                verb = self.timeline.verbs.verb(lane.places[change])
                children = lane.wakers[change]
                words = ""
                if verb.short == "nursery" and children > 0:
                    words = f" {self.words.children(children)} "
                elif slot < view.first or view.zoom < 10:
                    words = f" {verb.full} " if verb.full else ""
                end = lane.slots[change + 1] if change + 1 < len(lane.slots) else self._last + 1
                if words:
                    start = max(0, view.column(slot) + view.zoom)
                    _write_in_gap(line, start, view.column(min(end, self._last + 1)), words)
            change += 1

    def _draw_last_words(self, line: Line, lane: Lane) -> None:
        if lane.result is None or not lane.slots or lane.state != lane.result:
            return
        slot = lane.slots[-1]
        if not self.view.first <= slot <= self._last:
            return
        words = self.words.last_words(self.timeline, lane)
        start = self.view.column(slot) + self.view.zoom
        if words and start + 1 + len(words) <= self.view.width and not any(line.inks[start : start + 1 + len(words)]):
            line.write(start + 1, words, Ink.RAISED if lane.result is State.RAISED else Ink.CANCELLED)

    def _with_playhead(self, line: Line) -> Line:
        playhead = self.view.playhead
        if playhead is not None:
            start = self.view.column(playhead)
            line.tint(start, start + max(1, self.view.zoom - 1), PLAYHEAD)
            line.tint(start + self.view.zoom, line.width, FUTURE)
        return line


def _look(lane: Lane, change: int) -> tuple[str, Ink]:
    state = lane.state_at(change)
    if state is State.READY and lane.cancels[change]:
        return "░", Ink.CANCELLED
    return _NOT_BORN if state is None else _LOOKS.get(state, _NOT_BORN)


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
