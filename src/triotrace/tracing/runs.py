"""The begin and the end of a run, and of our watching it."""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType
from typing import Final

import trio

from triotrace.events import LIMIT_NAME, AfterRun, BeforeRun, Error, Result, TaskScheduled
from triotrace.log import clip
from triotrace.tracing import active, privates
from triotrace.tracing.births import born
from triotrace.tracing.clocks import ClockWatch, kind_of, show
from triotrace.tracing.hosts import host_of
from triotrace.tracing.lots import watch_lots
from triotrace.tracing.outcomes import describe, judge
from triotrace.tracing.patches import SharedPatches
from triotrace.tracing.scopes import watch_scopes
from triotrace.tracing.state import State
from triotrace.tracing.tasks import look_closer

__all__ = ["PATCHES", "adopt", "begin", "dropped", "end"]

PATCHES: Final = SharedPatches(watch_scopes, watch_lots)
"""What each traced run needs: it holds them from its begin to its end."""


def begin(state: State, frame: FrameType | None) -> None:
    """Tell that a run begins; `frame` is that of the hook, or None when it has begun already."""
    recorder = state.recorder
    state.runner = privates.runner_of_this_thread()
    for other in active.states():
        if other.runner is not state.runner:
            dropped(other)  # a guest run whose host went away
    recorder.begin_run()
    active.enter(state)
    if state.guard is not None:
        state.guard.watch(state)
    state.run = run = next(recorder.runs)
    state.queue = privates.queue_of(state.runner)
    state.deadlines = privates.open_deadlines(state.runner)
    state.sees_scopes = PATCHES.hold(state).has(trio.Nursery, "__init__")
    state.token = trio.lowlevel.current_trio_token()
    clock = trio.lowlevel.current_clock()
    kind, shown, t = kind_of(clock), show(clock), recorder.time()
    if kind in ("mock", "other"):
        state.clock = ClockWatch(clock, t, shown)
    name = _test_name() or privates.main_name(frame) or "?"
    thread = threading.current_thread().name
    state.append(
        BeforeRun(
            t,
            run,
            clip(name, LIMIT_NAME),
            "trio",
            clip(thread, LIMIT_NAME),
            trio.__version__,
            kind,
            shown,
            host_of(state.runner, frame),
        )
    )


def _test_name() -> str:
    """Return the name of the test that pytest runs now: `test_x[1]` of `tests/test_a.py::test_x[1] (call)`."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    return test.partition("::")[2].rpartition(" (")[0] or test


def adopt(state: State) -> None:
    """Take up a run that was under way when the tracer was added to it: what its tasks did so far is not known."""
    begin(state, None)
    state.sees_scopes = False  # those that are open already are not known
    root = trio.lowlevel.current_root_task()
    main = getattr(state.runner, "main_task", None)
    ready = getattr(state.runner, "runq", ())
    queue = [] if root is None else [root]
    for task in queue:
        born(state, task, task is main, None)
        record = state.records.get(task)
        if record is None:
            continue
        record.fresh = False
        if record.foreign:
            state.places.stand(task, record)
            look_closer(state, task, record, state.now() - state.origin)
        if task in ready:
            record.ready = True
            state.append(TaskScheduled(state.now() - state.origin, record.id, "other"))
        for nursery in task.child_nurseries:
            queue.extend(sorted(nursery.child_tasks, key=_age))


def end(state: State) -> None:
    """Tell that a run is over, and how."""
    outcome = privates.main_outcome(state.runner)
    crash = sys.exc_info()[1]
    t = state.now() - state.origin
    if outcome is None and crash is not None:  # trio itself broke, or a guest's host went away
        _leave(state, t, "raised", describe(crash))
    else:
        _leave(state, t, *judge(outcome))


def dropped(state: State) -> None:
    """Tell that nothing more of a run will be told: the tracer was taken out of it."""
    _leave(state, state.now() - state.origin)


def _leave(state: State, t: int, result: Result | None = None, error: Error | None = None) -> None:
    if state.run is not None:
        state.append(AfterRun(t, state.run, result, error))
    state.recorder.end_run()
    active.leave(state)
    PATCHES.release(state)
    if state.guard is not None:
        state.guard.release(state)


def _age(task: trio.lowlevel.Task) -> int:
    return getattr(task, "_counter", 0)
