"""Who lives in each band of a drawing, and who does something there: asked band after band, each change is read once.

A log of a hundred thousand tasks has tens of thousands of bands: to go through all tasks for each would take hours.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from triotrace.timeline.lanes import Lane
from triotrace.timeline.timeline import Timeline

__all__ = ["Crowd"]


class Crowd:
    """The lanes that may have rows. Bands are asked for in their order."""

    def __init__(self, timeline: Timeline, lanes: Iterable[Lane]) -> None:
        self.timeline = timeline
        self._born = [lane for lane in lanes if lane.slots]
        self._starts = _starts(timeline)
        self.rewind()

    def rewind(self) -> None:
        """Begin anew before the first band."""
        # The first ones at the end of each list, to be taken from there
        self._births = sorted(((lane.slots[0], lane.index) for lane in self._born), reverse=True)
        ended = (lane for lane in self._born if lane.result is not None)
        self._ends = sorted(((lane.slots[-1], lane.index) for lane in ended), reverse=True)
        self._living: set[int] = set()

    def alive(self, first: int, last: int) -> set[int]:
        """Give those who live in some of the slots from `first` to `last`: ours, not a copy."""
        while self._births and self._births[-1][0] <= last:
            self._living.add(self._births.pop()[1])
        while self._ends and self._ends[-1][0] < first:
            self._living.discard(self._ends.pop()[1])
        return self._living

    def moving(self, first: int, last: int) -> set[int]:
        """Give those to whom something happens in the slots."""
        return set(self.timeline.changes[self._starts[first] : self._starts[last + 1]])

    def near(self, first: int, last: int) -> set[int]:
        """Give the tape's lane numbers that have control in the slots, or just before or after."""
        tape = self.timeline.tape
        slots = range(first, min(last + 1, len(tape)) + 1)
        return {
            *tape.lanes[first : slots.stop],
            *(tape.lanes[tape.before[slot]] for slot in slots if tape.before[slot]),
        }


def _starts(timeline: Timeline) -> array[int]:
    """Give where among the timeline's changes those of each slot begin; and, after the last, how many they are."""
    lanes, starts = timeline.lanes, array("q")
    seen = [0] * len(lanes)
    for at, index in enumerate(timeline.changes):
        slot = lanes[index].slots[seen[index]]
        seen[index] += 1
        while len(starts) <= slot:
            starts.append(at)
    while len(starts) <= len(timeline.tape) + 1:
        starts.append(len(timeline.changes))
    return starts
