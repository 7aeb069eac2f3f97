"""The tape: every numbered step, and every sleep of the loop, in the order in which they began.

Slot 0 is the moment before the first; slot n is the n-th. A step of a main, library or user task is numbered,
and so is a sleep of the loop. Steps of trio's own tasks are not: what they do falls into the slot before them.

Steps that one task takes one after the other inside one `await` make one *column* of a picture: a lesson on HTTP would
otherwise be one on locks.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import IntEnum

from triotrace.timeline.lanes import NO_PLACE

__all__ = ["Ending", "Tape"]


class Ending(IntEnum):
    """How a slot ended."""

    OPEN = 0
    """It still runs, or the log ends within it."""
    WAITS = 1
    STAYS = 2
    """It gave way and stays in the queue."""
    RETURNED = 3
    RAISED = 4
    CANCELLED = 5
    WOKE = 6
    """A sleep of the loop that is over."""
    EXITED = 7
    """It raised SystemExit: the program is to end."""
    INTERRUPTED = 8
    """It stays in the queue, for a cancellation to be raised where it stands."""


@dataclass(slots=True)
class Tape:
    """Slots in parallel arrays; index 0 is a sentinel, so that slot numbers are those on the screen."""

    lanes: array[int] = field(default_factory=lambda: array("i", [0]))
    """The lane that ran; -1 - r when the loop of the r-th run slept."""
    starts: array[int] = field(default_factory=lambda: array("q", [0]))
    ends: array[int] = field(default_factory=lambda: array("q", [0]))
    endings: bytearray = field(default_factory=lambda: bytearray([Ending.WOKE]))
    places: array[int] = field(default_factory=lambda: array("q", [NO_PLACE]))
    before: array[int] = field(default_factory=lambda: array("i", [0]))
    """The slot before it in the same run; 0 if it is that run's first."""
    turns: bytearray = field(default_factory=lambda: bytearray(1))
    """Whether a turn of the loop begins with a slot."""
    columns: array[int] = field(default_factory=lambda: array("i", [0]))
    """The column of each slot ..."""
    column_starts: array[int] = field(default_factory=lambda: array("i", [0]))
    """... and the first slot of each column."""
    woken: array[int] = field(default_factory=lambda: array("i"))
    """The lanes made ready by slots themselves, one slot after the other ..."""
    first_woken: array[int] = field(default_factory=lambda: array("q", [0]))
    """... and where those of each slot begin."""

    def __len__(self) -> int:
        """Count the slots."""
        return len(self.lanes) - 1

    def begin(self, lane: int, t: int, *, before: int) -> int:
        """Open the next slot and give its number."""
        self.lanes.append(lane)
        self.starts.append(t)
        self.ends.append(t)
        self.endings.append(Ending.OPEN)
        self.places.append(NO_PLACE)
        self.before.append(before)
        self.turns.append(0)
        self.first_woken.append(len(self.woken))
        slot = len(self.lanes) - 1
        self.columns.append(len(self.column_starts))
        self.column_starts.append(slot)
        return slot

    def begin_turn(self, slot: int) -> None:
        """Tell that a turn begins with a slot: what ran before it made ready all that runs in it."""
        self.turns[slot] = 1

    def end(self, slot: int, t: int, ending: Ending, *, place: int = NO_PLACE) -> None:
        """Close a slot."""
        self.ends[slot] = t
        self.endings[slot] = ending
        self.places[slot] = place

    def may_go_on(self, slot: int) -> bool:
        """Tell whether a step that just ended followed one of the same task that stayed, and woke nobody."""
        before = slot - 1
        return (
            self.lanes[slot] == self.lanes[before]
            and self.endings[before] == Ending.STAYS
            and self.endings[slot] in (Ending.STAYS, Ending.WAITS, Ending.INTERRUPTED)
            and slot == len(self) == self.column_starts[-1]
            and self.first_woken[slot] == len(self.woken)
        )

    def join(self, slot: int) -> None:
        """Put the newest slot into the column before it: it goes on with the same await."""
        self.column_starts.pop()
        self.columns[slot] -= 1

    def wake(self, lane: int) -> None:
        """Tell that the newest slot made a lane ready."""
        self.woken.append(lane)

    def woken_in(self, slot: int) -> array[int]:
        """Give the lanes that a slot made ready, in order."""
        last = self.first_woken[slot + 1] if slot + 1 < len(self.first_woken) else len(self.woken)
        return self.woken[self.first_woken[slot] : last]

    def column_of(self, slot: int, *, folded: bool = True) -> int:
        """Give the column of a slot; unfolded, each slot has its own."""
        return self.columns[slot] if folded else slot

    def count_columns(self, *, folded: bool = True) -> int:
        """Count the columns."""
        return len(self.column_starts) - 1 if folded else len(self)

    def slots_of(self, column: int, *, folded: bool = True) -> tuple[int, int]:
        """Give the first and the last slot of a column."""
        if not folded:
            return column, column
        after = self.column_starts[column + 1] if column + 1 < len(self.column_starts) else len(self) + 1
        return self.column_starts[column], after - 1

    def slot_at(self, t: int) -> int:
        """Give the last slot that began at or before `t`."""
        return max(0, bisect_right(self.starts, t, lo=1) - 1)
