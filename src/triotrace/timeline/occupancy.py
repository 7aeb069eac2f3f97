"""What a task did in each cell of the time axis, exactly, whatever its length: from prefix sums, never step by step.

The look of a cell, the first of these that holds:

- the task ended in it: `■ ! ╳`;
- it ran for more than half an eighth of it: the share, `▁▂▃▄▅▆▇█`, by the nearest eighth;
- a step began in it that no other cell shows: `│`, once for any number of them;
- else `░` or `┈`, in the queue or waiting, whichever was longer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import NamedTuple

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.lanes import Lane
from triotrace.timeline.rolls import Roll
from triotrace.timeline.scale import TimeView
from triotrace.timeline.shares import STROKE, share_glyph
from triotrace.timeline.states import State

__all__ = ["Cells", "Stretch", "draw_lane", "draw_roll"]

_Look = tuple[str, int]
_Looks = Callable[[int, int, int], _Look]
# Plain numbers: a member of an enumeration costs several times as much to look up and compare, 10,000 times a frame
_READY, _RUNNING, _WAITING, _UNKNOWN = int(State.READY), int(State.RUNNING), int(State.WAITING), int(State.UNKNOWN)
_RUNS = int(Ink.RUNNING)
_RUNS_ON = bytes([_RUNNING])
_EXITS: dict[int, _Look] = {
    State.RETURNED: ("■", int(Ink.RETURNED)),
    State.RAISED: ("!", int(Ink.RAISED)),
    State.EXITED: ("■", int(Ink.RETURNED)),
    State.CANCELLED: ("╳", int(Ink.CANCELLED)),
}
_STROKE: _Look = (STROKE, _RUNS)
_NOBODY: _Look = (" ", int(Ink.BLANK))
_QUEUE: _Look = ("░", int(Ink.READY))
_LOOKS: dict[int, _Look] = {
    State.NEW: _QUEUE,
    State.READY: _QUEUE,
    State.RUNNING: ("█", _RUNS),
    State.WAITING: ("┈", int(Ink.WAITING)),
    State.UNKNOWN: ("?", int(Ink.UNKNOWN)),
}
_STATES = [_LOOKS.get(state, _NOBODY) for state in range(max(State) + 1)]
"""What a cell looks like in which nothing changes, by state."""
_SHARES = [share_glyph(part, 8) for part in range(9)]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a frame, worked out once for all its rows."""

    edges: Sequence[int]
    """Where each begins, in ns of `t`, ascending; and where the last one ends."""
    end: int
    """The `t` up to which it is known what happened."""
    begun: int
    """How many cells begin at or before that."""
    view: TimeView

    @classmethod
    def of(cls, view: TimeView, end: int) -> Cells:
        """Work out the cells of a view."""
        edges = view.edges()
        return cls(edges, end, bisect_right(edges, end, hi=view.width), view)


class Stretch(NamedTuple):
    """Cells in which a task waits and nothing changes: there is room for words."""

    change: int
    start: int
    end: int


def draw_lane(line: Line, lane: Lane, cells: Cells) -> list[Stretch]:
    """Draw a lane, and tell where it waits."""
    states, glyphs, inks = lane.states, line.glyphs, line.inks
    stretches: list[Stretch] = []
    still = cells.view.scale.still
    look = _still(lane, cells) if still else _mixed(lane, cells)
    first = bisect_left(lane.times, cells.edges[0])
    before, column = first - 1, 0  # the last change before the cells from `column` on
    changing = _changing(lane, cells, first)
    if states[-1:] == _RUNS_ON and not still:
        # It runs: the cell that has just begun is filled as far as is known
        frontier = cells.begun - 1
        if frontier >= 0 and lane.times[-1] < cells.edges[frontier] <= cells.end < cells.edges[frontier + 1]:
            changing.append((frontier, len(states)))
    for cell, stop in [*changing, (cells.begun, 0)]:
        if column < cell and before >= 0:
            state = states[before]
            glyph, ink = _STATES[state]
            glyphs[column:cell] = [glyph] * (cell - column)
            inks[column:cell] = bytes([ink]) * (cell - column)
            if state == _WAITING:
                stretches.append(Stretch(before, column, cell))
        if stop:
            last, column = stop - 1, cell + 1
            glyphs[cell], inks[cell] = _EXITS.get(states[last]) or look(cell, before, last)
            before = last
    return stretches


def _changing(lane: Lane, cells: Cells, first: int) -> list[tuple[int, int]]:
    """Give the cells in which the state changes, each with the first change after it; `first` is the first of all."""
    times, edges, begun = lane.times, cells.edges, cells.begun
    after = bisect_left(times, edges[begun], first)
    if after - first > begun:
        ends = map(bisect_left, repeat(times, begun), edges[1:], repeat(first), repeat(after))
        return [(cell, stop) for cell, (start, stop) in enumerate(pairwise([first, *ends])) if start != stop]
    found, change = [], first
    while change < after:
        cell = bisect_right(edges, times[change], hi=begun) - 1
        change = bisect_left(times, edges[cell + 1], change + 1, after)
        found.append((cell, change))
    return found


def _mixed(lane: Lane, cells: Cells) -> _Looks:
    """Give what tells the look of a cell whose last change is `last`; `before` is the one before its first."""
    times, states, rans, queues = lane.times, lane.states, lane.ran, lane.queued
    edges, end, born = cells.edges, cells.end, times[0] if times else 0

    def look(cell: int, before: int, last: int) -> _Look:
        begin, edge, state = edges[cell], edges[cell + 1], states[last]
        over, whole = edge if edge < end else end, edge - begin  # noqa: FURB136  a call would cost as much as all of this line
        ran, queued = rans[last], queues[last]
        if state == _RUNNING:
            ran += over - times[last]
        elif state == _READY:
            queued += over - times[last]
        if before >= 0:
            was = states[before]
            ran -= rans[before]
            queued -= queues[before]
            if was == _RUNNING:
                ran -= begin - times[before]
            elif was == _READY:
                queued -= begin - times[before]
        if 16 * ran > whole:
            return _SHARES[min(8, -((whole - 16 * ran) // (2 * whole)))], _RUNS
        seen = last
        if state == _RUNNING:
            # It is seen in the next cell, if it fills enough of that
            until = times[last + 1] if last + 1 < len(states) else end
            seen -= 16 * (until - edge) > whole
        if states.find(_RUNNING, before + 1, seen + 1) >= 0:
            return _STROKE
        return _idle(states, max(0, before), last, queued, over - max(begin, born) - ran)

    return look


def _still(lane: Lane, cells: Cells) -> _Looks:
    """Give the same for a ruler that stands still while tasks run: each step is a stroke."""
    times, states, scale = lane.times, lane.states, cells.view.scale

    def look(cell: int, before: int, last: int) -> _Look:
        if states.find(_RUNNING, before + 1, last + 1) >= 0:
            return _STROKE
        begin = cells.view.start + cell * cells.view.cell
        first = max(0, before)
        places = [scale.at(t) for t in times[first : last + 1]] + [min(begin + cells.view.cell, scale.at(cells.end))]
        queued = lived = 0
        for state, (start, end) in zip(states[first : last + 1], pairwise(places), strict=True):
            spent = max(0, end - max(begin, start)) if state != _RUNNING else 0
            lived += spent
            queued += spent if state == _READY else 0
        return _idle(states, first, last, queued, lived)

    return look


def _idle(states: bytearray, first: int, last: int, queued: int, lived: int) -> _Look:
    """Give the look of a cell in which a task did not run, but lived for some time, in the queue for part of it."""
    if queued and 2 * queued >= lived:
        return _QUEUE
    waited = max(states.rfind(_WAITING, first, last + 1), states.rfind(_UNKNOWN, first, last + 1))
    state = states[waited if waited >= 0 and lived else last]
    return _NOBODY if state == _RUNNING else _STATES[state]


def draw_roll(line: Line, roll: Roll, cells: Cells) -> None:
    """Draw many lanes as one: the share in which any of them ran, else whether any queued, else that any lives."""
    still = cells.view.scale.still
    ran, queued = roll.totals(cells.edges[0])
    for cell in range(cells.begun):
        edge = min(cells.edges[cell + 1], cells.end)
        before, (ran, queued) = (ran, queued), roll.totals(edge)
        span = cells.edges[cell + 1] - cells.edges[cell]
        share = share_glyph(ran - before[0], span) if not still else STROKE * (ran > before[0])
        change = roll.at_time(edge)
        if share:
            look = share, _RUNS
        elif queued - before[1] > span // 2:
            look = _QUEUE
        else:
            look = _STATES[_WAITING] if change >= 0 and roll.alive[change] else _NOBODY
        line.glyphs[cell], line.inks[cell] = look
