"""A moment in plain words: what just happened, and what is next. Made from the tape alone, in the language handed in.

A catalogue (gettext's) comes in as an argument; English is written here, other languages in `locale/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from gettext import NullTranslations

from triotrace.timeline.durations import short_duration
from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.records import Scope
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline

__all__ = ["Words"]

_MOST_NAMES = 4


class Words:
    """Says moments of a timeline in one language."""

    def __init__(self, catalogue: NullTranslations | None = None) -> None:
        self.catalogue = catalogue or NullTranslations()
        self._ = self.catalogue.gettext
        self._n = self.catalogue.ngettext

    def duration(self, nanoseconds: int) -> str:
        """Say a length of time."""
        # Translators: the mark between the whole seconds and their tenths
        return short_duration(nanoseconds).replace(".", self._("."))

    def happened(self, timeline: Timeline, slot: int) -> str:
        """Say in a sentence or two what a slot did; nothing before the first."""
        if not 0 < slot <= len(timeline.tape):
            return ""
        lane = timeline.tape.lanes[slot]
        return self._sleep(timeline, slot) if lane < 0 else self._step(timeline, slot, timeline.lanes[lane])

    def following(self, timeline: Timeline, slot: int) -> str:
        """Say who runs after a slot: the tape knows, or at its end the queue does; nothing if nobody knows."""
        if slot < len(timeline.tape):
            lane = timeline.tape.lanes[slot + 1]
            return self._("the loop sleeps") if lane < 0 else timeline.title(timeline.lanes[lane])
        held = [held for held in timeline.held if held.next is not None]
        if held:
            return timeline.title(timeline.lanes[held[0].next or 0])
        if timeline.held and timeline.tape.endings[slot] == Ending.OPEN:
            return self._("the end of this sleep")
        queue = [index for index in timeline.queue if timeline.lanes[index].role != "system"]
        return self.names(timeline, queue) if queue else ""

    def state(self, timeline: Timeline, lane: Lane, slot: int) -> str:
        """Say what a task is after a slot: `waits: client.get`, `ready, in the queue` ..."""
        change = lane.after_slot(slot)
        state = lane.state_at(change)
        if state is None:
            return self._("not born yet")
        if state is State.WAITING:
            verb = timeline.verbs.verb(lane.places[change])
            if verb.short == "nursery":
                return self.children(lane.wakers[change])
            return self._("waits: {what}").format(what=verb.full) if verb.full else self._("waits")
        if state is State.RAISED:
            return self._("raised {error}").format(error=timeline.error_of(lane)).rstrip()
        said = {
            State.NEW: self._("born, not ready yet"),
            State.READY: self._("ready, in the queue"),
            State.RUNNING: self._("running"),
            State.RETURNED: self._("returned"),
            State.CANCELLED: self._("cancelled"),
        }
        return said.get(state) or self._("unknown: the log has a gap here")

    def names(self, timeline: Timeline, lanes: Sequence[int]) -> str:
        """Join the names of tasks, as many as a sentence bears."""
        names = [timeline.title(timeline.lanes[index]) for index in lanes[:_MOST_NAMES]]
        if len(lanes) > _MOST_NAMES:
            rest = len(lanes) - _MOST_NAMES + 1
            names = [*names[: _MOST_NAMES - 1], self._n("{count} more", "{count} more", rest).format(count=rest)]
        if len(names) == 1:
            return names[0]
        return self._("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])

    @property
    def time_is_up(self) -> str:
        """Say that a deadline came."""
        return self._("time is up")

    @property
    def trios_time(self) -> str:
        """Name a ruler that shows trio's time."""
        return self._("trio's time")

    @property
    def folded(self) -> str:
        """Name a ruler on which idle stretches are folded."""
        return self._("idle ╱╱")

    @property
    def jump(self) -> str:
        """Name a leap of a clock on a ruler."""
        return self._("jump")

    def really(self, shown: int, real: int) -> str:
        """Say beside a ruler of trio's time how long it really took."""
        return self._("{shown} in {real}").format(shown=self.duration(shown), real=self.duration(real))

    def last_words(self, timeline: Timeline, lane: Lane) -> str:
        """Say in a few words why a task ended as it did; nothing if it returned."""
        if lane.result is State.RAISED:
            return timeline.error_of(lane)
        cancellation = timeline.cancellation_of(lane) if lane.result is State.CANCELLED else None
        if cancellation is None:
            return ""
        if cancellation.by is not None and cancellation.by != lane.index:
            by = timeline.lanes[cancellation.by]
            name = f"#{by.number}" if by.name == lane.name else timeline.title(by)
            return self._("by {name}").format(name=name)
        return self.time_is_up if cancellation.cause == "deadline" else ""

    def children(self, count: int) -> str:
        """Say that a task waits at its nursery."""
        return self._n("waits for {count} child", "waits for {count} children", count).format(count=count)

    # -- a step ------------------------------------------------------------------------------

    def _step(self, timeline: Timeline, slot: int, lane: Lane) -> str:
        woken = [timeline.lanes[index] for index in timeline.tape.woken_in(slot)]
        born = [other.index for other in woken if other.slots[0] == slot]
        # That main wakes trio's own <init> at its end is no news
        freed = [other for other in woken if other.slots[0] < slot and other.role not in ("init", "system")]
        parts = []
        if born:
            parts.append(
                self._("{name} starts {names}.").format(name=timeline.title(lane), names=self.names(timeline, born))
            )
        reached = {lane.index for lane in freed if _was_cancelled_in(lane, slot)}
        freed = [other for other in freed if other.index not in reached]
        if freed:
            parts.append(self._freeing(timeline, slot, lane, freed))
        parts.append(self._ending(timeline, slot, lane))
        parts += self._cancellations(timeline, slot)
        return " ".join(parts)

    def _cancellations(self, timeline: Timeline, slot: int) -> list[str]:
        """Say which scopes were cancelled in a slot, why, and whom that reaches."""
        woken = timeline.tape.woken_in(slot)
        said = []
        for scope in timeline.cancelled_in(slot):
            assert scope.cancelled is not None
            owner = timeline.title(timeline.lanes[scope.lane])
            reached = [
                index
                for index in woken
                if timeline.lanes[index].cancelled_by == scope.scope and _was_cancelled_in(timeline.lanes[index], slot)
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

    def limit(self, timeline: Timeline, scopes: Sequence[Scope]) -> str:
        """Label the brackets of scopes with the time that each was given, if that is the same: `≤ 3 s`."""
        given = set()
        for scope in scopes:
            run = timeline.run_of(timeline.lanes[scope.lane])
            at, _, deadline = next(moved for moved in scope.deadlines if moved[2] is not None)
            if run is not None and deadline is not None:
                given.add(self.duration(max(0, deadline - run.trio_time(at))))
        return f"≤ {given.pop()}" if len(given) == 1 else self._("deadlines")

    def scope(self, timeline: Timeline, scope: Scope) -> str:
        """Name a cancel scope as the source does: `move_on_after`."""
        verb = timeline.verbs.verb(scope.place) if scope.place is not None else None
        return verb.full if verb is not None and verb.full else "CancelScope"

    def _freeing(self, timeline: Timeline, slot: int, lane: Lane, freed: Sequence[Lane]) -> str:
        name = timeline.title(lane)
        names = self.names(timeline, [other.index for other in freed])
        if len(freed) == 1:
            waited = _waited_for(timeline, freed[0], slot)
            if waited == "MemorySendChannel.send":
                return self._("{name} takes the message that {other} was waiting to send: {other} is ready.").format(
                    name=name, other=names
                )
            if waited == "MemoryReceiveChannel.receive":
                return self._("{name} hands a message to {other}: {other} is ready.").format(name=name, other=names)
            if freed[0].index == lane.parent and lane.result is not None and lane.slots[-1] == slot:
                return self._("{name} was the last child of {other}: {other} is ready.").format(name=name, other=names)
        ready = self._n("{names} is ready.", "{names} are ready.", len(freed)).format(names=names)
        call = _call_of_waker(timeline, freed[0], slot)
        if call:
            return self._("{name} calls {call}: {ready}").format(name=name, call=call, ready=ready)
        return self._("{name} wakes them: {ready}").format(name=name, ready=ready)

    def _ending(self, timeline: Timeline, slot: int, lane: Lane) -> str:
        name = timeline.title(lane)
        ending = Ending(timeline.tape.endings[slot])
        verb = timeline.verbs.verb(timeline.tape.places[slot])
        at = verb.full if verb.short != "nursery" else ""
        match ending:
            case Ending.STAYS if at:
                return self._("{name} gives way at `{at}` and stays in the queue.").format(name=name, at=at)
            case Ending.STAYS:
                return self._("{name} gives way and stays in the queue.").format(name=name)
            case Ending.WAITS if verb.short == "nursery":
                count = lane.wakers[lane.after_slot(slot)]
                return self._n("{name} waits for {count} child.", "{name} waits for {count} children.", count).format(
                    name=name, count=count
                )
            case Ending.WAITS if at:
                return self._("{name} waits at `{at}`.").format(name=name, at=at)
            case Ending.WAITS:
                return self._("{name} waits.").format(name=name)
            case Ending.RETURNED:
                return self._("{name} returns.").format(name=name)
            case Ending.RAISED if timeline.error_of(lane):
                return self._("{name} raises {error}.").format(name=name, error=timeline.error_of(lane))
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

    # -- a sleep -----------------------------------------------------------------------------

    def _sleep(self, timeline: Timeline, slot: int) -> str:
        tape = timeline.tape
        over = tape.endings[slot] != Ending.OPEN
        end = tape.ends[slot] if over else timeline.now
        length = self.duration(max(0, end - tape.starts[slot]))
        woken = [index for index in tape.woken_in(slot) if timeline.lanes[index].role != "system"]
        if not over and not woken:
            return self._("Nobody is ready: the loop sleeps.") + self._until(timeline, slot)
        skipped = timeline.skipped.get(slot)
        jump = timeline.jump_in(slot)
        if jump is not None:
            said = self._("Nobody was ready: trio's clock jumped by {length}.").format(length=self.duration(jump))
        elif skipped is not None:
            said = self._("Nobody was ready: {length} of sleep were skipped.").format(length=self.duration(skipped))
        else:
            said = self._("Nobody was ready: the loop slept for {length}.").format(length=length)
        cancellations = self._cancellations(timeline, slot)
        if cancellations:
            said = " ".join([said, *cancellations])
        if not woken:
            return said
        for cause, lanes in _by_cause(timeline, woken, slot).items():
            names = self.names(timeline, lanes)
            match cause:
                case "io":
                    said += " " + self._("A socket woke {names}.").format(names=names)
                case "thread":
                    said += " " + self._("A thread came back to {names}.").format(names=names)
                case _:
                    then = self._n("Then {names} is ready.", "Then {names} are ready.", len(lanes))
                    said += " " + then.format(names=names)
        return said

    def _until(self, timeline: Timeline, slot: int) -> str:
        """Say what the sleep of a loop waits for: a deadline, or what comes from outside."""
        run = timeline.runs[-1 - timeline.tape.lanes[slot]]
        wait = run.waits
        said = ""
        if wait is not None and wait.deadline is not None and run.begun.clock == "live":
            left = wait.deadline - run.trio_time(timeline.now)
            said += " " + self._("The next deadline is in {length}.").format(length=self.duration(max(0, left)))
        if wait is not None and wait.readers + wait.writers:
            said += " " + self._("A socket may come first.")
        if wait is not None and wait.threads:
            said += " " + self._("A thread may come first.")
        return said


def _was_cancelled_in(lane: Lane, slot: int) -> bool:
    """Tell whether a cancellation made a lane ready in a slot."""
    change = lane.after_slot(slot)
    while change >= 0 and lane.slots[change] == slot:
        if lane.was_cancelled(change):
            return True
        change -= 1
    return False


def _by_cause(timeline: Timeline, lanes: Sequence[int], slot: int) -> dict[str, list[int]]:
    """Group lanes that a slot made ready by why."""
    found: dict[str, list[int]] = {}
    for index in lanes:
        lane = timeline.lanes[index]
        change = lane.after_slot(slot)
        while change > 0 and not (lane.states[change] == State.READY and lane.slots[change] == slot):
            change -= 1
        cause = lane.cause_of(change) if change >= 0 else ""
        found.setdefault(cause if cause in ("io", "thread") else "", []).append(index)
    return found


def _waited_for(timeline: Timeline, lane: Lane, slot: int) -> str:
    """Give trio's name of the call in which a lane waited before the slot that woke it."""
    change = lane.after_slot(slot)
    while change >= 0 and lane.states[change] != State.WAITING:
        change -= 1
    return timeline.verbs.verb(lane.places[change]).call if change >= 0 else ""


def _call_of_waker(timeline: Timeline, woken: Lane, slot: int) -> str:
    """Give the call that woke a lane in a slot, as the source has it: `event.set()`."""
    change = woken.after_slot(slot)
    while change >= 0 and (woken.states[change] != State.READY or woken.slots[change] > slot):
        change -= 1
    verb = timeline.verbs.verb(woken.places[change]) if change >= 0 else None
    return f"{verb.full}()" if verb is not None and verb.full else ""
