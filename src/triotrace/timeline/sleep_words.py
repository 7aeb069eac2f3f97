"""A sleep of the loop in plain words: how long, until what, and who was ready then."""

from __future__ import annotations

from collections.abc import Sequence

from triotrace.timeline.cancel_words import CancelWords
from triotrace.timeline.cause_words import CauseWords
from triotrace.timeline.outside import Outsider, Outsiders, outsider
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline

__all__ = ["SleepWords"]


class SleepWords(CancelWords, CauseWords):
    """Says what came of a slot in which nobody ran."""

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
        if jump:  # the clock of a test that is stuck jumps nowhere
            said = self._("Nobody was ready: trio's clock jumped by {length}.").format(length=self.duration(jump))
        elif skipped is not None:
            said = self._("Nobody was ready: {length} of sleep were skipped.").format(length=self.duration(skipped))
        else:
            said = self._("Nobody was ready: the loop slept for {length}.").format(length=length)
        causes, told = self.causes(timeline, slot)
        said = " ".join([said, *self._cancellations(timeline, slot), *causes])
        woken = sorted(index for index in woken if index not in told)
        if not woken:
            return said
        came = {
            Outsider.SOCKET: self._("A socket woke {names}."),
            Outsider.PIPE: self._("A pipe woke {names}."),
            Outsider.IO: self._("I/O woke {names}."),
            Outsider.PROCESS: self._("A process that ended woke {names}."),
            Outsider.SIGNAL: self._("A signal woke {names}."),
            Outsider.THREAD: self._("A thread woke {names}."),
            Outsider.CALL: self._("A call from outside trio woke {names}."),
        }
        for who, lanes in _by_outsider(timeline, woken, slot).items():
            names = self.names(timeline, lanes)
            match who:
                case Outsider():
                    said += " " + came[who].format(names=names)
                case None:
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
        outside = Outsiders.of(wait)
        if outside.descriptors:
            said += " " + self._("A socket or a pipe may come first.")
        if outside.processes:
            said += " " + self._("A process may end first.")
        if outside.threads:
            said += " " + self._("A thread may come first.")
        if outside.signals:
            said += " " + self._("A signal may come first.")
        return said


def _by_outsider(timeline: Timeline, lanes: Sequence[int], slot: int) -> dict[Outsider | None, list[int]]:
    """Group lanes that a slot made ready by what from outside did it; None if nothing of that kind."""
    found: dict[Outsider | None, list[int]] = {}
    for index in lanes:
        lane = timeline.lanes[index]
        change = lane.after_slot(slot)
        while change > 0 and not (lane.states[change] == State.READY and lane.slots[change] == slot):
            change -= 1
        who = outsider(timeline.verbs, lane, change) if change >= 0 else None
        found.setdefault(who, []).append(index)
    return found
