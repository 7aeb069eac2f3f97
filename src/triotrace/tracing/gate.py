"""The gate: it holds the program before its next step, lets it go a step at a time, so many a second, or to a task's.

Rules:
- A run is held *before* a step is told, so the log ends with what has happened. It tells `paused` with the task that is
  next, flushes, answers, and then blocks the run's own thread; `resumed` tells how long that took.
- Only steps of main, library and user tasks are held: trio's own tasks pass.
- A run in which nobody is ready is not blocked: it sleeps, and hears sockets, threads and signals as ever. It is told
  as paused all the same. Going forward there moves the clock to the next deadline; where something from outside may
  come first, time goes on instead, until a task is ready.
- Time stands still as soon as no run of the process can move.
- A signal that ends programs opens the gate, as does the end of the one who commands it.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from typing import Final

import trio
from msgspec import Struct

from triotrace.events import Event, Pace, Paused, Resumed, RunId, Skipped, TaskId
from triotrace.tracing import privates
from triotrace.tracing.live_clock import LiveClock
from triotrace.tracing.record import Record
from triotrace.tracing.resting import Rest, first_to_wake
from triotrace.tracing.signals import heard, signal_waits, throw_into
from triotrace.tracing.state import State

__all__ = ["Gate"]

_SLICE: Final = 0.05
"""Seconds between two looks at what a held run must notice by itself."""

_OWN: Final = frozenset(["init", "system"])


class _Held(Struct, eq=False):
    """A run that stands at the gate, blocked before a step."""

    may_go: bool = False


class Gate:
    """Commands come from any thread; each run asks in its own."""

    def __init__(
        self,
        clock: LiveClock,
        *,
        answer: Callable[[], None] = lambda: None,
        paused: bool = False,
        pace: float | None = None,
        real: Callable[[], int] = perf_counter_ns,
    ) -> None:
        self.clock = clock
        self._answer = answer
        self._real = real
        self._changed = threading.Condition()
        self._paused = paused
        self._pace = pace
        self._permits = 0
        self._until: TaskId | None = None
        """Paused, and yet all go forward: until this task has taken its next step."""
        self._going = False
        """Paused, and yet time goes on: nobody can step, and something from outside is waited for."""
        self._runs: list[State] = []
        self._held: list[_Held] = []
        self._resting: dict[State, Rest] = {}
        self._last_step = 0
        self.shut = paused or pace is not None
        """Whether hooks have to ask at all; open, it costs them one look."""

    # -- commands ------------------------------------------------------------------------------

    def pause(self) -> None:
        """Hold each run before its next step; time stops as soon as none can move."""
        with self._changed:
            self._set(paused=True, pace=self._pace)
            self.stir()

    def resume(self) -> None:
        """Let all go on, at the pace that is set."""
        with self._changed:
            self._set(paused=False, pace=self._pace)
            self._go_on()
            self._settle()  # who waits for its turn goes on to wait
            if not self._held:
                self._answer()

    def step(self) -> None:
        """Let one step happen, then hold again; a program that runs is held at its next step."""
        with self._changed:
            if not self._paused or self._until is not None:
                self.pause()
            elif not self._going:
                self._permits += 1
                self._admit()

    def until(self, task: TaskId) -> None:
        """Let all go forward as by one step after the other, until a task has taken its next one; then hold."""
        with self._changed:
            self._set(paused=True, pace=self._pace)
            self._until = task
            self._admit()
            self.stir()

    def set_pace(self, steps_per_second: float | None) -> None:
        """Let so many steps happen a second, or as many as there are."""
        with self._changed:
            self._pace = steps_per_second
            self._swing()
            self._tell(lambda t: Pace(t, steps_per_second))
            self._answer()
            self.stir()

    def release(self) -> None:
        """Open for good: nobody commands any more, or a signal wants its way."""
        with self._changed:
            self._set(paused=False, pace=None)
            self._go_on()

    def forget(self) -> None:
        """In a fork: stand open. Whoever had the lock is in the other process."""
        self._changed = threading.Condition()
        self._runs, self._held, self._resting = [], [], {}
        self.release()

    def stir(self) -> None:
        """Make each sleeping run come by: it sees the time anew, and tells where it is."""
        for state in self._runs:
            if state.asleep and state.token is not None:
                privates.force_wakeup(state.runner, state.token)

    # -- what the hooks ask --------------------------------------------------------------------

    def enter(self, state: State) -> None:
        """A run begins: it can move."""
        with self._changed:
            self._runs.append(state)
            self._thaw()
            if self._pace is not None:
                state.append(Pace(state.recorder.time(), self._pace))

    def leave(self, state: State) -> None:
        """A run is over."""
        with self._changed:
            if state in self._runs:
                self._runs.remove(state)
            self._resting.pop(state, None)
            if not self._runs:
                self._permits, self._until = 0, None  # asked of this run, not of one that may follow
            self._settle()
            self._admit()

    def before_step(self, state: State, task: trio.lowlevel.Task, record: Record) -> None:
        """Hold a run before a step, if it is to be held."""
        if signal_waits(state.runner, task):
            self.release()
        if record.role in _OWN:
            return
        with self._changed:
            self._going = False
            rest = self._resting.pop(state, None)
            if rest is not None and rest.told is not None:
                state.append(Resumed(state.recorder.time(), self._real() - rest.told, state.run))
            if self._until is not None:
                if record.id == self._until:
                    self._until = None
            elif self._paused and self._permits:
                self._permits -= 1
            elif self._wait() > 0:
                self._hold(state, task, record)
            self._last_step = self._real()
            self._thaw()

    def before_sleep(self, state: State) -> None:
        """Note that nobody is ready in a run, and what may change that."""
        if all(record.role in _OWN for record in state.records.values()):
            return  # it is ending
        with self._changed:
            before, rest = self._resting.get(state), Rest.of(state)
            rest.told = None if before is None else before.told
            self._resting[state] = rest
            self._settle()
            if self._paused and not self._going:
                if rest.told is None and self._until is None:
                    rest.told = self._real()
                    self._say(state, None)
                self._admit()

    # -- within the lock -----------------------------------------------------------------------

    def _set(self, *, paused: bool, pace: float | None) -> None:
        self._paused, self._pace = paused, pace
        self._permits, self._until = 0, None
        self._going = False
        self._swing()

    def _swing(self) -> None:
        shut = self._paused or self._pace is not None
        if shut and not self.shut:
            self._resting.clear()  # while it stood open nobody told us
        self.shut = shut
        self._changed.notify_all()

    def _hold(self, state: State, task: trio.lowlevel.Task, record: Record) -> None:
        began, paused = self._real(), False
        held = _Held()
        self._held.append(held)
        try:
            self._settle()
            self._say(state, record)
            self._admit()
            with heard() as signals:
                while not held.may_go and (left := self._wait()) > 0:
                    paused = self._paused
                    try:
                        self._changed.wait(min(left, _SLICE))
                    except BaseException as error:
                        # A signal's handler raised, as one does that calls sys.exit: the task is to feel it, not we
                        throw_into(task, error)
                        self.release()
                    if signals:
                        self.release()
                    if state.guard is not None and not state.guard.alive:
                        state.guard.start()  # another thread has forked, and ended all threads of ours for that
        finally:
            self._held.remove(held)
        state.append(Resumed(state.recorder.time(), self._real() - began, state.run))
        self._thaw()
        if paused and not self._paused:
            state.recorder.flush()
            self._answer()

    def _wait(self) -> float:
        """Return the seconds until the next step may happen by itself."""
        if self._paused:
            return math.inf
        if self._pace is None:
            return 0
        return 1 / self._pace - (self._real() - self._last_step) / 1e9

    def _admit(self) -> None:
        """Use the permits: who was held first goes first; when all sleep, time moves."""
        while self._permits or self._until is not None:
            held = next((held for held in self._held if not held.may_go), None)
            if held is not None:
                held.may_go = True
                self._changed.notify_all()
            elif not self._runs or len(self._resting) < len(self._runs):
                return  # a step is under way; the next one takes the permit
            elif (sleeper := first_to_wake(self._resting)) is not None:
                self._skip(sleeper)
            else:
                self._permits = 0  # going on is one step, however often it is asked for
                self._going = True
                self._go_on()
                self._answer()
                return
            self._permits = max(0, self._permits - 1)

    def _skip(self, state: State) -> None:
        """Move the clock to the deadline of a run that sleeps."""
        rest, run = self._resting[state], state.run
        shown, target = privates.trio_time(rest.clock.current_time()), privates.trio_time(rest.deadline)
        self._resume_resting()
        # One nanosecond more than asked: rounded down, the deadline would not have come
        self.clock.advance(math.ceil(rest.left * 1e9) + 1)
        if run is not None and shown is not None and target is not None and shown < target:
            self._tell(lambda t: Skipped(t, run, shown, target))
        del self._resting[state]  # until it sleeps again
        self.stir()

    def _go_on(self) -> None:
        """Let time go on for who sleeps."""
        self._resume_resting()
        self._thaw()

    def _resume_resting(self) -> None:
        now = self._real()
        for state, rest in self._resting.items():
            if rest.told is not None:
                self._tell(partial(_resumed, wall=now - rest.told, run=state.run))
                rest.told = None

    def _settle(self) -> None:
        """Stop the time if no run can move, and somebody wants that."""
        stand = sum(not held.may_go for held in self._held) + len(self._resting)
        if stand == len(self._runs) and (self._held or (self._paused and not self._going)):
            self.clock.freeze()

    def _thaw(self) -> None:
        if self.clock.frozen:
            self.clock.thaw()
            self.stir()  # who went to sleep while time stood still sleeps for ever

    def _say(self, state: State, record: Record | None) -> None:
        """Tell that a run is paused."""
        following = None if record is None else record.id
        state.append(Paused(state.recorder.time(), state.run, following, _batch(state, record)))
        state.recorder.flush()
        self._answer()

    def _tell(self, make: Callable[[int], Event]) -> None:
        """Tell what comes from no run's own thread."""
        if self._runs:
            recorder = self._runs[0].recorder
            recorder.add(make)
            recorder.flush()


def _resumed(t: int, *, wall: int, run: RunId | None) -> Event:
    return Resumed(t, wall, run)


def _batch(state: State, record: Record | None) -> list[TaskId] | None:
    """Return the tasks that are ready in this turn of the loop, the next one first, where trio lets us see them."""
    if record is None:
        return []
    rest = privates.rest_of_batch(sys._getframe())
    if rest is None:
        return None
    known = [state.records.get(task) for task in rest]
    return [record.id, *[other.id for other in known if other is not None and other.role not in _OWN]]
