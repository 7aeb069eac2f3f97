"""The gate: it holds the program before its next step, or lets it go one step at a time, or so many a second.

Rules:
- It holds *before* a step is told, so the log ends with what has happened. It tells `paused` with the task that is
  next, flushes, answers, and then blocks the run's own thread; `resumed` tells how long that took.
- Only steps of main, library and user tasks are held. A sleep of the whole loop is a step of its own: going forward
  there moves the clock to the next deadline, unless a socket, thread or process may come first.
- The clock stands still while every run of the process is held.
- A signal for the program opens the gate for good, as does the end of the one who commands it.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable
from time import perf_counter_ns
from typing import Final

import trio

from triotrace.events import Pace, Paused, Resumed, Skipped, TaskId
from triotrace.tracing import privates
from triotrace.tracing.live_clock import LiveClock, RunClock
from triotrace.tracing.record import Record
from triotrace.tracing.state import State

__all__ = ["Gate"]

_SLICE: Final = 0.05
"""Seconds between two looks for a signal, while it holds."""

_OWN: Final = frozenset(["init", "system"])


class _Held:
    """A run that stands at the gate."""

    def __init__(self, state: State, *, wakes_at: float | None = None, asleep: bool = False) -> None:
        self.state = state
        self.asleep = asleep
        self.wakes_at = wakes_at
        """Asleep: the next deadline in trio's seconds, if nothing but time can wake it and its clock is ours."""
        self.may_go = False


class Gate:
    """Commands come from any thread; runs are held in their own."""

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
        self._states: list[State] = []
        self._held: list[_Held] = []
        self._sleepers: set[State] = set()
        """Runs that were let go to sleep; the permit lasts until their next step."""
        self._last_step = 0
        self.shut = paused or pace is not None
        """Whether hooks have to ask at all; open, it costs them one look."""

    # -- commands ------------------------------------------------------------------------------

    def pause(self) -> None:
        """Hold each run before its next step; time stops as soon as all are held."""
        with self._changed:
            self._paused = self.shut = True
            self._permits = 0
            self._sleepers.clear()
            for state in self._states:
                if state.asleep and state.token is not None:
                    privates.force_wakeup(state.runner, state.token)

    def resume(self) -> None:
        """Let all go on, at the pace that is set."""
        with self._changed:
            self._paused = False
            self._permits = 0
            self.shut = self._pace is not None
            self._changed.notify_all()

    def step(self) -> None:
        """Let one step happen, then hold again; a program that runs is held at its next step."""
        if not self._paused:
            self.pause()
            return
        with self._changed:
            self._permits += 1
            self._admit()

    def set_pace(self, steps_per_second: float | None) -> None:
        """Let so many steps happen a second, or as many as there are."""
        with self._changed:
            self._pace = steps_per_second
            self.shut = self._paused or steps_per_second is not None
            recorder = self._states[0].recorder if self._states else None
            self._changed.notify_all()
        if recorder is not None:
            recorder.add(lambda t: Pace(t, steps_per_second))

    def release(self) -> None:
        """Open for good: nobody commands any more, or a signal wants its way."""
        with self._changed:
            self._open()

    # -- what the hooks ask --------------------------------------------------------------------

    def enter(self, state: State) -> None:
        """A run begins."""
        with self._changed:
            self._states.append(state)

    def leave(self, state: State) -> None:
        """A run is over."""
        with self._changed:
            if state in self._states:
                self._states.remove(state)
            self._sleepers.discard(state)
            if self._held and len(self._held) >= len(self._states):
                self.clock.freeze()
            self._admit()

    def before_step(self, state: State, record: Record) -> None:
        """Hold a run before a step, if it is to be held."""
        if record.role in _OWN:
            return
        with self._changed:
            self._sleepers.discard(state)
            held = _Held(state)
            if self._paused and self._permits:
                self._permits -= 1
            elif self._left(held) > 0:
                self._hold(held, record)
            self._last_step = self._real()

    def before_sleep(self, state: State) -> None:
        """Hold a run that has nothing ready, if it is to be held; it may find its clock moved."""
        with self._changed:
            if not self._paused or state in self._sleepers:
                return
            if all(record.role in _OWN for record in state.records.values()):
                return  # main is gone: trio tidies up, which is no step of the program's
            held = _Held(state, wakes_at=_only_deadline(state), asleep=True)
            self._hold(held, None)
            if held.may_go:
                self._sleepers.add(state)
                if held.wakes_at is not None:
                    self._skip(state, held.wakes_at)
            if state.token is not None:
                # trio worked out how long to sleep before it asked us
                privates.force_wakeup(state.runner, state.token)

    # -- holding; the condition's lock is held ---------------------------------------------------

    def _hold(self, held: _Held, record: Record | None) -> None:
        state, recorder = held.state, held.state.recorder
        began = self._real()
        self._held.append(held)
        if len(self._held) >= len(self._states):
            self.clock.freeze()
        following = None if record is None else record.id
        state.append(Paused(recorder.time(), state.run, following, _batch(state, record)))
        recorder.flush()
        self._answer()
        self._admit()
        while not held.may_go and (left := self._left(held)) > 0:
            self._changed.wait(min(left, _SLICE))
            if privates.signal_waits(state.runner):
                self._open()
        self._held.remove(held)
        self.clock.thaw()
        state.append(Resumed(recorder.time(), self._real() - began))

    def _left(self, held: _Held) -> float:
        """Return the seconds until a run may go on by itself."""
        if self._paused:
            return math.inf
        if held.asleep or self._pace is None:
            return 0
        return 1 / self._pace - (self._real() - self._last_step) / 1e9

    def _admit(self) -> None:
        """Let go whom a permit is for: who has a step to take, else, when all sleep, who wakes first."""
        while self._permits:
            waiting = [held for held in self._held if not held.may_go]
            chosen = next((held for held in waiting if not held.asleep), None)
            if chosen is None:
                if not waiting or len(waiting) < len(self._states):
                    return
                chosen = min(waiting, key=lambda held: math.inf if held.wakes_at is None else held.wakes_at)
            self._permits -= 1
            chosen.may_go = True
            self._changed.notify_all()

    def _skip(self, state: State, wakes_at: float) -> None:
        """Move the clock to a deadline, and tell it."""
        clock = trio.lowlevel.current_clock()
        if not isinstance(clock, RunClock) or state.run is None:
            return
        shown, target = privates.trio_time(clock.current_time()), privates.trio_time(wakes_at)
        if shown is None or target is None or target <= shown:
            return
        clock.move_to(wakes_at)
        state.append(Skipped(state.recorder.time(), state.run, shown, target))

    def _open(self) -> None:
        self._pace = None
        self._permits = 0
        self._paused = self.shut = False
        self._changed.notify_all()


def _only_deadline(state: State) -> float | None:
    """Return the next deadline in trio's seconds, if only time can wake this run and the clock is ours to move."""
    if any(state.waiting.values()) or not isinstance(trio.lowlevel.current_clock(), RunClock):
        return None
    deadline = privates.next_deadline_seconds(state.runner)
    return deadline if deadline is not None and math.isfinite(deadline) else None


def _batch(state: State, record: Record | None) -> list[TaskId] | None:
    """Return the tasks that are ready in this turn of the loop, the next one first, where trio lets us see them."""
    if record is None:
        return []
    rest = privates.rest_of_batch(sys._getframe())
    if rest is None:
        return None
    known = [state.records.get(task) for task in rest]
    return [record.id, *[other.id for other in known if other is not None and other.role not in _OWN]]
