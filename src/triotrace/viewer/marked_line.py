"""Which line of source is marked: where the chosen task stands, or where the playhead's step ended."""

from __future__ import annotations

from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.states import State
from triotrace.timeline.timeline import Timeline
from triotrace.viewer.walk import Walk, is_wake

__all__ = ["marked_place"]

_FAR_BACK = 1000
"""Changes in which the last known place is looked for: a frame must not walk through a life of millions."""
_NESTED = 8
"""Libraries do not nest their nurseries deeper, as a rule."""


def marked_place(walk: Walk) -> int:
    """Give the place whose line is marked; NO_PLACE if unknown.

    A library's task has no line of the user's own; whoever waits for it has. A test's harness waits for the test, and
    nobody for the harness: then it is the line at which the user's own code stood last.
    """
    timeline, tape, lane = walk.timeline, walk.timeline.tape, walk.chosen_lane
    place = own = _own_place(walk)
    for _ in range(_NESTED):
        if _has_source(timeline, place) or lane is None or lane.parent is None:
            break
        lane = timeline.lanes[lane.parent]
        place = _last_place(lane, walk.playhead)
    slots = range(walk.playhead, max(0, walk.playhead - _FAR_BACK), -1)
    found = (tape.places[slot] for slot in slots if _has_source(timeline, tape.places[slot]))
    return place if _has_source(timeline, place) else next(found, own)


def _has_source(timeline: Timeline, place: int) -> bool:
    known = timeline.verbs.places.get(place)
    return known is not None and known.file in timeline.verbs.sources


def _own_place(walk: Walk) -> int:
    timeline, tape = walk.timeline, walk.timeline.tape
    if walk.chosen is not None and walk.chosen != tape.lanes[walk.playhead]:
        return _last_place(timeline.lanes[walk.chosen], walk.playhead)
    slot = walk.last_step
    if not slot:
        # Before anything: where main begins
        main = next((lane for lane in timeline.lanes if lane.role == "main"), None)
        return NO_PLACE if main is None or main.place is None else main.place
    place = tape.places[slot]
    if place == NO_PLACE:
        # The last step of a task ended nowhere; what it did for others is what matters
        place = max(timeline.samples.get(slot, NO_PLACE), _waking_call(timeline, slot))
    return _last_place(timeline.lanes[tape.lanes[slot]], walk.playhead) if place == NO_PLACE else place


def _last_place(lane: Lane, slot: int) -> int:
    """Give where a task stood last, after a slot; before that, where its function begins."""
    newest = lane.after_slot(slot)
    for change in range(newest, max(newest - _FAR_BACK, -1), -1):
        if lane.places[change] != NO_PLACE and not is_wake(lane, change):
            return lane.places[change]
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
