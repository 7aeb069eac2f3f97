"""A moment in plain words: what just happened, and what is next. Made from the tape alone, in the language handed in.

Its parts: what a step did (`step_words.py`), a sleep (`sleep_words.py`), a cancellation (`cancel_words.py`), and the
terms that they share (`terms.py`).
"""

from __future__ import annotations

from gettext import NullTranslations
from itertools import islice
from weakref import WeakKeyDictionary

from triotrace.timeline.ends import exit_status
from triotrace.timeline.lanes import Lane
from triotrace.timeline.sleep_words import SleepWords
from triotrace.timeline.states import State
from triotrace.timeline.step_words import StepWords
from triotrace.timeline.tape import Ending
from triotrace.timeline.terms import MOST_NAMES
from triotrace.timeline.timeline import Timeline

__all__ = ["Words"]


class Words(StepWords, SleepWords):
    """Says moments of a timeline in one language."""

    def __init__(self, catalogue: NullTranslations | None = None) -> None:
        super().__init__(catalogue)
        self._said: WeakKeyDictionary[Timeline, tuple[tuple[int, int, int], str]] = WeakKeyDictionary()
        """The slot that was said last, when, and how: a frame asks twice, and a step may have woken 100,000."""

    def happened(self, timeline: Timeline, slot: int) -> str:
        """Say in a sentence or two what a slot did; nothing before the first."""
        if not 0 < slot <= len(timeline.tape):
            return ""
        known = self._said.get(timeline)
        key = slot, timeline.generation, timeline.now
        if known is None or known[0] != key:
            lane = timeline.tape.lanes[slot]
            said = self._sleep(timeline, slot) if lane < 0 else self._step(timeline, slot, timeline.lanes[lane])
            known = self._said[timeline] = key, said
        return known[1]

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
        # 100,000 may be ready: of those no more is looked at than is named
        queue = (index for index in timeline.queue if timeline.lanes[index].role != "system")
        count = len(timeline.queue) - sum(index in timeline.queue for index in timeline.systems)
        return self.names(timeline, list(islice(queue, MOST_NAMES)), count=count)

    def state(self, timeline: Timeline, lane: Lane, slot: int) -> str:
        """Say what a task is after a slot: `waits: client.get`, `ready, in the queue` ..."""
        change = lane.after_slot(slot)
        state = lane.state_at(change)
        if state is None:
            return self._("not born yet")
        if state is State.WAITING:
            verb = timeline.verbs.verb(lane.places[change])
            if verb.nursery:
                return self.children(lane.wakers[change])
            return self._("waits: {what}").format(what=verb.full) if verb.full else self._("waits")
        if state is State.RAISED:
            return self._("raised {error}").format(error=timeline.error_of(lane)).rstrip()
        if state is State.EXITED:
            return self._("exits with status {status}").format(status=exit_status(lane.error))
        said = {
            State.NEW: self._("born, not ready yet"),
            State.READY: self._("ready, in the queue"),
            State.RUNNING: self._("running"),
            State.RETURNED: self._("returned"),
            State.CANCELLED: self._("cancelled"),
        }
        return said.get(state) or self._("unknown: the log has a gap here")

    def last_words(self, timeline: Timeline, lane: Lane) -> str:
        """Say in a few words why a task ended as it did: its error, who cancelled it; nothing if it returned."""
        if lane.result is State.RAISED:
            return timeline.error_of(lane)
        if lane.result is State.EXITED:
            return self._("exit {status}").format(status=exit_status(lane.error))
        return self.last_words_of_cancelled(timeline, lane) if lane.result is State.CANCELLED else ""
