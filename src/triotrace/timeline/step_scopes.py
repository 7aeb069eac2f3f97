"""Cancel scopes on the step axis, where they mattered: `╳━━` once cancelled, `═══` while a shield holds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.columns import Columns
from triotrace.timeline.records import Scope
from triotrace.timeline.widths import width_of
from triotrace.timeline.words import Words

__all__ = ["draw_step_scopes", "scopes_in"]

_NEVER = 1 << 62


class Behind(NamedTuple):
    """Words behind the end of a scope, which was in the slot `over`."""

    start: int
    text: str
    ink: Ink
    over: int


def scopes_in(scopes: Sequence[Scope], slots: range) -> range:
    """Give the indices of the scopes, of some that followed one another, that are seen in some slots."""
    first = bisect_left(scopes, slots.start, key=_end)
    return range(first, bisect_left(scopes, slots.stop, first, key=lambda scope: scope.mattered))


def draw_step_scopes(line: Line, scopes: Sequence[Scope], columns: Columns, words: Words) -> list[Behind]:
    """Draw scopes that followed one another; give the words that belong behind them.

    Of many that came in one column, the first and the last are drawn.
    """
    seen, said = scopes_in(scopes, columns.slots), []
    at = seen.start
    while at < seen.stop:
        following = at + 1
        until = _cell(columns, scopes[following].mattered) if following < len(scopes) else line.width
        behind = _draw(line, scopes[at], columns, words)
        if behind.text and behind.start + width_of(behind.text) <= until:
            said.append(behind)
        later = columns.last_slot(scopes[at].mattered) + 1
        at = max(following, bisect_left(scopes, later, following, key=lambda scope: scope.mattered) - 1)
    return said


def _end(scope: Scope) -> int:
    return _NEVER if scope.exited_slot is None else scope.exited_slot


def _draw(line: Line, scope: Scope, columns: Columns, words: Words) -> Behind:
    end, said, ink = _cell(columns, scope.exited_slot), "", Ink.SHIELD
    for held in scope.held or ():
        if held.passing:
            continue
        line.fill(_cell(columns, held.slot), _cell(columns, held.until_slot) + 1, "═", ink)
        if held.until is not None:
            said = words.duration(columns.timeline.length(scope.lane, held.t, held.until))
    if scope.cancelled is not None:
        start, ink = _cell(columns, scope.cancelled.slot), Ink.CANCELLED
        line.fill(start + 1, end + 1, "━", ink)
        line.put(start, "╳", ink)
        said = words.why(columns.timeline, scope, columns.timeline.lanes[scope.lane])
    over = scope.exited_slot
    return Behind(end + 2, "" if over is None else said, ink, over or 0)


def _cell(columns: Columns, slot: int | None) -> int:
    """Give the cell of what happened in a slot, as far as it is shown."""
    if slot is None or slot >= columns.slots.stop:
        return columns.end - 1
    return columns.cell(slot) + columns.mark_at if slot >= columns.slots.start else -1
