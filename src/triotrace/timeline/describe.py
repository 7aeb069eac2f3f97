"""All about one task at one moment, as (name, value) pairs of words."""

from __future__ import annotations

from triotrace.clean import clean
from triotrace.timeline.durations import short_duration
from triotrace.timeline.lanes import NO_PLACE, NOBODY, Lane
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import state_words

__all__ = ["describe", "moment_of"]


def moment_of(timeline: Timeline, slot: int) -> int:
    """Give the `t` at which a slot ended; now, if it did not."""
    if slot <= 0:
        return timeline.runs[0].begun.t if timeline.runs else 0
    tape = timeline.tape
    return timeline.now if tape.endings[slot] == Ending.OPEN else tape.ends[slot]


def describe(timeline: Timeline, lane: Lane, slot: int) -> list[tuple[str, str]]:
    """Tell a task's name, state, place, waker, ancestry and figures after a slot."""
    now = moment_of(timeline, slot)
    change = lane.after_slot(slot)
    facts = [("task", timeline.title(lane)), ("state", state_words(timeline, lane, slot))]
    if change >= 0 and lane.state_at(change) in (State.WAITING, State.READY):
        facts.append(("since", f"{short_duration(max(0, now - lane.times[change]))}, step {lane.slots[change]}"))
    facts += _stand(timeline, lane, change)
    woke = _last_wake(lane, change)
    if woke >= 0 and lane.wakers[woke] != NOBODY:
        waker = timeline.lanes[lane.wakers[woke]]
        facts.append(("made ready", f"by {timeline.title(waker)} in step {lane.slots[woke]}"))
    if lane.parent is not None:
        parent = timeline.lanes[lane.parent]
        facts.append(("nursery of", timeline.title(parent)))
    steps = lane.states.count(State.RUNNING, 0, change + 1)
    ran, queued = lane.ran_until(now), lane.queued_until(now)
    facts.append(("figures", f"{steps} steps, ran {short_duration(ran)}, in the queue {short_duration(queued)}"))
    if lane.error is not None and lane.state is lane.result:
        facts.append(("error", clean(f"{lane.error.type}: {lane.error.text}", 500)))
        facts += [("", clean(f"{leaf.type}: {leaf.text}", 500)) for leaf in lane.error.leaves or ()]
    function = timeline.verbs.places.get(lane.place) if lane.place is not None else None
    if function is not None:
        facts.append(("function", clean(f"{function.function}, {function.file}:{function.line}", 500)))
    return facts


def _stand(timeline: Timeline, lane: Lane, change: int) -> list[tuple[str, str]]:
    while change >= 0 and (lane.places[change] == NO_PLACE or lane.states[change] not in (State.WAITING, State.READY)):
        change -= 1
    place = timeline.verbs.places.get(lane.places[change]) if change >= 0 else None
    if place is None:
        return []
    verb = timeline.verbs.verb(place.place)
    facts = [("stands at", clean(f"{place.function}, line {place.line}", 500))]
    if verb.call:
        facts.append(("trio calls it", verb.call))
    return facts


def _last_wake(lane: Lane, change: int) -> int:
    while change >= 0 and not (lane.states[change] == State.READY and lane.wakers[change] != NOBODY):
        change -= 1
    return change
