"""A cancellation in plain words: which scope, why, and whom it reaches."""

from __future__ import annotations

from triotrace.timeline.lanes import Lane
from triotrace.timeline.terms import Terms
from triotrace.timeline.timeline import Timeline

__all__ = ["CancelWords", "was_cancelled_in"]


class CancelWords(Terms):
    """Says cancellations; a step may bring them, and a sleep."""

    def _cancellations(self, timeline: Timeline, slot: int) -> list[str]:
        """Say which scopes were cancelled in a slot, why, and whom that reaches."""
        woken = timeline.tape.woken_in(slot)
        said = []
        for scope in timeline.cancelled_in(slot):
            assert scope.cancelled is not None
            if scope.cancelled.interrupt:
                continue  # Ctrl+C is told by itself
            owner = timeline.title(timeline.lanes[scope.lane])
            reached = [
                index
                for index in sorted(woken)
                if timeline.lanes[index].cancelled_by == scope.scope and was_cancelled_in(timeline.lanes[index], slot)
            ]
            names = self.names(timeline, [i for i in reached if timeline.lanes[i].role in ("main", "user")] or reached)
            match scope.cancelled.cause:
                case "deadline":
                    text = self._("Time is up: `{scope}` of {owner} (line {line}) is cancelled.")
                case "nursery" if reached:
                    text = self._("The nursery of {owner} cancels {names}.")
                case "call" if reached:
                    text = self._("A scope of {owner}'s is cancelled: it reaches {names}.")
                case _:
                    continue
            place = timeline.verbs.places.get(scope.place) if scope.place is not None else None
            line = place.line if place is not None else "?"
            said.append(text.format(owner=owner, names=names, scope=self.scope(timeline, scope), line=line))
        return said


def was_cancelled_in(lane: Lane, slot: int) -> bool:
    """Tell whether a cancellation made a lane ready in a slot."""
    change = lane.after_slot(slot)
    while change >= 0 and lane.slots[change] == slot:
        if lane.was_cancelled(change):
            return True
        change -= 1
    return False
