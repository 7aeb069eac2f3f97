"""A step in plain words: whom it started, whom it woke and by what, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from triotrace.clean import clean
from triotrace.timeline.cancel_words import CancelWords, was_cancelled_in
from triotrace.timeline.cause_words import CauseWords
from triotrace.timeline.ends import exit_status, long_error_name
from triotrace.timeline.holder_words import HolderWords
from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline

__all__ = ["StepWords"]

_MOST_SAID = 200
_USERS = frozenset(["main", "user"])
_SENDS = frozenset(["MemorySendChannel.send", "MemorySendChannel.send_nowait"])


class StepWords(CancelWords, CauseWords, HolderWords):
    """Says what a task did in a slot."""

    def _step(self, timeline: Timeline, slot: int, lane: Lane) -> str:
        woken = [timeline.lanes[index] for index in timeline.tape.woken_in(slot)]
        if lane.role in _USERS:
            # What a library has going on in a task of the user's is not in the picture; that of trio's own is no news
            woken = [other for other in woken if other.role in _USERS]
        born = [other.index for other in woken if other.slots[0] == slot]
        freed = [other for other in woken if other.slots[0] < slot and other.role not in ("init", "system")]
        parts = []
        if born:
            parts.append(
                self._("{name} starts {names}.").format(name=timeline.title(lane), names=self.names(timeline, born))
            )
        reached = {lane.index for lane in freed if was_cancelled_in(lane, slot)}
        freed = [other for other in freed if other.index not in reached]
        if freed:
            parts.append(self._freeing(timeline, slot, lane, freed))
        ending, cancellations = self._ending(timeline, slot, lane), self._cancellations(timeline, slot)
        causes = self.causes(timeline, slot)[0]
        # The end of a task cancels others; what it cancels itself comes before it waits
        if cancellations and timeline.cancels_within(slot):
            return " ".join([*parts, *cancellations, *causes, ending])
        return " ".join([*parts, ending, *cancellations, *causes])

    def _freeing(self, timeline: Timeline, slot: int, lane: Lane, freed: Sequence[Lane]) -> str:
        """Say whom a task woke, and by which call; each call by itself."""
        calls: dict[int, list[Lane]] = {}
        for other in freed:
            calls.setdefault(_waker_line(other, slot), []).append(other)
        return " ".join(self._freed(timeline, slot, lane, others) for others in calls.values())

    def _freed(self, timeline: Timeline, slot: int, lane: Lane, freed: Sequence[Lane]) -> str:
        name = timeline.title(lane)
        names = self.names(timeline, [other.index for other in freed])
        if len(freed) == 1:
            waited = _waited_for(timeline, freed[0], slot)
            if waited == "MemorySendChannel.send":
                # With a buffer it takes the oldest message in it, and there is room for the other's
                return self._("{name} takes a message: {other}, which waited to send, is ready.").format(
                    name=name, other=names
                )
            # Who closes the channel wakes them, too, and hands over nothing
            by = timeline.verbs.verb(_waker_line(freed[0], slot)).call
            if waited == "MemoryReceiveChannel.receive" and by in _SENDS:
                return self._("{name} hands a message to {other}: {other} is ready.").format(name=name, other=names)
            thing = timeline.holders.thing_in(freed[0], _last_wait(freed[0], slot), slot)
            # Who ends with a lock in its hands breaks it, and trio wakes those who wait for it: no line of theirs does
            ends = lane.result is not None and lane.slots[-1] == slot
            breaks = ends and _waker_line(freed[0], slot) == NO_PLACE
            if thing is not None and timeline.holders.owner_after(thing, slot) == freed[0].index and not breaks:
                return self._("{name} hands {thing} on to {other}: {other} is ready.").format(
                    name=name, thing=self.thing(timeline, thing), other=names
                )
            if freed[0].index == lane.parent and ends:
                return self._("{name} was the last child that {other} waited for: {other} is ready.").format(
                    name=name, other=names
                )
        ready = self._n("{names} is ready.", "{names} are ready.", len(freed)).format(names=names)
        call = _call_of_waker(timeline, freed[0], slot)
        if call:
            return self._("{name} calls {call}: {ready}").format(name=name, call=call, ready=ready)
        return self._("{name} wakes {names}.").format(name=name, names=names)

    def _ending(self, timeline: Timeline, slot: int, lane: Lane) -> str:
        name = timeline.title(lane)
        ending = Ending(timeline.tape.endings[slot])
        verb = timeline.verbs.verb(timeline.tape.places[slot])
        at = verb.full if not verb.nursery else ""
        match ending:
            case Ending.INTERRUPTED:
                scope = timeline.scope_that_cancelled(lane)
                who = self.by_whom(timeline, scope, lane) if scope is not None else ""
                return self.interrupted(timeline, slot, name=name, at=at, who=who)
            case Ending.STAYS if at:
                said = self._("{name} gives way at `{at}` and stays in the queue.").format(name=name, at=at)
                return said + self.unnoticed(timeline, slot, lane)
            case Ending.STAYS:
                said = self._("{name} gives way and stays in the queue.").format(name=name)
                return said + self.unnoticed(timeline, slot, lane)
            case Ending.WAITS if verb.nursery:
                count = lane.wakers[lane.after_slot(slot)]
                return self._n("{name} waits for {count} child.", "{name} waits for {count} children.", count).format(
                    name=name, count=count
                )
            case Ending.WAITS if owned := self.owned_wait(timeline, lane, slot):
                return owned
            case Ending.WAITS if at:
                thing = timeline.holders.thing_after(lane, slot)
                one = self.one_of(timeline, thing) if thing is not None else ""
                text = self._("{name} waits at `{at}` ({thing}).") if one else self._("{name} waits at `{at}`.")
                return text.format(name=name, at=at, thing=one)
            case Ending.WAITS:
                return self._("{name} waits.").format(name=name)
            case Ending.RETURNED:
                return self._("{name} returns.").format(name=name)
            case Ending.RAISED if timeline.error_of(lane) and (ended := timeline.verbs.places.get(lane.ended_at)):
                return self._("{name} raises {error} at line {line}.").format(
                    name=name, error=long_error_name(lane.error), line=ended.line
                )
            case Ending.RAISED if timeline.error_of(lane):
                return self._("{name} raises {error}.").format(name=name, error=long_error_name(lane.error))
            case Ending.EXITED:
                return self._exit(name, lane)
            case Ending.RAISED:
                return self._("{name} raises an exception.").format(name=name)
            case Ending.CANCELLED:
                return self._("{name} ends, cancelled.").format(name=name)
        length = self.duration(max(0, timeline.now - timeline.tape.starts[slot]))
        stands = timeline.verbs.places.get(timeline.samples.get(slot, NO_PLACE))
        if stands is not None:
            return self._("{name} runs and does not give way, for {length} now, at line {line}.").format(
                name=name, length=length, line=stands.line
            )
        return self._("{name} runs.").format(name=name)

    def _exit(self, name: str, lane: Lane) -> str:
        """Say that a task ends the program, with which status, and what it says at that."""
        status = exit_status(lane.error)
        message = clean(lane.error.text, _MOST_SAID) if lane.error is not None and status == 1 else ""
        if message and message != "1":
            text = self._("{name} exits the program with status {status}: {message}.")
            return text.format(name=name, status=status, message=message)
        return self._("{name} exits the program with status {status}.").format(name=name, status=status)


def _waited_for(timeline: Timeline, lane: Lane, slot: int) -> str:
    """Give trio's name of the call in which a lane waited before the slot that woke it."""
    change = _last_wait(lane, slot)
    return timeline.verbs.verb(lane.places[change]).call if change >= 0 else ""


def _last_wait(lane: Lane, slot: int) -> int:
    """Give the change by which a lane began the wait that a slot ended; -1 if there is none."""
    return lane.states.rfind(State.WAITING, 0, lane.after_slot(slot) + 1)


def _waker_line(woken: Lane, slot: int) -> int:
    """Give the place of the call that woke a lane in a slot; NO_PLACE if it is not known."""
    change = woken.after_slot(slot)
    while change >= 0 and (woken.states[change] != State.READY or woken.slots[change] > slot):
        change -= 1
    return woken.places[change] if change >= 0 else NO_PLACE


def _call_of_waker(timeline: Timeline, woken: Lane, slot: int) -> str:
    """Give the call that woke a lane in a slot, as the source has it: `event.set()`."""
    place = _waker_line(woken, slot)
    verb = timeline.verbs.verb(place) if place != NO_PLACE else None
    return f"{verb.full}()" if verb is not None and verb.full and not verb.thing else ""
