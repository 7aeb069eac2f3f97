"""A thread that looks after a step that blocks: it samples where the step stands, and gets the pending events out.

Rules:
- Only a step of over 50 ms is looked at; the thread sleeps while the loop sleeps.
- It is no thread of `threading`: the program, counting its threads, does not find it.
- It is gone before a fork, for a living thread makes fork warn, and comes back at the next hook.
"""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from triotrace.events import PlaceId, StepSampled
from triotrace.tracing.record import Record
from triotrace.tracing.recorder import Recorder
from triotrace.tracing.state import State
from triotrace.tracing.unseen import UnseenThread

__all__ = ["Watchdog"]

_GLANCE: Final = 0.05
_LONG: Final = 50_000_000


class Watchdog:
    """Looks after the runs of one recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._states: tuple[State, ...] = ()
        self._bell = _thread.allocate_lock()  # held; released to wake the thread
        self._thread = UnseenThread()
        self._bell.acquire()
        self._stopping = False
        self._sampled: dict[int, tuple[Record, int, PlaceId]] = {}
        self.alive = False
        self.parked = False
        self.companions: list[Callable[[], None]] = []
        """What is to begin anew whenever this does: other threads of ours that a fork ended."""
        self.forks = 0
        """How many forks are under way: until they are over, nothing begins."""

    def watch(self, state: State) -> None:
        """Look after a run, from now on."""
        self._states = (*self._states, state)

    def release(self, state: State) -> None:
        """Look after a run no longer."""
        self._states = tuple(other for other in self._states if other is not state)
        if not self._states:
            self.stop()

    def start(self) -> None:
        """Begin to look, unless at it."""
        if self.forks:
            return
        for begin in self.companions:
            begin()
        if self.alive or not self._states:
            return
        self._stopping = self.parked = False
        self.alive = True
        self._thread.start(self._look_after)  # without one, steps that block stay unseen until they end

    def stop(self) -> None:
        """End the thread, and wait until it is gone."""
        if not self.alive:
            return
        self._stopping = True
        self.wake()
        self._thread.join()
        self.alive = False

    def wake(self) -> None:
        """End the thread's rest, if it rests: the loop is at work, or another thread told something."""
        if not self.parked and not self._stopping:
            return
        self.parked = False
        with suppress(RuntimeError):  # rung already
            self._bell.release()

    def _look_after(self) -> None:
        try:
            while not self._stopping:
                self._bell.acquire(timeout=-1 if self.parked else _GLANCE)
                if not self._stopping:
                    self._glance()
        except Exception as error:
            self._recorder.failed(error)

    def _glance(self) -> None:
        recorder = self._recorder
        for state in self._states:
            running = state.running
            began = state.began
            if running is not None and recorder.time() - began > _LONG:
                self._sample(state, running, began)
        if (recorder.pending or recorder.taken) and recorder.now() - recorder.flushed > _LONG:
            recorder.flush()
        if self._may_rest():
            self.parked = True
            # Whoever ends the rest first changes what is asked here, then looks at `parked`: one of us sees the other.
            if not self._may_rest():
                self.parked = False

    def _may_rest(self) -> bool:
        return all(state.asleep for state in self._states) and not (self._recorder.pending or self._recorder.taken)

    def _sample(self, state: State, running: Record, began: int) -> None:
        frame = sys._current_frames().get(state.thread)
        place, _ = self._recorder.places.waker(frame)
        if place is None or self._sampled.get(state.thread) == (running, began, place):
            return
        self._sampled[state.thread] = running, began, place
        if state.running is running and state.began == began:  # still the same step
            self._recorder.add(lambda t: StepSampled(t, running.id, place))
        self._recorder.flush()
