"""One task's life as the log tells it: a line an event, under trio's own names for its hooks.

Nothing is stored for it. A lane's changes are the events, so a line costs the same in a life of a million of them.
What no change stands for (a checkpoint's `task_scheduled`, `task_exited`) is told with the `after_task_step` after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from triotrace.clean import clean
from triotrace.timeline.durations import exact_time
from triotrace.timeline.lanes import CAUSES, NO_PLACE, NOBODY, Lane
from triotrace.timeline.states import State
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

__all__ = ["Happening", "History", "last_wake"]

_HOOKS = {
    State.NEW: "task_spawned",
    State.READY: "task_scheduled",
    State.RUNNING: "before_task_step",
    State.UNKNOWN: "dropped",
}
_WAKES = [i for i, cause in enumerate(CAUSES) if cause not in ("", "checkpoint")]


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a task: when, in which step of the tape, which hook, and what it said."""

    when: str
    slot: int
    hook: str
    details: str


class History(Sequence[Happening]):
    """The events of a lane, oldest first."""

    def __init__(self, timeline: Timeline, lane: Lane, words: Words) -> None:
        self.timeline = timeline
        self.lane = lane
        self.words = words
        self._origin = timeline.runs[0].begun.t if timeline.runs else 0

    def __len__(self) -> int:
        """Count them."""
        return len(self.lane.times)

    @overload
    def __getitem__(self, index: int) -> Happening: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Happening]: ...
    def __getitem__(self, index: int | slice) -> Happening | Sequence[Happening]:
        """Tell an event."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        lane = self.lane
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        when = exact_time(lane.times[index] - self._origin).replace(".", self.words.catalogue.gettext("."))
        state = State(lane.states[index])
        # Only the end of a step leads to the other states, and a step that gives way leads from running to ready
        gave_way = state is State.READY and index > 0 and lane.states[index - 1] == State.RUNNING
        hook = "after_task_step" if gave_way else _HOOKS.get(state, "after_task_step")
        details = " · ".join(part for part in self._tell(index, state, gave_way=gave_way) if part)
        return Happening(when, lane.slots[index], hook, details)

    def before(self, slot: int) -> int:
        """Count the events up to the end of a slot."""
        return self.lane.after_slot(slot) + 1

    def _tell(self, index: int, state: State, *, gave_way: bool) -> list[str]:
        lane, timeline, say = self.lane, self.timeline, self.words.catalogue.gettext
        stands = self._place(lane.places[index])
        if gave_way:
            who = self.words.woken_by_cancellation(timeline, lane, index) if lane.was_cancelled(index) else ""
            cancelled = ", ".join([lane.cause_of(index), *([say("by {name}").format(name=who)] if who else [])])
            return [cancelled if lane.was_cancelled(index) else "checkpoint", stands]
        match state:
            case State.NEW:
                by = timeline.lanes[lane.spawner] if lane.spawner is not None else None
                return [lane.role, say("by {name}").format(name=timeline.title(by)) if by is not None else ""]
            case State.READY:
                waker = lane.wakers[index]
                by = timeline.lanes[waker] if waker != NOBODY else None
                who = self.words.woken_by_cancellation(timeline, lane, index)
                who = who or (timeline.title(by) if by is not None else "")
                name = say("by {name}").format(name=who) if who else ""
                return [lane.cause_of(index), ", ".join(part for part in (name, stands) if part)]
            case State.WAITING:
                thing = lane.thing_at(index)
                return [stands, self.words.one_of(timeline, thing) if thing is not None else ""]
            case State.RETURNED | State.RAISED | State.CANCELLED | State.EXITED:
                # As the log has it: an exit is one of the things that are raised
                raised = state in (State.RAISED, State.EXITED)
                error = clean(lane.error.type, 80) if lane.error is not None and raised else ""
                result = "raised" if raised else state.name.lower()
                return [f"task_exited {result}", error, self._line(lane.places[index])]
            case _:
                return []

    def _place(self, place: int) -> str:
        known = self.timeline.verbs.places.get(place) if place != NO_PLACE else None
        if known is None:
            return ""
        verb = self.timeline.verbs.verb(place)
        return f"{verb.call or verb.full} {self._line(place)}".lstrip()

    def _line(self, place: int) -> str:
        known = self.timeline.verbs.places.get(place)
        return "" if known is None else self.words.catalogue.gettext("line {line}").format(line=known.line)


def last_wake(lane: Lane, change: int) -> int:
    """Give the last change, up to `change`, by which another task, trio or the world made a task ready; -1 if none."""
    found = -1  # each search is one of bytes, and ends where the one before found something
    for cause in _WAKES:
        found = max(found, lane.causes.rfind(cause, found + 1, change + 1))
    return found
