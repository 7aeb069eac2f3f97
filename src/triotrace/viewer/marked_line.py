"""Which line of source is marked: where the chosen task stands, or where the playhead's step ended."""

from __future__ import annotations

from itertools import islice

from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.states import State
from triotrace.timeline.timeline import Timeline
from triotrace.viewer.walk import Walk, is_wake

__all__ = ["is_over", "marked_place"]

_FAR_BACK = 1000
"""Changes in which the last known place is looked for: a frame must not walk through a life of millions."""
_TEST = "<test "
"""How pytest-trio's names of tests begin."""
_MOST_FIXTURES = 100
"""Tasks among which a harness's test is looked for."""


def marked_place(walk: Walk) -> int:
    """Give the place whose line is marked; NO_PLACE if unknown.

    A task without a line of the user's own borrows nobody's. But a test's harness stands for the test, and a task of
    the user's that has not come to the user's code yet, for where that begins.
    """
    timeline, place, lane = walk.timeline, _own_place(walk), walk.chosen_lane
    if lane is None or _has_source(timeline, place):
        return place
    test = _test_of(timeline, lane)
    if test is not None:
        return _last_place(timeline, test, walk.playhead, own=True)
    begins = NO_PLACE if lane.place is None else lane.place
    waits_for_it = not is_over(lane, walk.playhead) and _has_source(timeline, begins)
    return begins if waits_for_it and _last_place(timeline, lane, walk.playhead, own=True) == begins else place


def _test_of(timeline: Timeline, lane: Lane) -> Lane | None:
    """Give the task that is the test, of one that is the test itself or pytest-trio's harness around it."""
    if lane.name.startswith(_TEST):
        return lane
    if lane.role != "main":
        return None
    children = (timeline.lanes[child] for child in islice(lane.children, _MOST_FIXTURES))
    return next((child for child in children if child.name.startswith(_TEST)), None)


def is_over(lane: Lane, slot: int) -> bool:
    """Tell whether a task has ended after a slot."""
    return lane.result is not None and lane.state_at(lane.after_slot(slot)) == lane.result


def _has_source(timeline: Timeline, place: int) -> bool:
    known = timeline.verbs.places.get(place)
    return known is not None and known.file in timeline.verbs.sources


def _own_place(walk: Walk) -> int:
    timeline, tape = walk.timeline, walk.timeline.tape
    if walk.chosen is not None and walk.chosen != tape.lanes[walk.playhead]:
        return _last_place(timeline, timeline.lanes[walk.chosen], walk.playhead)
    slot = walk.last_step
    if not slot:
        # Before anything: where main begins
        main = next((lane for lane in timeline.lanes if lane.role == "main"), None)
        return NO_PLACE if main is None or main.place is None else main.place
    place = tape.places[slot]
    if place == NO_PLACE:
        # It is not known where the last step of a task ended; what it did for others is
        place = max(timeline.samples.get(slot, NO_PLACE), _waking_call(timeline, slot))
    return _last_place(timeline, timeline.lanes[tape.lanes[slot]], walk.playhead) if place == NO_PLACE else place


def _last_place(timeline: Timeline, lane: Lane, slot: int, *, own: bool = False) -> int:
    """Give where a task stood last, after a slot; before that, where its function begins. `own`: in the user's code.

    Where it ended is known, or it is not: then that it stood somewhere before tells nothing.
    """
    newest = lane.after_slot(slot)
    if newest >= 0 and not own and is_over(lane, slot):
        return lane.places[newest]
    for change in range(newest, max(newest - _FAR_BACK, -1), -1):
        place = lane.places[change]
        if place != NO_PLACE and not is_wake(lane, change) and (not own or _has_source(timeline, place)):
            return place
    return NO_PLACE if lane.place is None else lane.place


def _waking_call(timeline: Timeline, slot: int) -> int:
    """Give the place of the call by which a slot made the first task ready; NO_PLACE if unknown."""
    for index in timeline.tape.woken_in(slot)[:1]:
        lane = timeline.lanes[index]
        change = lane.after_slot(slot)
        while change >= 0 and lane.slots[change] == slot:
            if lane.states[change] == State.READY and is_wake(lane, change):
                return lane.places[change]
            change -= 1
    return NO_PLACE
