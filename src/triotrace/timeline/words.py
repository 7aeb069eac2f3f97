"""A moment in plain words: what just happened, and what is next. Made from the tape alone."""

from __future__ import annotations

from collections.abc import Sequence

from triotrace.timeline.durations import short_duration
from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline

__all__ = ["state_words", "what_happened", "what_is_next"]


def what_happened(timeline: Timeline, slot: int) -> str:
    """Say in a sentence or two what a slot did; nothing before the first."""
    if not 0 < slot <= len(timeline.tape):
        return ""
    lane = timeline.tape.lanes[slot]
    return _sleep(timeline, slot) if lane < 0 else _step(timeline, slot, timeline.lanes[lane])


def what_is_next(timeline: Timeline, slot: int) -> str:
    """Say who runs after a slot: the tape knows, or at its end the queue does."""
    if slot < len(timeline.tape):
        following = timeline.tape.lanes[slot + 1]
        return "the loop sleeps" if following < 0 else timeline.title(timeline.lanes[following])
    queue = [lane for lane in timeline.lanes if lane.state is State.READY and lane.role != "system"]
    if queue:
        return _names(timeline, [lane.index for lane in queue])
    return ""


def state_words(timeline: Timeline, lane: Lane, slot: int) -> str:
    """Say what a task is after a slot: `waits: client.get`, `ready, in the queue` ..."""
    change = lane.after_slot(slot)
    state = lane.state_at(change)
    if state is None:
        return "not born yet"
    if state is State.WAITING:
        verb = timeline.verbs.verb(lane.places[change])
        if verb.short == "nursery":
            return f"waits for {_children(lane.wakers[change])}"
        return f"waits: {verb.full}" if verb.full else "waits"
    return {
        State.NEW: "born, not ready yet",
        State.READY: "ready, in the queue",
        State.RUNNING: "running",
        State.RETURNED: "returned",
        State.RAISED: f"raised {timeline.last_words(lane)}".rstrip(),
        State.CANCELLED: "cancelled",
    }.get(state, "unknown: the log has a gap here")


def _step(timeline: Timeline, slot: int, lane: Lane) -> str:
    tape = timeline.tape
    name = timeline.title(lane)
    ending = Ending(tape.endings[slot])
    verb = timeline.verbs.verb(tape.places[slot])
    woken = [timeline.lanes[index] for index in tape.woken_in(slot)]
    born = [other.index for other in woken if other.slots[0] == slot]
    freed = [other.index for other in woken if other.slots[0] < slot]
    parts = []
    if born:
        parts.append(f"{name} starts {_names(timeline, born)}.")
    if freed:
        parts.append(_freeing(timeline, slot, lane, freed, verb.call))
    parts.append(_ending(timeline, slot, lane, name, ending, subject=not parts))
    return " ".join(part for part in parts if part)


def _freeing(timeline: Timeline, slot: int, lane: Lane, freed: Sequence[int], call: str) -> str:
    name, names = timeline.title(lane), _names(timeline, freed)
    ready = f"{names} {'is' if len(freed) == 1 else 'are'} ready."
    others = [timeline.lanes[index] for index in freed]
    waits = {_waited_for(timeline, other, slot) for other in others}
    if len(freed) == 1 and waits == {"MemorySendChannel.send"}:
        return f"{name} takes the message that {names} was waiting to send: {ready}"
    if len(freed) == 1 and waits == {"MemoryReceiveChannel.receive"}:
        return f"{name} hands a message to {names}: {ready}"
    if len(others) == 1 and others[0].index == lane.parent and lane.result is not None:
        return f"{name} was the last child of {names}: {ready}"
    if waits == {"Event.wait"}:
        return f"{name} sets the event: {ready}"
    return f"{name} wakes {names}."


def _waited_for(timeline: Timeline, lane: Lane, slot: int) -> str:
    change = lane.after_slot(slot)
    while change >= 0 and (lane.slots[change] == slot or lane.states[change] != State.WAITING):
        if lane.slots[change] < slot and lane.states[change] == State.RUNNING:
            return ""
        change -= 1
    return timeline.verbs.verb(lane.places[change]).call if change >= 0 else ""


def _ending(timeline: Timeline, slot: int, lane: Lane, name: str, ending: Ending, *, subject: bool) -> str:
    who = name if subject else "It"
    place = timeline.tape.places[slot]
    verb = timeline.verbs.verb(place)
    at = f" at `{verb.full}`" if verb.full and verb.short != "nursery" else ""
    if ending is Ending.STAYS:
        return f"{who} gives way{at} and stays in the queue."
    if ending is Ending.WAITS:
        if verb.short == "nursery":
            change = lane.after_slot(slot)
            return f"{who} waits for {_children(lane.wakers[change])}."
        return f"{who} waits{at}."
    if ending is Ending.RETURNED:
        return f"{who} returns."
    if ending is Ending.RAISED:
        return f"{who} raises {timeline.last_words(lane) or 'an exception'}."
    if ending is Ending.CANCELLED:
        return f"{who} ends, cancelled."
    sample = timeline.samples.get(slot, NO_PLACE)
    stands = timeline.verbs.places.get(sample)
    since = short_duration(max(0, timeline.now - timeline.tape.starts[slot]))
    return f"{name} runs, for {since} now{f', at line {stands.line}' if stands else ''}."


def _sleep(timeline: Timeline, slot: int) -> str:
    tape = timeline.tape
    over = tape.endings[slot] != Ending.OPEN
    end = tape.ends[slot] if over else timeline.now
    length = short_duration(max(0, end - tape.starts[slot]))
    if not over:
        return f"Nobody is ready: the loop sleeps, since {length}."
    woken = [index for index in tape.woken_in(slot) if timeline.lanes[index].role != "system"]
    names = f" Then {_names(timeline, woken)} {'is' if len(woken) == 1 else 'are'} ready." if woken else ""
    return f"Nobody was ready: the loop slept for {length}.{names}"


def _children(count: int) -> str:
    return "1 child" if count == 1 else f"{count} children"


def _names(timeline: Timeline, lanes: Sequence[int], *, most: int = 4) -> str:
    names = [timeline.title(timeline.lanes[index]) for index in lanes]
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
