"""What a tracer knows of the one run that it watches."""

from __future__ import annotations

from collections.abc import Callable, Sized
from threading import get_ident
from typing import Protocol

import trio

from triotrace.events import AfterIoWait, Clock, PlaceId, RunId, ScopeId, TaskExited, TaskScheduled
from triotrace.tracing.calls import Wait
from triotrace.tracing.clocks import ClockWatch
from triotrace.tracing.family import Family
from triotrace.tracing.privates import Deadlines
from triotrace.tracing.record import Record
from triotrace.tracing.recorder import Recorder

__all__ = ["Guard", "State"]


class Guard(Protocol):
    """What looks after a step that blocks."""

    alive: bool
    parked: bool

    def watch(self, state: State) -> None:
        """Look after a run."""

    def release(self, state: State) -> None:
        """Look after it no longer."""

    def start(self) -> None:
        """Begin, or begin again after a fork."""

    def wake(self) -> None:
        """The loop is at work."""


class State:
    """The tasks of a run, who runs, and what the loop is at. Mutable; only the run's own hooks write it."""

    __slots__ = (
        "append",
        "asleep",
        "began",
        "born",
        "clock",
        "deadlines",
        "depth",
        "enough",
        "entry",
        "family",
        "guard",
        "has_main",
        "last",
        "now",
        "origin",
        "pending",
        "pinged",
        "places",
        "poll_again",
        "polled",
        "polling",
        "queue",
        "recorder",
        "records",
        "run",
        "runner",
        "running",
        "scopes",
        "sees_scopes",
        "spawned_at",
        "task",
        "thread",
        "token",
        "unfinished",
        "waiting",
        "woke",
    )

    def __init__(self, recorder: Recorder, guard: Guard | None = None) -> None:
        self.recorder = recorder
        self.guard = guard
        self.thread = get_ident()
        self.pending = recorder.pending
        self.append = recorder.pending.append
        self.enough = recorder.enough
        self.now = recorder.now
        self.origin = recorder.origin
        self.places = recorder.places
        self.run: RunId | None = None
        self.runner: object = None
        self.queue: Sized | None = None  # trio's own, of the tasks that are ready
        self.deadlines: Deadlines | None = None
        self.token: trio.lowlevel.TrioToken | None = None
        self.depth: int | None = None  # frames from a hook out to trio's `reschedule`
        self.records: dict[trio.lowlevel.Task, Record] = {}
        self.family = Family(self.append, recorder.nurseries)
        self.scopes: dict[trio.CancelScope, ScopeId] = {}
        self.sees_scopes = False  # each scope is known that trio did not open for itself
        self.running: Record | None = None
        self.task: trio.lowlevel.Task | None = None  # the one that runs, if it is told
        self.began = 0  # `t` at the begin of the present step
        self.last: TaskScheduled | TaskExited | None = None  # what told that a step is over, if anything did
        self.unfinished: Callable[[], None] | None = None  # tells the piece of a line that the present step printed
        self.born = 0  # `t` at the newest birth of a task
        self.spawned_at: PlaceId | None = None  # the line that gave birth to it
        self.has_main = False
        self.entry: Record | None = None  # the task that runs what threads and signals hand to the loop
        self.clock: ClockWatch | None = None  # only for clocks that do not go with `t`
        self.asleep = False  # no task is ready, and that was told
        self.polling = False  # between before_io_wait and after_io_wait
        self.woke = False  # a task was scheduled while polling
        self.pinged = False  # a task that is kept out of the trace was scheduled
        self.waiting: dict[Wait, int] = {"thread": 0, "process": 0, "signal": 0}  # tasks, in this order
        self.polled = (0, 0)  # tasks that wait for a descriptor: to read, to write
        self.poll_again = 0  # `t` before which those are not counted anew

    def rise(self, t: int) -> None:
        """Tell that the loop woke: a task of the traced run is ready."""
        self.asleep = self.woke = False
        if self.guard is not None and self.guard.parked:
            self.guard.wake()
        self.look(t)
        if self.run is not None:
            self.append(AfterIoWait(t, self.run))

    def look(self, t: int) -> None:
        """Tell the clock's relation to `t` if it changed."""
        if self.clock is not None and self.run is not None:
            shown = self.clock.look(t)
            if shown is not None:
                self.append(Clock(t, self.run, shown))
