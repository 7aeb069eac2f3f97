"""The walk along the tape: the playhead goes to a step, to a task's next, to who woke it, or the tape is played.

The playhead is a slot: 0 is before the first, n is after the n-th. While it follows, it stays at the end of the tape
as the tape grows.
"""

from __future__ import annotations

from typing import Literal

from triotrace.timeline.lanes import Lane
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline

__all__ = ["Walk", "is_wake"]

_SHORTEST_REST, _LONGEST_REST = 0.04, 2.0
"""Seconds on a slot of a tape that is played in real time: seen at all, and not for ever."""


class Walk:
    """Where on a tape we are, and which task is looked at. `Scene` adds what is shown of it."""

    def __init__(self, timeline: Timeline, *, follow: bool) -> None:
        self.timeline = timeline
        self.playhead = 0
        self.following = follow
        self.playing = False
        self.wanted: int | None = None
        """The slot that the playhead is on its way to, beyond the end of the tape."""
        self.chosen: int | None = None
        """The lane that was chosen; None: the one that runs at the playhead."""
        self._came_from: tuple[int, ...] = ()
        """The slots from which `to_waker` went."""

    def _keep_in_view(self) -> None:
        raise NotImplementedError

    @property
    def end(self) -> int:
        """The last slot of the tape."""
        return len(self.timeline.tape)

    @property
    def last_step(self) -> int:
        """The slot of the newest step at the playhead, sleeps passed over; 0 if there was none."""
        slot = self.playhead
        while slot > 0 and self.timeline.tape.lanes[slot] < 0:
            slot -= 1
        return slot

    @property
    def chosen_lane(self) -> Lane | None:
        """The task that the inspector shows: the chosen one, else the one of the playhead's step."""
        if self.chosen is not None:
            return self.timeline.lanes[self.chosen]
        slot = self.last_step
        return self.timeline.lanes[self.timeline.tape.lanes[slot]] if slot > 0 else None

    def choose_nobody(self) -> None:
        """Let the choice follow the playhead again."""
        self.chosen = None

    # -- to a slot ---------------------------------------------------------------------------

    def move(self, steps: int) -> None:
        """Move the playhead; a look back ends following, arriving at the end does not begin it."""
        self.go(self.playhead + steps)

    def go(self, slot: int) -> None:
        """Put the playhead on a slot."""
        self._came_from = ()
        self.playing = False
        self.following = False
        self.wanted = None
        self.playhead = max(0, min(slot, self.end))
        self._keep_in_view()

    def want(self, slot: int) -> None:
        """Go to a slot, as far as the tape has come: the playhead takes the rest as it grows (`draw_near`)."""
        self.go(slot)
        self.wanted = slot

    def draw_near(self) -> None:
        """Go on to the slot that is wanted, as far as the tape has grown meanwhile."""
        if self.wanted is not None and self.playhead < min(self.wanted, self.end):
            self.playhead = min(self.wanted, self.end)
            self._keep_in_view()

    @property
    def in_open_sleep(self) -> bool:
        """Tell whether the playhead is on a sleep at the end of the tape, whose own end is not told yet."""
        tape, slot = self.timeline.tape, self.playhead
        return 0 < slot == self.end and tape.lanes[slot] < 0 and tape.endings[slot] == Ending.OPEN

    def go_home(self) -> None:
        """Go to before the first step."""
        self.go(0)

    def go_to_now(self) -> None:
        """Go to the end, and stay there as it moves."""
        self.go(self.end)
        self.following = True

    def play(self) -> None:
        """Play the tape from the playhead; at its end, from the start."""
        if self.playhead >= self.end:
            self.playhead = 0
        self.following, self.wanted = False, None
        self.playing = True
        self._keep_in_view()

    def hold(self) -> None:
        """Play no more, and stay where the playhead is."""
        self.playing = self.following = False
        self.wanted = None

    def tick(self) -> None:
        """Play one step."""
        if self.playing:
            self.playhead = min(self.playhead + 1, self.end)
            self.playing = self.playhead < self.end
            self._keep_in_view()

    def seconds_to_next(self, pace: float | None) -> float:
        """Give how long the playing tape rests on its slot: by the pace, else as long as the run did, within reason."""
        if pace is not None:
            return 1 / pace
        starts, at = self.timeline.tape.starts, self.playhead
        rest = starts[at + 1] - starts[at] if 0 < at < self.end else 0
        return min(_LONGEST_REST, max(_SHORTEST_REST, rest / 1e9))

    # -- along a task ------------------------------------------------------------------------

    def to_step_of_chosen(self, direction: Literal[1, -1]) -> bool:
        """Go to the next or previous step of the chosen task; tell whether the tape has it."""
        lane = self.chosen_lane
        return lane is not None and self.to_step_of(lane, direction)

    def to_step_of(self, lane: Lane, direction: Literal[1, -1]) -> bool:
        """Go to the next or previous step of a task, which is the chosen one then; tell whether the tape has it."""
        tape = self.timeline.tape
        slot = self.playhead + direction
        if direction < 0 or slot <= self.end:
            change = lane.after_slot(slot if direction < 0 else slot - 1) + (0 if direction < 0 else 1)
            while 0 <= change < len(lane.slots):
                at = lane.slots[change]
                if lane.states[change] == State.RUNNING and tape.lanes[at] == lane.index:
                    chosen = lane.index
                    self.go(at)
                    self.chosen = chosen
                    return True
                change += direction
        return False

    def to_waker(self) -> None:
        """Go to the step that made the playhead's task ready, or the chosen one."""
        lane = self.chosen_lane
        if lane is None or (self.chosen is None and self.timeline.tape.lanes[self.playhead] < 0):
            return  # nobody makes the loop sleep
        change = lane.after_slot(self.playhead)
        if self.chosen is None or self.timeline.tape.lanes[self.playhead] == lane.index:
            # From its own step: what made that one possible, not what came of it
            while change >= 0 and lane.states[change] != State.RUNNING:
                change -= 1
        while change >= 0 and not (lane.states[change] == State.READY and is_wake(lane, change)):
            change -= 1
        if change >= 0 and 0 < lane.slots[change] < self.playhead:
            came_from = (*self._came_from, self.playhead)
            self.go(lane.slots[change])
            self.chosen = None
            self._came_from = came_from

    def back_from_waker(self) -> None:
        """Undo the last `to_waker`."""
        if self._came_from:
            *before, slot = self._came_from
            self.go(slot)
            self._came_from = tuple(before)


def is_wake(lane: Lane, change: int) -> bool:
    """Tell whether a change to READY was made by another: its place is then the waker's."""
    return lane.states[change] == State.READY and (change == 0 or lane.states[change - 1] != State.RUNNING)
