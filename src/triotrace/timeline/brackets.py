"""Cancel scopes on the time axis: `[━━━]···┊` with a deadline, `╳━━` once cancelled, `═══` while a shield holds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.occupancy import Cells
from triotrace.timeline.records import Scope
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import width_of
from triotrace.timeline.words import Words

__all__ = ["draw_scopes"]

_NEVER = 1 << 62


def draw_scopes(
    line: Line, scopes: Sequence[Scope], timeline: Timeline, cells: Cells, words: Words
) -> list[tuple[int, int, int]]:
    """Draw scopes that followed one another, as those of a loop do; what one had left ends where the next one begins.

    Give the cells of the words behind them, from and to, and when each scope was over.

    Of many that came in one cell, the first and the last are drawn.
    """
    view, first = cells.view, cells.edges[0]
    at = bisect_left(scopes, first, key=lambda scope: _NEVER if scope.exited is None else scope.exited)
    if at and scopes[at - 1].exited is not None:
        at -= 1  # what it had left may be seen
    said = []
    while at < len(scopes) and scopes[at].shown < cells.edges[-1]:
        following = at + 1
        until = view.column(scopes[following].shown) if following < len(scopes) else _NEVER
        start, end = _draw_scope(line, scopes[at], timeline, cells, words, until)
        over = scopes[at].exited
        if start < end and over is not None:
            said.append((start, end, over))
        next_cell = view.moment(view.column(scopes[at].shown) + 1)
        at = max(following, bisect_left(scopes, next_cell, following, key=lambda scope: scope.shown) - 1)
    return said


def _draw_scope(
    line: Line, scope: Scope, timeline: Timeline, cells: Cells, words: Words, until: int
) -> tuple[int, int]:
    view = cells.view
    end = view.column(cells.end if scope.exited is None else scope.exited)
    if scope.given is not None:
        _draw_bracket(line, scope, timeline, cells, end, until)
    said = ""
    for held in scope.held or ():
        last = held.until if held.until is not None else cells.end
        if last < cells.edges[0] or held.t >= cells.edges[-1] or held.passing:
            continue
        line.fill(view.column(held.t), view.column(last) + 1, "═", Ink.SHIELD)
        said = words.duration(timeline.length(scope.lane, held.t, last)) if held.until is not None else ""
    if scope.cancelled is not None:
        at = view.column(scope.cancelled.t)
        line.fill(at + 1, end + 1, "━", Ink.CANCELLED)
        line.put(at, "╳", Ink.CANCELLED)
        end, said = max(at, end), words.why(timeline, scope, timeline.lanes[scope.lane])
    if not said or end + 2 + width_of(said) > until:
        return 0, 0
    return end + 2, line.write(end + 2, said, Ink.CANCELLED if scope.cancelled is not None else Ink.SHIELD)


def _draw_bracket(line: Line, scope: Scope, timeline: Timeline, cells: Cells, end: int, until: int) -> None:
    run = timeline.run_of(timeline.lanes[scope.lane])
    if run is None:
        return
    view, scale = cells.view, cells.view.scale
    start = view.column(scope.shown)
    # A deadline of a mock clock is at no moment of real time
    placed = scale.still or run.begun.clock != "mock"
    if placed and scope.deadline is not None and scope.cancelled is None:
        deadline = view.cell_of(max(scale.at(scope.shown), scale.deadline(run, scope.deadline)))
        line.fill(end + 1, min(deadline, until), "·", Ink.SPARE)
        if deadline < until:
            line.put(deadline, "┊", Ink.SPARE)
    line.fill(start + 1, end + 1, "━", Ink.SCOPE)
    if not 0 <= start < line.width or line.glyphs[start] != "╳":
        # Where one ends and the next begins within a cell, a cancellation is what must be seen
        line.put(start, "[", Ink.SCOPE)
    if scope.exited is not None and end > start:
        line.put(end, "]", Ink.SCOPE)
    if placed and scope.due is not None:
        # Where it was due, if it was noticed later
        line.put(view.cell_of(max(scale.at(scope.shown), scale.deadline(run, scope.due))), "┊", Ink.SPARE)
