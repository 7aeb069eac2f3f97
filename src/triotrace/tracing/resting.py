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

__all__ = ["Rest", "first_to_wake", "polled"]

_MANY = 100
"""Tasks that wait for descriptors: counted each time the loop sleeps."""
_A_WHILE = 2_000
"""Nanoseconds a task, for which a count of more of them stands: it takes a small part of that to make it."""


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
        # A signal may come at any time, whether somebody waits for it or not: it holds nothing up
        waits = any(polled(state, None)) or state.waiting["thread"] or state.waiting["process"]
        outside = bool(waits) or getattr(state.runner, "is_guest", False)  # a host may hand it something
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


def polled(state: State, t: int | None) -> tuple[int, int]:
    """Count the tasks of this thread's run that wait for a descriptor, to read and to write, as trio counts them.

    trio walks all of them to count them, so where there are very many a count stands for the next moments after `t`.
    """
    if t is not None and t < state.poll_again:
        return state.polled
    waits = trio.lowlevel.current_statistics().io_statistics
    # epoll; kqueue, which does not tell readers from writers
    readers = getattr(waits, "tasks_waiting_read", 0) + getattr(waits, "tasks_waiting", 0)
    writers = getattr(waits, "tasks_waiting_write", 0)
    if state.entry is None or not state.entry.exited:
        readers -= 1  # trio itself waits for its wake-up socket
    state.polled = max(0, readers), writers
    if t is not None and readers + writers > _MANY:
        state.poll_again = t + _A_WHILE * (readers + writers)
    return state.polled


def _others_work(known: Collection[int]) -> bool:
    """Tell whether other threads than the `known` ones are at work: they may hand something to a loop."""
    cache = getattr(sys.modules.get("trio._core._thread_cache"), "THREAD_CACHE", None)
    idle = {getattr(worker, "_thread", None) for worker in list(getattr(cache, "_idle_workers", ()))}
    return any(thread.ident not in known and thread not in idle for thread in threading.enumerate())
