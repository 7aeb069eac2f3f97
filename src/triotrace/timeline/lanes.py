"""One task's life in arrays: when its state changed, in which step, and how.

A lane holds its *changes*. Between two changes the state stays, so a cell of a picture costs two bisections,
however long the run was. No object that the garbage collector must walk exists per change.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import get_args

from triotrace.events import Cause, Error, NurseryId, PlaceId, Role, RunId, ScopeId, TaskId
from triotrace.timeline.states import State

__all__ = ["CAUSES", "NOBODY", "NO_PLACE", "Lane"]

CAUSES: tuple[str, ...] = ("", *get_args(Cause), "housekeeping", "interrupt")
"""Why a task was made ready.

Housekeeping is a cancellation that a library has need of, in a healthy run too; of an interrupt, Ctrl+C, the log says
more than its cause does.
"""

_CANCELLED = bytes([CAUSES.index("cancel"), CAUSES.index("interrupt")])
_NUMBER = {cause: number for number, cause in enumerate(CAUSES)}
# Plain numbers: each look at a member of an Enum costs as much as an append
_RUNNING, _READY, _WAITING = int(State.RUNNING), int(State.READY), int(State.WAITING)

NO_PLACE = -1
NOBODY = -1


@dataclass(slots=True)
class Lane:
    """A task. `index` is its position in `Timeline.lanes`, in order of birth."""

    index: int
    task: TaskId
    run: RunId
    name: str
    role: Role
    number: int
    """1, 2, ... among the tasks of the same name in the same run."""
    changes: array[int] = field(default_factory=lambda: array("i"), repr=False)
    """The timeline's: the lane of every change of any lane, in order."""
    parent: int | None = None
    """The lane of the task that owns its nursery."""
    spawner: int | None = None
    nursery: NurseryId | None = None
    place: PlaceId | None = None
    """Of the function that was spawned."""
    state: State = State.NEW
    result: State | None = None
    error: Error | None = None
    ended_at: int = NO_PLACE
    """The user's line that raised or returned."""
    cancelled_by: ScopeId | None = None
    """The scope whose cancellation reached it last."""
    children: dict[int, None] = field(default_factory=dict)
    """The lanes whose nurseries it owns, in the order in which they came to it."""
    alive_children: int = 0
    open_nurseries: list[NurseryId] = field(default_factory=list)
    """Those that it opened, the innermost last; closed ones are dropped when they are met there."""
    joined: int = 0
    """A number that grows: those of its owner's children that came before it have a smaller one."""
    born: int = 0
    """Where in `Timeline.changes` its own begin."""
    readied: int = -1
    """Where in `Timeline.changes` it was made ready last."""

    times: array[int] = field(default_factory=lambda: array("q"))
    slots: array[int] = field(default_factory=lambda: array("i"))
    """The step or sleep of the tape in which the change came; 0 is before the first."""
    states: bytearray = field(default_factory=bytearray)
    places: array[int] = field(default_factory=lambda: array("q"))
    """Where it stands (WAITING, READY after a step), or the waker's line (READY by another); NO_PLACE if unknown."""
    wakers: array[int] = field(default_factory=lambda: array("i"))
    """READY: the waker's lane, or NOBODY. WAITING: how many children it has; -2 - n if it waits for the n-th thing."""
    causes: bytearray = field(default_factory=bytearray)
    """READY: why, as an index of CAUSES."""
    ran: array[int] = field(default_factory=lambda: array("q"))
    """Nanoseconds it had run before the change."""
    queued: array[int] = field(default_factory=lambda: array("q"))
    """Nanoseconds it had been ready, in the queue, before the change."""

    def change(
        self, t: int, slot: int, state: State, *, place: int = NO_PLACE, waker: int = NOBODY, cause: str = ""
    ) -> None:
        """Add a change; `t` and `slot` never go back."""
        ran = queued = 0
        if self.times:
            ran, queued = self.ran[-1], self.queued[-1]
            last = self.states[-1]
            if last == _RUNNING:
                ran += t - self.times[-1]
            elif last == _READY:
                queued += t - self.times[-1]
        self.changes.append(self.index)
        self.times.append(t)
        self.slots.append(slot)
        self.states.append(state)
        self.places.append(place)
        self.wakers.append(waker)
        self.causes.append(_NUMBER[cause])
        self.ran.append(ran)
        self.queued.append(queued)

    def after_slot(self, slot: int) -> int:
        """Give the index of the last change in or before `slot`; -1 before the task was born."""
        return bisect_right(self.slots, slot) - 1

    def at_time(self, t: int) -> int:
        """Give the index of the last change at or before `t`; -1 before the task was born."""
        return bisect_right(self.times, t) - 1

    def cause_of(self, change: int) -> str:
        """Give the cause of a change to READY, a word of CAUSES."""
        return CAUSES[self.causes[change]]

    def was_cancelled(self, change: int) -> bool:
        """Tell whether a cancellation, and not one inside a library, made the task ready, or Ctrl+C."""
        return self.causes[change] in _CANCELLED

    def woke_in(self, slot: int, cause: str) -> bool:
        """Tell whether the task was made ready in a slot for a reason, a word of CAUSES."""
        change, number = self.after_slot(slot), _NUMBER[cause]
        while change >= 0 and self.slots[change] == slot:
            if self.causes[change] == number:
                return True
            change -= 1
        return False

    def thing_at(self, change: int) -> int | None:
        """Give the thing (an index of `Holders`) for which the task waits after a change; None if it is not known."""
        waits = change >= 0 and self.states[change] == _WAITING and self.wakers[change] < NOBODY
        return -2 - self.wakers[change] if waits else None

    def was_cancelled_among(self, first: int, last: int) -> bool:
        """Tell the same of any of the changes first to last."""
        return self.causes.find(_CANCELLED[0], max(0, first), last + 1) >= 0

    def state_at(self, change: int) -> State | None:
        """Give the state after a change; None before birth."""
        return State(self.states[change]) if change >= 0 else None

    def ran_until(self, t: int) -> int:
        """Give the nanoseconds that the task had run at `t`."""
        return self.ran_after(self.at_time(t), t)

    def queued_until(self, t: int) -> int:
        """Give the nanoseconds that the task had been in the queue at `t`."""
        return self.queued_after(self.at_time(t), t)

    def ran_after(self, change: int, t: int) -> int:
        """Give the same, if `change` is the last one at or before `t`."""
        if change < 0:
            return 0
        return self.ran[change] + (t - self.times[change] if self.states[change] == State.RUNNING else 0)

    def queued_after(self, change: int, t: int) -> int:
        """Give the same, if `change` is the last one at or before `t`."""
        if change < 0:
            return 0
        return self.queued[change] + (t - self.times[change] if self.states[change] == State.READY else 0)
