"""The time axis: every cell is a span of time, and never false.

A step shorter than half a cell is `│`; `█` stands only where running filled half the cell or more.
Everything is worked out from totals of nanoseconds: a cell with a thousand steps costs as much as one with none.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from triotrace.timeline.canvas import FUTURE, PLAYHEAD, Ink, Line
from triotrace.timeline.lanes import Lane
from triotrace.timeline.records import Scope
from triotrace.timeline.rows import RowKind, Rows
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

__all__ = ["TimePicture", "TimeView", "round_cell", "ruler_step"]

_EXITS: dict[int | None, tuple[str, Ink]] = {
    State.RETURNED: ("■", Ink.RETURNED),
    State.RAISED: ("!", Ink.RAISED),
    State.CANCELLED: ("╳", Ink.CANCELLED),
}
_LOOKS: dict[int | None, tuple[str, Ink]] = {
    State.NEW: ("░", Ink.READY),
    State.READY: ("░", Ink.READY),
    State.RUNNING: ("█", Ink.RUNNING),
    State.WAITING: ("┈", Ink.WAITING),
    State.UNKNOWN: ("?", Ink.UNKNOWN),
}
_BLANK = (" ", Ink.BLANK)
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


@dataclass(frozen=True, slots=True)
class TimeView:
    """What of the run is on the screen: `width` cells of `cell` ns each, from `start` (ns of `t`) on."""

    start: int
    cell: int
    width: int
    origin: int = 0
    """The `t` that the ruler calls 0."""
    playhead: int | None = None
    """The `t` whose column is marked; what comes after it is faint."""

    def column(self, t: int) -> int:
        """Give the cell that holds a moment."""
        return (t - self.start) // self.cell

    def moment(self, column: int) -> int:
        """Give the `t` at which a cell begins."""
        return self.start + column * self.cell


def ruler_step(cell: int, *, least: int = 8) -> int:
    """Give the distance (ns) between two numbers of a ruler: 1, 2 or 5 of a power of ten, at least so many cells."""
    need = cell * least
    power = 1
    while power * 10 <= need:
        power *= 10
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= need)


def round_cell(cell: int) -> int:
    """Round a cell (ns) up to 1, 1.5, 2, 3, 5 or 7.5 of a power of ten: a picture that grows then rarely rescales."""
    power = 1
    while power * 10 <= cell:
        power *= 10
    return next(size for tenths in (10, 15, 20, 30, 50, 75, 100) if (size := -(-power * tenths // 10)) >= cell)


class TimePicture:
    """One frame: made from a timeline, its rows and a view; then asked for its lines."""

    def __init__(self, timeline: Timeline, rows: Rows, view: TimeView, words: Words | None = None) -> None:
        self.timeline = timeline
        self.words = words or Words()
        self.rows = rows
        self.view = view
        self._end = timeline.horizon
        self._inner = _hidden_lanes(timeline, rows)

    def head(self) -> Line:
        """Draw the ruler."""
        view = self.view
        line = Line(view.width)
        step = ruler_step(view.cell)
        size, unit = next((size, unit) for size, unit in _UNITS if step * 10 >= size or size == 1)
        digits = 0
        while step * 10**digits % size:
            digits += 1
        first = -(-(view.start - view.origin) // step)
        for tick in range(first, first + view.width * view.cell // step + 2):
            column = view.column(view.origin + tick * step)
            text = f"{tick * step / size:.{digits}f}"
            if tick == first:
                text = f"{text if tick else '0'} {unit}"
            if column + len(text) <= view.width:
                line.write(column, text, Ink.HEAD)
        return self._with_playhead(line)

    def line(self, row: int) -> Line:
        """Draw a row of the tree."""
        line = Line(self.view.width)
        shown = self.rows.rows[row]
        if shown.kind is RowKind.LOOP:
            self._draw_loop(line, shown.run)
        elif shown.kind is RowKind.SCOPE:
            for scope in shown.scopes:
                self._draw_scope(line, scope)
        elif shown.lane is not None:
            lane = self.timeline.lanes[shown.lane]
            self._draw_lane(line, lane)
            self._draw_hidden(line, self._inner.get(row, ()))
            self._draw_labels(line, lane)
        return self._with_playhead(line)

    # -- parts -------------------------------------------------------------------------------

    def _draw_lane(self, line: Line, lane: Lane) -> None:
        """Walk the changes, not the cells: from the cell of one to the cell of the next."""
        view, times, states = self.view, lane.times, lane.states
        start, cell, changes = view.start, view.cell, len(lane.times)
        end_column = min(view.width, view.column(self._end) + 1)
        change = lane.at_time(start - 1)
        column = 0
        while column < end_column:
            following = (times[change + 1] - start) // cell if change + 1 < changes else end_column
            if following > column:
                line.fill(column, min(following, end_column), *_look(states[change] if change >= 0 else None))
                column = following
                continue
            begin = start + column * cell
            last = bisect_right(times, begin + cell - 1, change + 1) - 1
            line.put(column, *self._mixed(lane, begin, change, last))
            change, column = last, column + 1

    def _mixed(self, lane: Lane, begin: int, before: int, last: int) -> tuple[str, Ink]:
        """Give the look of a cell with changes: an exit, else running, else the queue, else what it is left as."""
        state = lane.states[last]
        if state in _EXITS:
            return _EXITS[state]
        cell = self.view.cell
        end = min(begin + cell, self._end)
        ran = lane.ran_after(last, end) - lane.ran_after(before, begin)
        if 2 * ran >= cell:
            return _LOOKS[State.RUNNING]
        if ran and self._has_short_step(lane, before + 1, last, end):
            return "│", Ink.RUNNING
        queued = lane.queued_after(last, end) - lane.queued_after(before, begin)
        return _LOOKS[State.READY] if 2 * queued >= cell else _look(state)

    def _has_short_step(self, lane: Lane, first: int, last: int, end: int) -> bool:
        """Tell whether a step begins here that fills half of no cell: `│` stands for it, once."""
        cell = self.view.cell
        if last - first > 8:
            return True
        for change in range(first, last + 1):
            if lane.states[change] == State.RUNNING:
                over = lane.times[change + 1] if change + 1 < len(lane.times) else self._end
                if 2 * (over - end) < cell:
                    return True
        return False

    def _draw_hidden(self, line: Line, lanes: tuple[Lane, ...]) -> None:
        """Draw the steps of lanes that are folded away, on the row they are folded into."""
        for lane in lanes:
            inner = Line(self.view.width)
            self._draw_lane(inner, lane)
            for column, ink in enumerate(inner.inks):
                if ink == Ink.RUNNING and line.inks[column] in (Ink.WAITING, Ink.READY, Ink.BLANK):
                    line.put(column, "▓" if inner.glyphs[column] == "█" else "╎", Ink.FOLDED)

    def _draw_loop(self, line: Line, run: int) -> None:
        tape, view = self.timeline.tape, self.view
        slot = max(1, tape.slot_at(view.start))
        while slot <= len(tape) and tape.starts[slot] < view.moment(view.width):
            if tape.lanes[slot] == -1 - run:
                end = self._end if tape.endings[slot] == Ending.OPEN else tape.ends[slot]
                start = tape.starts[slot]
                if 2 * (end - start) >= view.cell:
                    line.fill(view.column(start), max(view.column(start) + 1, view.column(end)), "─", Ink.LOOP)
            slot += 1

    def _draw_scope(self, line: Line, scope: Scope) -> None:
        """Draw `[━━━]···┊`: while it was open, the time it had left, and where its deadline would have been."""
        run = self.timeline.run_of(self.timeline.lanes[scope.lane])
        if run is None:
            return
        view = self.view
        start = view.column(scope.entered)
        end = view.column(self._end if scope.exited is None else scope.exited)
        if scope.deadline is not None and scope.cancelled is None:
            deadline = view.column(max(scope.entered, run.moment(scope.deadline)))
            line.fill(end + 1, deadline, "·", Ink.SPARE)
            line.put(deadline, "┊", Ink.SPARE)
        line.fill(start, end + 1, "━", Ink.SCOPE)
        line.put(start, "[", Ink.SCOPE)
        if scope.exited is not None and end > start:
            line.put(end, "]", Ink.SCOPE)
        if scope.cancelled is not None:
            at = view.column(scope.cancelled.t)
            line.fill(at + 1, end + 1, "━", Ink.CANCELLED)
            line.put(at, "╳", Ink.CANCELLED)
            if scope.cancelled.cause == "deadline":
                line.write(max(at, end) + 2, self.words.time_is_up, Ink.CANCELLED)

    def _draw_labels(self, line: Line, lane: Lane) -> None:
        """Write on each stretch of waiting that has room what the task waits for."""
        view, times, changes = self.view, lane.times, len(lane.times)
        change = max(0, lane.at_time(view.start))
        while change < changes and times[change] < view.moment(view.width):
            column = view.column(times[change])
            # What a cell is left as goes on behind it
            change = bisect_right(times, view.moment(column + 1) - 1, change) - 1
            state = lane.states[change]
            if state == State.WAITING:
                end = view.column(times[change + 1] if change + 1 < changes else self._end)
                self._draw_label(line, lane.places[change], max(0, column + 1), min(end, view.width))
            elif state in _EXITS:
                self._draw_last_words(line, lane, column + 1)
            change += 1

    def _draw_label(self, line: Line, place: int, start: int, end: int) -> None:
        verb = self.timeline.verbs.verb(place)
        room = end - start
        words = f" {verb.full if len(verb.full) + 10 <= room else verb.short} "
        blank = line.inks[start : start + len(words) + 1]
        if len(words) > 2 and len(words) + 2 <= room and all(ink == Ink.WAITING for ink in blank):
            line.write(start, words, Ink.LABEL)

    def _draw_last_words(self, line: Line, lane: Lane, column: int) -> None:
        words = self.words.last_words(self.timeline, lane)
        if words and column >= 0:
            line.write(column + 1, words, Ink.RAISED if lane.result is State.RAISED else Ink.CANCELLED)

    def _with_playhead(self, line: Line) -> Line:
        if self.view.playhead is not None:
            column = self.view.column(self.view.playhead)
            line.tint(column, column + 1, PLAYHEAD)
            line.tint(column + 1, line.width, FUTURE)
        return line


def _look(state: int | None) -> tuple[str, Ink]:
    return _LOOKS.get(state, _BLANK)


def _hidden_lanes(timeline: Timeline, rows: Rows) -> dict[int, tuple[Lane, ...]]:
    """Give the lanes that are drawn on another one's row."""
    inner: dict[int, list[Lane]] = {}
    for index, row in rows.row_of_lane.items():
        if rows.rows[row].lane != index:
            inner.setdefault(row, []).append(timeline.lanes[index])
    return {row: tuple(lanes) for row, lanes in inner.items()}
