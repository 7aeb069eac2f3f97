"""Programs behind a gate, in this process, with somebody who commands them from another thread."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import trio
from watched import Told, run_module

from triotrace.events import (
    BeforeTaskStep,
    Event,
    NurseryClosed,
    NurseryOpened,
    ScopeCancelled,
    ScopeEntered,
    ScopeExited,
    TaskExited,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.tracing import order
from triotrace.tracing.gate import Gate
from triotrace.tracing.live_clock import LiveClock, RunClock
from triotrace.tracing.patches import Patches
from triotrace.tracing.recorder import Recorder
from triotrace.tracing.tracer import Tracer

PATIENCE = 30.0
"""Seconds after which a program hangs."""


@contextmanager
def arranged() -> Iterator[None]:
    """Let tasks run in the order in which they became ready, as `--order started` does; undone afterwards."""
    patches = Patches()
    order.arrange(run_module, "started", patches)
    try:
        yield
    finally:
        patches.undo()


@dataclass
class Walker:
    """Who commands a gate, and hears its answers."""

    paused: bool = False
    pace: float | None = None
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._answers = threading.Semaphore(0)
        self.clock = LiveClock()
        self.gate = Gate(self.clock, answer=self._answers.release, paused=self.paused, pace=self.pace)
        self.recorder = Recorder(self.events.extend, now=self.clock.now)
        self.tracers: list[Tracer] = []
        self.over = threading.Event()

    def tracer(self) -> Tracer:
        """Return the instrument of one run behind the gate."""
        self.tracers.append(Tracer.sharing(self.recorder, None, self.gate))
        return self.tracers[-1]

    def heard(self, within: float = PATIENCE) -> bool:
        """Wait for an answer; false if the program ended instead."""
        while not self._answers.acquire(timeout=0.05):
            within -= 0.05
            if self.over.is_set():
                return False
            assert within > 0, "no answer"
        return True

    def until(self, look: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait until `look` finds something."""
        moment = threading.Event()
        while not look():
            assert within > 0, "in vain"
            moment.wait(0.005)
            within -= 0.005

    def walk(self) -> None:
        """Walk the program to its end, step by step, each as soon as the one before is told."""
        while self.heard():
            self.gate.step()

    def of(self, kind: type) -> list:
        """Return the events of one kind so far."""
        return [event for event in [*self.events, *self.recorder.pending] if isinstance(event, kind)]

    def told(self) -> Told:
        """Return what was told; nothing of ours may have failed."""
        assert 0 == self.recorder.failures
        assert 0 == self.recorder.dropped
        return Told(self.events, self.tracers[-1])


@contextmanager
def commanded(walker: Walker, drive: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let `drive` command the gate from another thread meanwhile; raise what it raised."""
    troubles: list[BaseException] = []
    done = threading.Lock()
    done.acquire()

    def driving() -> None:
        try:
            drive()
        except BaseException as error:
            troubles.append(error)
            walker.gate.release()
        finally:
            done.release()

    def watching() -> None:
        if not walker.over.wait(PATIENCE):
            troubles.append(AssertionError("it hangs"))
            walker.gate.release()
            _thread.interrupt_main()

    # They are none of `threading`: to the gate the program is on its own
    _thread.start_new_thread(watching, ())
    _thread.start_new_thread(driving, ())
    try:
        with arranged():
            yield
    finally:
        walker.over.set()
        ended = done.acquire(timeout=PATIENCE)
    if troubles:
        raise troubles[0]
    assert ended, "whoever commands does not end"


def run(
    walker: Walker,
    main: Callable[..., Awaitable[object]],
    *args: object,
    drive: Callable[[], object] = lambda: None,
    clock: trio.abc.Clock | None = None,
) -> BaseException | None:
    """Run `main` behind the walker's gate while `drive` commands it; return what it raised."""
    with commanded(walker, drive):
        try:
            trio.run(main, *args, clock=clock or RunClock(walker.clock), instruments=[walker.tracer()])
        except BaseException as error:
            return error
        return None


OURS = (
    BeforeTaskStep,
    TaskSpawned,
    TaskScheduled,
    TaskExited,
    NurseryOpened,
    NurseryClosed,
    ScopeEntered,
    ScopeExited,
    ScopeCancelled,
)


def order_of(events: Sequence[Event]) -> list[tuple[object, ...]]:
    """Return what happens to the user's tasks, nurseries and scopes, in its order; no times."""
    roles = {event.task: event.role for event in events if isinstance(event, TaskSpawned)}
    shown = []
    for event in events:
        if isinstance(event, OURS) and roles.get(getattr(event, "task", None), "user") not in ("init", "system"):
            keys = ("task", "nursery", "scope", "cause", "waker", "result", "caught")
            shown.append((type(event).__name__, *(getattr(event, key, None) for key in keys)))
    return shown
