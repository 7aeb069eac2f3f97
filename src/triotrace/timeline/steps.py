"""The step axis: every numbered step is one slot, 10, 3 or 1 cells wide, and one heavy line carries control.

In a slot of ten cells the block takes nine, and the tenth is the joint in which the baton goes up or down:

    █send████┓      the block, its verb, the baton that leaves downwards
    ┈┈┈┈┈┈▲░░┏      made ready by the block of the same slot, then in the queue, then the baton arrives

The rules are those of docs/grammar.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise

from triotrace.timeline.canvas import FUTURE, PLAYHEAD, Ink, Line
from triotrace.timeline.columns import Block, Columns, StepsView
from triotrace.timeline.handovers import Handovers
from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.records import Print
from triotrace.timeline.rows import Rows
from triotrace.timeline.short_words import counted, word
from triotrace.timeline.step_lanes import draw_labels, draw_owner, draw_roll, draw_states, ink_of_last_words
from triotrace.timeline.step_scopes import draw_step_scopes, scopes_in
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.verbs import Verb
from triotrace.timeline.widths import clip, cut, width_of
from triotrace.timeline.words import Words

__all__ = ["StepsPicture"]

_LAST: dict[Ending, tuple[str, Ink]] = {
    Ending.STAYS: ("↺", Ink.VERB),
    Ending.RETURNED: ("■", Ink.RETURNED),
    Ending.RAISED: ("!", Ink.RAISED),
    Ending.CANCELLED: ("╳", Ink.CANCELLED),
    Ending.EXITED: ("■", Ink.RETURNED),
    Ending.INTERRUPTED: ("▽", Ink.CANCELLED),
}
_EXIT_WORDS = {
    Ending.RETURNED: "return",
    Ending.RAISED: "raise",
    Ending.CANCELLED: "cancel",
    Ending.EXITED: "exit",
}


class StepsPicture:
    """One frame: made from a timeline, its rows and a view; then asked for its lines."""

    def __init__(self, timeline: Timeline, rows: Rows, view: StepsView, words: Words | None = None) -> None:
        self.timeline = timeline
        self.words = words or Words()
        self.rows = rows
        self.view = view
        self._columns = Columns(timeline, rows, view)
        self._handovers = Handovers(self._columns)

    title = ""
    """What the numbers are, if they are not those of the steps."""

    # -- lines -------------------------------------------------------------------------------

    def head(self) -> Line:
        """Draw the numbers of the steps; a column bears that of its first."""
        line = Line(self.view.width)
        digits = len(str(self._columns.slots.stop)) + 1
        every = max(1, -(-digits // self.view.zoom))
        if self.view.zoom == 1:
            every = -(-max(every, 5) // 5) * 5
        for block in self._columns.blocks:
            if every == 1 or block.column == 1 or block.column % every == 0:
                line.write(block.cell, str(block.first), Ink.HEAD)
        for block in self._columns.blocks:
            # Where a turn of the loop begins, in the joint before its first step
            if self.timeline.tape.turns[block.first] and self.view.zoom > 1 and line.is_blank(block.cell - 1):
                line.put(block.cell - 1, "╷", Ink.SPARE)
        return self._with_playhead(line)

    def is_idle(self, row: int) -> bool:
        """Tell whether a row has nothing of its own to show, and would but let the baton through."""
        shown = self.rows.rows[row]
        return bool(shown.scopes) and not scopes_in(shown.scopes, self._columns.slots)

    def line(self, row: int) -> Line:
        """Draw a row of the tree."""
        line = Line(self.view.width)
        shown = self.rows.rows[row]
        lane = None if shown.lane is None else self.timeline.lanes[shown.lane]
        if lane is not None:
            draw_states(line, lane, self._columns)
        elif shown.roll is not None:
            draw_roll(line, shown.roll, row, self._columns)
        said = draw_step_scopes(line, shown.scopes, self._columns, self.words) if shown.scopes else []
        self._handovers.draw_joins(line, row)
        self._handovers.draw_batons(line, row)
        for block in self._columns.blocks:
            if block.row == row:
                self._draw_block(line, block, lane)
        self._draw_next(line, row)
        if lane is not None:
            draw_labels(line, lane, self._columns, self.words)
            return self._with_last_words(line, lane)
        said = [words for words in said if not any(line.inks[words.start - 1 : words.start + width_of(words.text)])]
        for words in said:
            line.write(words.start, words.text, words.ink)
        self._with_playhead(line)
        for words in said:
            if self.view.playhead is not None and words.over <= self.view.playhead:
                line.untint(words.start, words.start + width_of(words.text), FUTURE)
        return line

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
        at = bisect_left(said, self._columns.slots.start, key=lambda entry: entry.slot)
        while at < len(said) and said[at].slot < self._columns.slots.stop:
            entry = said[at]
            # Megabytes may be printed in a step: no more is read than the line can show
            text, cell = sign + " ".join(entry.text[: 2 * line.width].split()), self._columns.cell(entry.slot)
            texts[cell] = f"{texts[cell]} {text}" if cell in texts else text
            full = width_of(texts[cell]) > line.width
            at = bisect_right(said, entry.slot, key=lambda other: other.slot) if full else at + 1
        starts, past, now = sorted(texts), 0, self._columns.cell(self.view.playhead or 0)
        for start, following in pairwise([*starts, line.width + 1]):
            end = line.write(start, cut(texts[start], min(following - 1, start + most) - start), ink)
            past = end if start <= now else past
        self._with_playhead(line)
        line.untint(0, past, FUTURE)  # a text reaches under steps that are yet to come
        return line

    def mark_owner(self, line: Line) -> None:
        """Mark, in the playhead's column, that the task of a row has what the chosen one waits for."""
        if self.view.playhead is not None:
            start, length = self._columns.cell(self.view.playhead), max(1, self.view.zoom - 1)
            middle = start + (length - 1) // 2
            draw_owner(line, sorted(range(start, start + length), key=lambda cell: abs(cell - middle)))

    # -- parts -------------------------------------------------------------------------------

    def _draw_block(self, line: Line, block: Block, lane: Lane | None) -> None:
        zoom = self.view.zoom
        length = zoom - 1 if zoom > 1 else 1
        if block.lane < 0:
            glyph, solid, ink = "█", Ink.LOOP, Ink.LOOP_VERB
            words = self.words.duration(self.timeline.jump_in(block.first) or self._length(block.first))
        elif lane is not None and block.lane != lane.index:
            # What a task that is folded away did must not be read as its owner's
            line.fill(block.cell, block.cell + length, "▓", Ink.FOLDED)
            return
        else:
            glyph, solid, ink = ("█", Ink.RUNNING, Ink.VERB) if lane else ("▓", Ink.FOLDED, Ink.FOLDED)
            words = _EXIT_WORDS.get(block.ending, "")
        line.fill(block.cell, block.cell + length, glyph, solid)
        if zoom == 10:
            room, count = length - 2, block.last - block.first + 1
            if words or block.lane < 0:
                said = clip(words, room)
            else:
                verb = self._verb(block.last)
                said = counted(verb, count, room) if count > 1 else word(verb, room)
            line.write(block.cell + 1, said, ink)
        last = _LAST.get(block.ending)
        if last is not None:
            line.put(block.cell + length - 1, last[0], ink if solid is Ink.FOLDED else last[1])

    def _draw_next(self, line: Line, row: int) -> None:
        """Point at the task that is next, at the end of the tape of a program that is held."""
        for held in self.timeline.held:
            at_end = self._columns.slots.stop == len(self.timeline.tape) + 1
            if held.next is not None and self.rows.row_of(held.next) == row and at_end:
                line.put(self._columns.end, "▸", Ink.NEXT)

    def _length(self, slot: int) -> int:
        tape = self.timeline.tape
        end = self.timeline.now if tape.endings[slot] == Ending.OPEN else tape.ends[slot]
        return max(0, end - tape.starts[slot])

    def _verb(self, slot: int) -> Verb:
        place = self.timeline.tape.places[slot]
        if place == NO_PLACE:
            place = self.timeline.samples.get(slot, NO_PLACE)
        return self.timeline.verbs.verb(place)

    def _with_last_words(self, line: Line, lane: Lane) -> Line:
        columns = self._columns
        if lane.result is None or not lane.slots or lane.state != lane.result or lane.slots[-1] not in columns.slots:
            return self._with_playhead(line)
        words = self.words.last_words(self.timeline, lane)
        start = columns.cell(lane.slots[-1]) + self.view.zoom + 1
        end = start + width_of(words)
        if not words or end > self.view.width or any(line.inks[start - 1 : end]):
            return self._with_playhead(line)
        line.write(start, words, ink_of_last_words(lane))
        self._with_playhead(line)
        if self.view.playhead is not None and lane.slots[-1] <= self.view.playhead:
            line.untint(start, end, FUTURE)  # they stand behind the end, and tell of what has been
        return line

    def _with_playhead(self, line: Line) -> Line:
        if self.view.playhead is not None:
            start = self._columns.cell(self.view.playhead)
            line.tint(start, start + max(1, self.view.zoom - 1), PLAYHEAD)
            line.tint(start + self.view.zoom, line.width, FUTURE)
        return line
