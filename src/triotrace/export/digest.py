"""What is drawn of a log that is too long to be drawn whole: all of its time in a few rows, then its last steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from triotrace.timeline.lanes import Lane
from triotrace.timeline.rolls import Roll
from triotrace.timeline.timeline import Timeline

__all__ = ["LONGEST", "MOST_ROWS", "Outline", "outline", "within"]

LONGEST = 65_536
"""Characters, line ends included. No issue on GitHub takes more, and nobody reads more."""
MOST_ROWS = 24


@dataclass(frozen=True, slots=True)
class Outline:
    """A tree of tasks in a few rows: `lanes` may have rows, those below the lanes of `rolls` are rolled up."""

    lanes: set[int]
    rolls: dict[int, Roll]
    left_out: int
    """How many tasks are in no row."""


def within(lines: Iterable[str], longest: int = LONGEST) -> list[str] | None:
    """Give the lines if they are no more than so many characters in all, else None; no more of them is asked for."""
    kept, length = [], 0
    for line in lines:
        length += len(line) + 1
        if length > longest:
            return None
        kept.append(line)
    return kept


def outline(timeline: Timeline, shows: Callable[[Lane], bool]) -> Outline:
    """Roll up the largest families, level after level, until what is shown fits into so many rows."""
    families: dict[int | None, list[int]] = {}
    nearest: dict[int, int | None] = {}
    for lane in timeline.lanes:
        if shows(lane):
            families.setdefault(_above(timeline, lane, shows, nearest), []).append(lane.index)
    roots = families.get(None, [])
    kept = roots[:MOST_ROWS]
    left_out = sum(map(len, families.values())) - len(kept)
    rolls: dict[int, Roll] = {}
    rows = len(kept)
    for index in kept:  # it grows meanwhile
        family = families.get(index, [])
        if rows + len(family) <= MOST_ROWS:
            kept += family
            rows += len(family)
            left_out -= len(family)
        elif family:
            rolls[index] = Roll(timeline, index)
            rolls[index].update()
            left_out -= _count_below(index, families)
            rows += 1
    return Outline(set(kept), rolls, left_out)


def _count_below(lane: int, families: dict[int | None, list[int]]) -> int:
    found = [lane]
    for index in found:
        found += families.get(index, [])
    return len(found) - 1


def _above(timeline: Timeline, lane: Lane, shows: Callable[[Lane], bool], nearest: dict[int, int | None]) -> int | None:
    """Give the nearest lane above another that is shown; `nearest` remembers it for those that are not."""
    passed: list[int] = []
    at = lane.parent
    while at is not None and not shows(timeline.lanes[at]):
        if at in nearest:
            at = nearest[at]
            break
        passed.append(at)
        at = timeline.lanes[at].parent
    nearest.update(dict.fromkeys(passed, at))
    return at
