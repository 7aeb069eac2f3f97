"""Runs that sleep because nobody in them is ready: when they wake, and whether anything but time may wake them."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Collection, Mapping

import trio
from msgspec import Struct

from triotrace.tracing import privates
from triotrace.tracing.live_clock import RunClock
from triotrace.tracing.state import State

__all__ = ["Rest", "first_to_wake"]


class Rest(Struct, eq=False):
    """The sleep of a run's loop."""

    clock: trio.abc.Clock
    deadline: float
    """In trio's seconds; infinite if there is none."""
    outside: bool
    """Whether something other than time may end it."""
    told: int | None = None
    """When it was told as paused, in real nanoseconds."""

    @classmethod
    def of(cls, state: State) -> Rest:
        """Look at the run of this thread, which is about to sleep."""
        outside = any(state.waiting.values()) or _waits_outside(state.runner)
        return cls(trio.lowlevel.current_clock(), privates.next_deadline_seconds(state.runner), outside)

    @property
    def left(self) -> float:
        """Seconds until the deadline, if the clock is ours to move."""
        return self.deadline - self.clock.current_time() if isinstance(self.clock, RunClock) else math.inf


def first_to_wake(resting: Mapping[State, Rest]) -> State | None:
    """Return the run whose deadline comes next; None if there is none, or if something else may come first."""
    if any(rest.outside for rest in resting.values()) or _others_work({state.thread for state in resting}):
        return None
    state = min(resting, key=lambda state: resting[state].left)
    return None if math.isinf(resting[state].left) else state


def _waits_outside(runner: object) -> bool:
    """Tell whether a run waits for a descriptor, or has a host that may hand it something."""
    if getattr(runner, "is_guest", False):
        return True
    waits = trio.lowlevel.current_statistics().io_statistics
    names = ("tasks_waiting_read", "tasks_waiting_write", "tasks_waiting")  # epoll; kqueue
    return sum(getattr(waits, name, 0) for name in names) > 1  # trio itself waits for its wake-up socket


def _others_work(known: Collection[int]) -> bool:
    """Tell whether other threads than the `known` ones are at work: they may hand something to a loop."""
    cache = getattr(sys.modules.get("trio._core._thread_cache"), "THREAD_CACHE", None)
    idle = {getattr(worker, "_thread", None) for worker in list(getattr(cache, "_idle_workers", ()))}
    return any(thread.ident not in known and thread not in idle for thread in threading.enumerate())
