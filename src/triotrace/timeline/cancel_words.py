"""A cancellation in plain words: which scope, why, and whom it reaches."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from triotrace.timeline.lanes import Lane
from triotrace.timeline.records import Cancellation, HeldOff, Scope
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.terms import Terms
from triotrace.timeline.timeline import Timeline

__all__ = ["CancelWords", "was_cancelled_in"]


_LATE = 10_000_000
"""Nanoseconds: a deadline that is noticed later than that is late, and some step took long."""
_THREADS = frozenset(["to_thread.run_sync", "open_file", "file", "Path", "socket.getaddrinfo"])


class CancelWords(Terms):
    """Says cancellations; a step may bring them, and a sleep."""

    def _cancellations(self, timeline: Timeline, slot: int) -> list[str]:
        """Say which scopes were cancelled in a slot, why, whom that reaches, and who goes on all the same."""
        scopes = timeline.cancelled_in(slot)
        woken = set(timeline.tape.woken_in(slot)) if scopes else set()
        said = self._lifted(timeline, slot)
        for scope in scopes:
            cancellation = scope.cancelled
            assert cancellation is not None
            reached = sorted(
                index
                for index in cancellation.reached
                if index in woken and was_cancelled_in(timeline.lanes[index], slot)
            )
            goes_on = self._goes_on(timeline, cancellation, reached)
            if cancellation.interrupt:  # Ctrl+C is told by itself
                said += goes_on
                continue
            said.append(self._is_cancelled(timeline, scope, cancellation, reached))
            later = _later(timeline, scope, cancellation, alone=not reached and not goes_on)
            if later and not self._comes_upon(timeline, slot, cancellation):
                text = self._n(
                    "{names} is cancelled at the next checkpoint.",
                    "{names} are cancelled at their next checkpoints.",
                    len(later),
                )
                said.append(text.format(names=self._names(timeline, later)))
            elif not reached and not goes_on and not self._comes_upon(timeline, slot, cancellation):
                said.append(self._reaches_nobody(timeline, cancellation))
            said += goes_on
        return said

    def _lifted(self, timeline: Timeline, slot: int) -> list[str]:
        """Say whose shields were taken away in a slot, and whom a cancellation reaches by that."""
        lifted = bisect_left(timeline.lifted, slot, key=_until_slot)
        said = []
        for held in timeline.lifted[lifted : bisect_right(timeline.lifted, slot, key=_until_slot)]:
            shield = timeline.scopes[held.shield]
            cancelled = timeline.scopes[held.scope].cancelled
            among = cancelled.reached if cancelled is not None else ()
            reached = [
                i for i in timeline.tape.woken_in(slot) if i in among and was_cancelled_in(timeline.lanes[i], slot)
            ]
            if reached:
                text = self._n(
                    "The shield of line {line} is taken away: {names} is cancelled.",
                    "The shield of line {line} is taken away: {names} are cancelled.",
                    len(reached),
                )
            else:
                text = self._("The shield of line {line} is taken away.")
            said.append(text.format(line=self.line_of(timeline, shield), names=self._names(timeline, sorted(reached))))
        return said

    def _is_cancelled(self, timeline: Timeline, scope: Scope, cancellation: Cancellation, reached: list[int]) -> str:
        match cancellation.cause:
            case "deadline":
                late = timeline.late(scope)
                if late >= _LATE:
                    text = self._("Time is up, {length} late: `{scope}` of {owner} (line {line}) is cancelled.")
                else:
                    text = self._("Time is up: `{scope}` of {owner} (line {line}) is cancelled.")
            case _ if cancellation.t == scope.entered and cancellation.by is None:
                late, text = 0, self._("{owner} enters a scope (line {line}) that is cancelled already.")
            case _ if reached and (scope.nursery or cancellation.cause == "nursery"):
                late, text = 0, self._("The nursery of {owner} cancels {names}.")
            case _ if scope.nursery:
                late, text = 0, self._("The nursery of {owner} is cancelled.")
            case _ if reached:
                late, text = 0, self._("A scope of {owner}'s is cancelled: it reaches {names}.")
            case _:
                late, text = 0, self._("A scope of {owner}'s (line {line}) is cancelled.")
        return text.format(
            owner=timeline.title(timeline.lanes[scope.lane]),
            names=self._names(timeline, reached),
            scope=self.scope(timeline, scope),
            line=self.line_of(timeline, scope),
            length=self.duration(late),
        )

    def _goes_on(self, timeline: Timeline, cancellation: Cancellation, reached: list[int]) -> list[str]:
        """Say who is behind a shield, or in a thread call, at the moment of a cancellation."""
        said = []
        shields = [timeline.scopes[held.shield] for held in cancellation.shields if held.slot == cancellation.slot]
        if shields:
            lanes = list(dict.fromkeys(shield.lane for shield in shields))
            text = self._n(
                "{names} is shielded (line {line}) and goes on.", "{names} are shielded and go on.", len(lanes)
            )
            line = self.line_of(timeline, shields[0])
            said.append(text.format(names=self._names(timeline, lanes), line=line))
        in_threads = [lane for lane in cancellation.deaf if _in_thread(timeline, lane, cancellation)]
        if in_threads and (shields or reached):
            text = self._n(
                "{names} is in a thread call and goes on.", "{names} are in thread calls and go on.", len(in_threads)
            )
            said.append(text.format(names=self._names(timeline, in_threads)))
        return said

    def _comes_upon(self, timeline: Timeline, slot: int, cancellation: Cancellation) -> bool:
        """Tell whether the very task that steps in a slot finds itself cancelled at its end."""
        tape = timeline.tape
        return tape.endings[slot] == Ending.INTERRUPTED and tape.lanes[slot] in cancellation.reached

    def _reaches_nobody(self, timeline: Timeline, cancellation: Cancellation) -> str:
        if cancellation.around:
            return self._("All in it was cancelled before, with a scope around it.")
        if cancellation.within:
            return self._("All in it was cancelled before, with a scope in it.")
        in_threads = [lane for lane in cancellation.deaf if _in_thread(timeline, lane, cancellation)]
        if in_threads:
            text = self._n(
                "It reaches nobody: {names} is in a thread call.",
                "It reaches nobody: {names} are in thread calls.",
                len(in_threads),
            )
            return text.format(names=self._names(timeline, in_threads))
        deaf = [lane for lane in cancellation.deaf if not _has_children(timeline, lane, cancellation)]
        if deaf:
            text = self._n(
                "It reaches nobody: {names} is in a call that cannot be interrupted.",
                "It reaches nobody: {names} are in calls that cannot be interrupted.",
                len(deaf),
            )
            return text.format(names=self._names(timeline, deaf))
        return self._("It reaches nobody: nobody waits in it.")

    def interrupted(self, timeline: Timeline, slot: int, *, name: str, at: str, who: str) -> str:
        """Say that a task found itself cancelled at the end of a slot, by whom, or how often that was by now."""
        times = timeline.again.get(slot)
        if times is not None and at:
            said = self._("{name} is cancelled again at `{at}`, {times} times now: it has not left the scope.")
        elif times is not None:
            said = self._("{name} is cancelled again, {times} times now: it has not left the scope.")
        elif at and who:
            said = self._("{name} comes to `{at}` and is cancelled there, by {who}.")
        elif at:
            said = self._("{name} comes to `{at}` and is cancelled there.")
        else:
            said = self._("{name} is cancelled.")
        return said.format(name=name, at=at, who=who, times=times)

    def unnoticed(self, timeline: Timeline, slot: int, lane: Lane) -> str:
        """Say that a task gave way in a slot without noticing that it had been cancelled; nothing if that is not so."""
        scope = timeline.cancelled_around(lane, slot)
        cancellation = scope.cancelled if isinstance(scope, Scope) else None
        if cancellation is None or cancellation.slot >= slot:
            return ""
        first = lane.after_slot(cancellation.slot - 1) + 1
        if lane.was_cancelled_among(first, lane.after_slot(slot)):
            return ""
        length = self.duration(timeline.length(lane.index, cancellation.t, timeline.tape.ends[slot]))
        return " " + self._("It has been cancelled for {length}, and has not noticed.").format(length=length)

    def held_off(self, timeline: Timeline, held: HeldOff, now: int) -> tuple[str, str]:
        """Say which shield holds for how long, and off what: `by line 12, for 0.3 s`; `from the time-out of main`."""
        line = self.line_of(timeline, timeline.scopes[held.shield])
        length = self.duration(timeline.length(timeline.scopes[held.shield].lane, held.t, now))
        what = self.cancelled(timeline, timeline.scopes[held.scope])
        return self._("by line {line}, for {length}").format(line=line, length=length), self._("from {what}").format(
            what=what
        )

    def _names(self, timeline: Timeline, lanes: list[int]) -> str:
        """Name some lanes, those of the user's if there are any."""
        return self.names(timeline, [i for i in lanes if timeline.lanes[i].role in ("main", "user")] or lanes)


def _later(timeline: Timeline, scope: Scope, cancellation: Cancellation, *, alone: bool) -> list[int]:
    """Give the lanes in a scope that do not wait: they meet the cancellation at a checkpoint, if they come to one.

    Of a scope that was left, those that never met it are not among them. The task that ran is only if nobody else was
    reached at once: mostly it cancelled the others, and goes on to the end of its block.
    """
    lanes = list(cancellation.queued)
    if not lanes and alone and cancellation.running is not None:
        lanes.append(cancellation.running)
    if scope.exited is None:
        return lanes
    return [
        i for i in lanes if i in cancellation.reached or scope.caught or timeline.lanes[i].result is State.CANCELLED
    ]


def _until_slot(held: HeldOff) -> int:
    return held.until_slot if held.until_slot is not None else -1


def _in_thread(timeline: Timeline, lane: int, cancellation: Cancellation) -> bool:
    place = timeline.lanes[lane].places[cancellation.deaf[lane]]
    return timeline.verbs.verb(place).call.partition(".__")[0] in _THREADS


def _has_children(timeline: Timeline, lane: int, cancellation: Cancellation) -> bool:
    """Tell whether what a task waits for may be its children: they are reached instead of it."""
    return timeline.lanes[lane].wakers[cancellation.deaf[lane]] > 0


def was_cancelled_in(lane: Lane, slot: int) -> bool:
    """Tell whether a cancellation made a lane ready in a slot."""
    change = lane.after_slot(slot)
    while change >= 0 and lane.slots[change] == slot:
        if lane.was_cancelled(change):
            return True
        change -= 1
    return False
