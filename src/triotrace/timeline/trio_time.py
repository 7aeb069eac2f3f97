"""The ruler of a run under a mock clock: trio's time, which stands still while tasks run and leaps while all wait.

Several runs follow one another on it, each with numbers of its own, as a file of tests has them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from triotrace.timeline.records import Run
from triotrace.timeline.scale import REAL_TIME, Gap, Piece, Scale
from triotrace.timeline.timeline import Timeline

__all__ = ["TrioTime", "scale_of"]

_NEVER = 1 << 62
_PARTS = 6_000
"""What is shorter than such a part of all that is shown has no room for a number or a sign, in any picture."""


class TrioTime:
    """trio's time of all runs of a timeline. `update` takes notice of what the timeline has learnt since."""

    still = True

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._moments: list[int] = []
        """The `t` of each leap, and of each run's beginning ..."""
        self._places: list[int] = []
        """... and where the ruler is from then on."""
        self._begins: list[int] = []
        """Where on the ruler each run begins."""
        self._read = 0
        """How many ties of the newest run were read."""
        self._fits = True

    def update(self) -> bool:
        """Read what is new; tell whether there is a time to show: mock clocks leapt, one run after the other."""
        for index in range(max(0, len(self._begins) - 1), len(self.timeline.runs)):
            run = self.timeline.runs[index]
            if index == len(self._begins):
                before = self.timeline.runs[index - 1].ended if index else run.begun.t
                self._fits = self._fits and run.begun.clock == "mock" and before is not None and before <= run.begun.t
                self._begins.append(self._places[-1] if self._places else 0)
                self._read = 0
            self._add(run, self._begins[index])
        return self._fits and bool(self._places) and self._places[-1] > 0

    def _add(self, run: Run, begin: int) -> None:
        for t, time in run.ties[self._read :]:
            place = begin + time - run.ties[0][1]
            # A clock that is set back by hand would draw two moments over each other: the ruler waits for it
            if not self._read or place > self._places[-1]:
                self._moments.append(t)
                self._places.append(max(place, begin))
            self._read += 1

    def at(self, t: int) -> int:
        """Give where a moment is on the ruler (ns)."""
        return self._places[max(0, bisect_right(self._moments, t) - 1)]

    def moment(self, x: int) -> int:
        """Give the first `t` that is at `x` on the ruler, or after it."""
        leap = bisect_left(self._places, x)
        return self._moments[leap] if leap < len(self._moments) else _NEVER

    def deadline(self, run: Run, trio_time: int) -> int:
        """Give where a moment of a run's trio clock is on the ruler; it may lie ahead."""
        return self._begins[run.index] + trio_time - run.ties[0][1]

    def pieces(self, start: int, end: int, origin: int) -> list[Piece]:
        """Give the numbered parts of the ruler from `start` to `end`: one for each run, if it can be seen."""
        pieces, x, least, begins = [], start, (end - start) // _PARTS, self._begins
        while x < end and begins:
            index = max(0, bisect_right(begins, x) - 1)
            first = max(start, begins[index])
            last = min(end, begins[index + 1]) if index + 1 < len(begins) else end
            if last - first > least:
                pieces.append(Piece(first, last, first - begins[index] + self.timeline.runs[index].ties[0][1]))
            x = max(last, x + least)
        return pieces

    def gaps(self, start: int, end: int) -> list[Gap]:
        """Give the leaps that begin before `end` and end after `start`, but for those too short to be seen.

        Of a million leaps a picture has room for some dozens, so they are looked for in steps as short as may be seen.
        """
        found, x, least = [], start, (end - start) // _PARTS
        while x < end:
            leap = max(1, bisect_right(self._places, x))
            if leap >= len(self._places):
                break
            before, after = self._places[leap - 1 : leap + 1]
            if after - before > least and before < end:
                found.append(Gap(before, after, after - before))
            x = max(after, x + least)
        return found


def scale_of(timeline: Timeline) -> Scale:
    """Give the scale of a timeline that does not grow: trio's time where there is one, else real time."""
    scale = TrioTime(timeline)
    return scale if scale.update() else REAL_TIME
