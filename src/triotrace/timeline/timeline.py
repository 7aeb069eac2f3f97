"""All that a log tells, and what its readers ask of it. How it comes to know is in `fold.py`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from triotrace.timeline.ends import error_name
from triotrace.timeline.fold import Fold
from triotrace.timeline.lanes import Lane
from triotrace.timeline.records import HeldOff, Run, Scope
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending

__all__ = ["Timeline"]


class Timeline(Fold):
    """All that a log tells, ready to be drawn: feed it events, then ask."""

    @property
    def ended(self) -> bool:
        """Tell whether the log is complete."""
        return self.footer is not None

    def lane(self, task: int) -> Lane | None:
        """Give the lane of a task of the log."""
        index = self._lane_of.get(task)
        return None if index is None else self.lanes[index]

    def title(self, lane: Lane) -> str:
        """Give a lane's name, numbered if others bear it too."""
        alone = self._run_of[lane.run].names.get(lane.name, 1) == 1 if lane.run in self._run_of else True
        return lane.name if alone else f"{lane.name} #{lane.number}"

    def call_of(self, lane: Lane, slot: int) -> str:
        """Give trio's name of the call in which a task waits after a slot; nothing if it does not wait."""
        change = lane.after_slot(slot)
        waits = change >= 0 and lane.states[change] == State.WAITING
        return self.verbs.verb(lane.places[change]).call if waits else ""

    def run_of(self, lane: Lane) -> Run | None:
        """Give the run that a lane belongs to."""
        return self._run_of.get(lane.run)

    def woke(self, slot: int, lane: Lane, change: int) -> bool:
        """Tell whether a lane was made ready, by that change, by the very task or loop that a slot belongs to."""
        by = self.tape.lanes[slot]
        return lane.wakers[change] == by if by >= 0 else self.runs[-1 - by].run == lane.run

    def jump_in(self, slot: int) -> int | None:
        """Give by how many ns a mock clock moved while the loop slept in a slot; None if the clock is no mock."""
        run = self.runs[-1 - self.tape.lanes[slot]]
        if run.begun.clock != "mock" or self.tape.endings[slot] == Ending.OPEN:
            return None
        after = self.tape.starts[slot + 1] if slot < len(self.tape) else self.now
        return run.trio_time(after) - run.trio_time(self.tape.starts[slot])

    @property
    def horizon(self) -> int:
        """The `t` at which there is nothing more to see: when the last run ended, or now."""
        return self._over if self.runs and not self._on else self.now

    @property
    def room_for_words(self) -> int:
        """Cells that a picture of the whole run leaves free at its right: for how tasks ended, if any did badly."""
        return 18 if self._ended_badly else 2

    def error_of(self, lane: Lane) -> str:
        """Give the type of the exception that a task raised, as `error_name` has it; nothing if it raised none."""
        if lane.result is State.RAISED and lane.error is not None:
            return error_name(lane.error)
        return ""

    def scope_that_cancelled(self, lane: Lane) -> Scope | None:
        """Give the scope whose cancellation reached a task last, if it is known."""
        return self.scopes.get(lane.cancelled_by) if lane.cancelled_by is not None else None

    def scope_that_ended(self, lane: Lane) -> Scope | None:
        """Give the scope whose cancellation a task ended with, if it is known.

        A task that waited for its children was never woken to be cancelled: the last of them woke it. The exception
        is that of a scope around it all the same.
        """
        scope, last = self.scope_that_cancelled(lane), lane.slots[-1] if lane.slots else -1
        if scope is not None and (scope.exited_slot is None or scope.exited_slot > last):
            return scope
        around = self.cancelled_around(lane, last)
        return around if isinstance(around, Scope) else scope

    def late(self, scope: Scope) -> int:
        """Give how many ns after its deadline, or after that was set, a scope was cancelled; 0 if that was not why."""
        run = self.run_of(self.lanes[scope.lane])
        if scope.cancelled is None or scope.due is None or run is None:
            return 0
        return max(0, run.trio_time(scope.cancelled.t) - max(scope.due, run.trio_time(scope.set_at)))

    def length(self, lane: int, since: int, until: int) -> int:
        """Give the ns from one moment to another, by trio's own clock in a run that has a mock one."""
        run = self.run_of(self.lanes[lane])
        if run is not None and run.begun.clock == "mock":
            return max(0, run.trio_time(until) - run.trio_time(since))
        return max(0, until - since)

    def cancelled_around(self, lane: Lane, slot: int) -> Scope | HeldOff | None:
        """Give the scope whose cancellation is in force for a task after a slot, or the shield that holds it off."""
        for scope in self._scopes_around(lane, slot):
            held = scope.held_after(slot)
            if held is not None:
                return held
            if scope.cancelled is not None and scope.cancelled.slot <= slot:
                return scope
        return None

    def _scopes_around(self, lane: Lane, slot: int) -> Iterator[Scope]:
        """Give the scopes that mattered among those that a task was in after a slot, the innermost first."""
        seen, entered = set(), self.now
        while lane.index not in seen:
            seen.add(lane.index)
            known = self.mattered.get(lane.index)
            found = []
            for level in known.levels if known is not None else ():
                at = bisect_right(level.scopes, slot, key=lambda scope: scope.mattered)
                scope = level.scopes[at - 1] if at else None
                if scope is None or scope.entered > entered:
                    continue
                if scope.exited_slot is None or scope.exited_slot > slot:
                    found.append(scope)
            yield from sorted(found, key=lambda scope: scope.entered, reverse=True)
            nursery = self.nurseries.get(lane.nursery) if lane.nursery is not None else None
            if nursery is None:
                return
            lane, entered = self.lanes[nursery.owner], nursery.opened

    def cancels_within(self, slot: int) -> bool:
        """Tell whether what was cancelled in a step was so before its end, and by a task that lives on."""
        lives_on = self.tape.endings[slot] in (Ending.OPEN, Ending.WAITS, Ending.STAYS, Ending.INTERRUPTED)
        first = next(iter(self.cancelled_in(slot)), None)
        if first is None or first.cancelled is None or not lives_on:
            return False
        return self.tape.endings[slot] == Ending.OPEN or first.cancelled.t < self.tape.ends[slot]

    def cancelled_in(self, slot: int) -> list[Scope]:
        """Give the scopes that were cancelled in a slot, but those of libraries, and mere echoes."""
        return [scope for scope in self.scopes_cancelled_in(slot) if not scope.library and not scope.echoes]

    def scopes_cancelled_in(self, slot: int) -> list[Scope]:
        """Give the scopes that were cancelled in a slot, in order."""
        first, after = (bisect(self.cancelled, slot, key=_slot_of) for bisect in (bisect_left, bisect_right))
        return self.cancelled[first:after]


def _slot_of(scope: Scope) -> int:
    return scope.cancelled.slot if scope.cancelled is not None else 0
