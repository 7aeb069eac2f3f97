"""All about one task at one moment, as (name, value) pairs of words."""

from __future__ import annotations

from posixpath import basename

from triotrace.clean import clean
from triotrace.events import Place
from triotrace.timeline.history import last_wake
from triotrace.timeline.lanes import NOBODY, Lane
from triotrace.timeline.outside import Outsider, outsider
from triotrace.timeline.records import HeldOff
from triotrace.timeline.states import GONE, State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

__all__ = ["describe", "moment_of"]


def moment_of(timeline: Timeline, slot: int) -> int:
    """Give the `t` at which a slot ended; now, if it did not."""
    if slot <= 0:
        return timeline.runs[0].begun.t if timeline.runs else 0
    tape = timeline.tape
    return timeline.now if tape.endings[slot] == Ending.OPEN else tape.ends[slot]


def describe(timeline: Timeline, lane: Lane, slot: int, words: Words) -> list[tuple[str, str]]:
    """Tell a task's name, state, place, waker, ancestry and figures after a slot."""
    say, duration = words.catalogue.gettext, words.duration
    now = moment_of(timeline, slot)
    change = lane.after_slot(slot)
    facts = [(say("task"), timeline.title(lane)), (say("state"), words.state(timeline, lane, slot))]
    facts += _cancelled(timeline, lane, slot, words)
    if lane.error is not None and lane.result is not None and change >= 0 and lane.states[change] == lane.result:
        facts.append((say("error"), clean(f"{lane.error.type}: {lane.error.text}", 500)))
        facts += [("", clean(f"{leaf.type}: {leaf.text}", 500)) for leaf in lane.error.leaves or ()]
    held = (say("waits for"), words.waits_for(timeline, lane, slot)), (say("holds"), words.holds(timeline, lane, slot))
    facts += [(name, value) for name, value in held if value]
    if change >= 0 and lane.state_at(change) in (State.WAITING, State.READY):
        length = duration(max(0, now - lane.times[change]))
        facts.append((say("since"), say("{length}, step {step}").format(length=length, step=lane.slots[change])))
    place = _stand(timeline, lane, change)
    if place is not None:
        stands = say("{function}, line {line}").format(function=clean(place.function, 200), line=place.line)
        facts.append((say("stands at"), stands))
        call = timeline.verbs.verb(place.place).call
        if call:
            facts.append((say("trio's word"), call))
    woke = last_wake(lane, change)
    if woke >= 0:
        facts.append(
            (
                say("made ready"),
                say("by {name}, step {step}").format(name=_waker(timeline, lane, woke, words), step=lane.slots[woke]),
            )
        )
    if lane.parent is not None:
        facts.append((say("nursery of"), timeline.title(timeline.lanes[lane.parent])))
    steps = lane.states.count(State.RUNNING, 0, change + 1)
    ran, queued = duration(lane.ran_until(now)), duration(lane.queued_until(now))
    facts.append((say("steps"), say("{steps}, ran {ran}, queued {queued}").format(steps=steps, ran=ran, queued=queued)))
    function = timeline.verbs.places.get(lane.place) if lane.place is not None else None
    if function is not None:
        facts.append((say("function"), clean(f"{function.function}, {basename(function.file)}:{function.line}", 500)))
    return facts


def _cancelled(timeline: Timeline, lane: Lane, slot: int, words: Words) -> list[tuple[str, str]]:
    """Tell of a living task that it is cancelled, or what holds that off."""
    say, now = words.catalogue.gettext, moment_of(timeline, slot)
    change = lane.after_slot(slot)
    if change < 0 or lane.states[change] in GONE:
        return []
    found = timeline.cancelled_around(lane, slot)
    if isinstance(found, HeldOff):
        by, what = words.held_off(timeline, found, now)
        return [(say("shielded"), by), ("", what)]
    if found is None or found.cancelled is None:
        return []
    length = words.duration(timeline.length(lane.index, found.cancelled.t, now))
    return [(say("cancelled"), say("{length} ago").format(length=length)), ("", words.cancelled(timeline, found))]


def _stand(timeline: Timeline, lane: Lane, change: int) -> Place | None:
    """Give where its last step ended: another's call may have made it ready since, and it may run again."""
    while change >= 0 and not _ended_step(lane, change):
        change -= 1
    return timeline.verbs.places.get(lane.places[change]) if change >= 0 else None


def _ended_step(lane: Lane, change: int) -> bool:
    gave_way = lane.states[change] == State.READY and change > 0 and lane.states[change - 1] == State.RUNNING
    return gave_way or lane.states[change] not in (State.READY, State.RUNNING)


def _waker(timeline: Timeline, lane: Lane, woke: int, words: Words) -> str:
    say = words.catalogue.gettext
    causes = {
        "timer": say("time"),
        "idle": say("idleness"),
        "cancel": say("a cancellation"),
    }
    outsiders = {
        Outsider.SOCKET: say("a socket"),
        Outsider.PIPE: say("a pipe"),
        Outsider.IO: say("I/O"),
        Outsider.PROCESS: say("a process that ended"),
        Outsider.SIGNAL: say("a signal"),
        Outsider.THREAD: say("a thread"),
        Outsider.CALL: say("a call from outside trio"),
    }
    who = words.woken_by_cancellation(timeline, lane, woke)
    if who:
        return who
    waker = timeline.lanes[lane.wakers[woke]] if lane.wakers[woke] != NOBODY else None
    if waker is None or waker.role in ("init", "system"):
        by = outsider(timeline.verbs, lane, woke)
        return outsiders[by] if by is not None else causes.get(lane.cause_of(woke)) or say("trio")
    return timeline.title(waker)
