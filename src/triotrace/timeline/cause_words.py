"""Why tasks end that are no fault of their own, in plain words: Ctrl+C, an exit, a library that cancels them."""

from __future__ import annotations

from triotrace.timeline.lanes import Lane
from triotrace.timeline.library import opener_of, package_of
from triotrace.timeline.records import Cancellation, Scope
from triotrace.timeline.terms import Terms
from triotrace.timeline.timeline import Timeline

__all__ = ["CauseWords"]

CTRL_C = "Ctrl+C"
_USERS = frozenset(["main", "user"])


class CauseWords(Terms):
    """Names who did it."""

    def last_words_of_cancelled(self, timeline: Timeline, lane: Lane) -> str:
        """Say in a few words who cancelled a task, or that its time was up; nothing if it was itself, or is unknown."""
        scope = timeline.scope_that_ended(lane)
        return self.why(timeline, scope, lane) if scope is not None else ""

    def why(self, timeline: Timeline, scope: Scope, lane: Lane) -> str:
        """Say the same of a scope that was cancelled, to a task."""
        if scope.cancelled is None:
            return ""
        who = self.by_whom(timeline, scope, lane)
        if scope.cancelled.cause == "deadline" and not scope.cancelled.interrupt:
            return self._("{name}: time is up").format(name=who) if who else self.time_is_up
        return self._("by {name}").format(name=who) if who else ""

    def by_whom(self, timeline: Timeline, scope: Scope, lane: Lane | None = None) -> str:
        """Name who cancelled a scope that reached a task: Ctrl+C, a task, a library; nothing if it was that task."""
        cancelled = scope.cancelled
        if cancelled is None:
            return ""
        if cancelled.interrupt:
            return CTRL_C
        if cancelled.exits:
            return "SystemExit"
        place = timeline.verbs.places.get(cancelled.place) if cancelled.place is not None else None
        library = package_of(place.file) if place is not None and cancelled.cause == "call" else ""
        if library:
            return library
        by = timeline.lanes[cancelled.by] if cancelled.by is not None else None
        if by is not None and by.role in _USERS and by is not lane:
            return f"#{by.number}" if lane is not None and by.name == lane.name else timeline.title(by)
        if scope.library:
            return self._opener(timeline, scope, lane)
        if by is not None and by.role == "system" and cancelled.cause == "call":
            return self._("a call from outside trio")
        return timeline.title(by) if by is not None and by.role == "library" and by is not lane else ""

    def _opener(self, timeline: Timeline, scope: Scope, lane: Lane | None) -> str:
        """Name who opened a library's scope: the library, if its place tells, else the user's task in it."""
        name = opener_of(timeline.verbs.places.get(scope.place) if scope.place is not None else None)
        if name:
            return name
        owner = timeline.lanes[scope.lane]
        return timeline.title(owner) if owner.role in _USERS and owner is not lane else self._("a library")

    def woken_by_cancellation(self, timeline: Timeline, lane: Lane, woke: int) -> str:
        """Name who made a task ready to be cancelled or interrupted, if it was no task of the user's by itself."""
        cause = lane.cause_of(woke)
        if cause == "interrupt":
            return CTRL_C
        scope = timeline.scope_that_cancelled(lane) if cause == "cancel" else None
        if scope is None or scope.cancelled is None or lane.slots[woke] < scope.cancelled.slot:
            return ""
        special = scope.library or scope.cancelled.interrupt or scope.cancelled.exits
        return self.by_whom(timeline, scope, lane) if special else ""

    def causes(self, timeline: Timeline, slot: int) -> tuple[list[str], set[int]]:
        """Say whom Ctrl+C reaches in a slot, and whom libraries cancel; give also the lanes that were named."""
        woken = sorted(timeline.tape.woken_in(slot))
        interrupted = [i for i in woken if timeline.lanes[i].woke_in(slot, "interrupt")]
        said, told = [], set(interrupted)
        among = set(woken)
        if interrupted:
            text = self._("Ctrl+C: {names} gets KeyboardInterrupt.")
            said.append(text.format(names=self.names(timeline, interrupted)))
        for scope in timeline.scopes_cancelled_in(slot):
            cancelled = scope.cancelled
            if cancelled is None or not (cancelled.interrupt or scope.library):
                continue
            reached = sorted(i for i in cancelled.reached if i in among and timeline.lanes[i].woke_in(slot, "cancel"))
            if reached:
                said.append(self._cancels(timeline, scope, cancelled, reached))
                told |= set(reached)
        return said, told

    def _cancels(self, timeline: Timeline, scope: Scope, cancelled: Cancellation, reached: list[int]) -> str:
        users = [i for i in reached if timeline.lanes[i].role in _USERS] or reached
        names, who = self.names(timeline, users), self.by_whom(timeline, scope)
        if cancelled.cause == "deadline" and not cancelled.interrupt:
            return self._("Time is up for {who}: it cancels {names}.").format(who=who, names=names)
        return self._("{who} cancels {names}.").format(who=who, names=names)
