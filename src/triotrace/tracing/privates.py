"""trio's private names that we read, each behind a guard: where a version lacks one, the answer is None."""

from __future__ import annotations

import gc
import inspect
import math
import sys
from collections.abc import Sized
from contextlib import suppress
from functools import partial
from types import CellType, CodeType, FrameType, FunctionType, MethodType
from typing import Any, Final, Protocol

import trio
from outcome import Error as ErrorOutcome

from triotrace.events import BIGGEST, TrioTime

__all__ = [
    "PEEKS",
    "START",
    "Deadlines",
    "cancelled_by",
    "delivered",
    "depth_of",
    "exit_outcome",
    "force_wakeup",
    "is_interrupted",
    "local",
    "lock_of",
    "main_name",
    "main_outcome",
    "next_deadline",
    "next_deadline_seconds",
    "nurseries_of",
    "open_deadlines",
    "queue_of",
    "rest_of_batch",
    "runner_of_this_thread",
    "self_of",
    "surely_returned",
    "trio_time",
    "wait_deadline",
]

_FURTHEST: Final = 2.0**63
"""Nanoseconds from trio's zero, 292 years: no deadline further off comes."""


_qualname: Final = type.__dict__["__qualname__"].__get__  # not a property of a metaclass's


def runner_of_this_thread() -> object | None:
    """Return the Runner of the run in this thread."""
    run = sys.modules.get("trio._core._run")
    return getattr(getattr(run, "GLOBAL_RUN_CONTEXT", None), "runner", None)


def depth_of(frame: FrameType | None, name: str) -> int | None:
    """Count the frames from `frame` outward to the first one of trio's that is called `name`; None if none is near."""
    for depth in range(8):
        if frame is None:
            return None
        if frame.f_code.co_name == name and frame.f_globals.get("__name__") == "trio._core._run":
            return depth
        frame = frame.f_back
    return None


def local(frame: FrameType, name: str) -> Any:
    """Return a local of a frame of trio's own; None if it has none of that name.

    Up to Python 3.12 a frame keeps what it once told of its locals, and with that all of them: it is made to forget.
    A frame of the user's must not be: it may have handed the same dictionary to the user.
    """
    told = frame.f_locals
    value = told.get(name)
    if type(told) is dict:
        told.clear()
    return value


START: Final[CodeType | None] = getattr(inspect.unwrap(trio.Nursery.start), "__code__", None)


def nurseries_of(task: trio.lowlevel.Task) -> list[trio.Nursery]:
    """Return trio's own list of a task's open nurseries, not to be changed; the public name copies it each time."""
    nurseries: list[trio.Nursery] | None = getattr(task, "_child_nurseries", None)
    return task.child_nurseries if nurseries is None else nurseries


PEEKS: Final = hasattr(trio.lowlevel.Task, "_next_send")
"""Whether one sees with what a scheduled task will wake."""


def delivered(task: trio.lowlevel.Task) -> BaseException | None:
    """Return the exception with which a scheduled task will wake."""
    outcome = getattr(task, "_next_send", None)
    return outcome.error if isinstance(outcome, ErrorOutcome) else None


def is_interrupted(task: trio.lowlevel.Task) -> bool:
    """Tell whether a scheduled task will wake with KeyboardInterrupt: Ctrl+C was given to it, which is always main."""
    return issubclass(type(delivered(task)), KeyboardInterrupt)  # `isinstance` asks the object itself


def cancelled_by(task: trio.lowlevel.Task) -> tuple[trio.CancelScope | None, bool]:
    """Return the outermost cancelled scope that reaches a task, and whether it is the task's innermost one."""
    status = getattr(task, "_cancel_status", None)
    innermost = status
    found = None
    while status is not None and getattr(status, "effectively_cancelled", False):
        scope = getattr(status, "_scope", None)
        if getattr(scope, "_cancel_called", False):
            found = status
        if getattr(scope, "_shield", False):
            break
        status = getattr(status, "_parent", None)
    return (None, False) if found is None else (found._scope, found is innermost)


def self_of(held: object) -> Any:
    """Return the first argument of a function of trio's own that is suspended: its coroutine, or its frame.

    To ask a frame that lives on for its `f_locals` leaves a copy in it, before Python 3.13: what a lock guards would
    live as long as somebody waits for it.
    """
    if isinstance(held, FrameType):  # in an async generator
        there = held.f_locals
        found = there.get("self")
        if type(there) is dict:
            for name in (*held.f_code.co_varnames, *held.f_code.co_cellvars, *held.f_code.co_freevars):
                there.pop(name, None)
        return found
    code = getattr(held, "cr_code", None)
    if code is None:
        return None
    # What a suspended coroutine refers to: its function, the code of that, its local variables in their order
    referents = gc.get_referents(held)
    for at in range(1, len(referents) - 1):
        if referents[at] is code and type(referents[at - 1]) is FunctionType:
            found = referents[at + 1]
            return found.cell_contents if type(found) is CellType else found
    return None


def lock_of(condition: object) -> Any:
    """Return the lock of a condition."""
    return getattr(condition, "_lock", None)


class Deadlines(Protocol):
    """A run's collection of deadlines."""

    _active: int


def open_deadlines(runner: object) -> Deadlines | None:
    """Return the run's collection of deadlines, if it counts them in `_active`."""
    deadlines = getattr(runner, "deadlines", None)
    return deadlines if hasattr(deadlines, "_active") else None


def wait_deadline(task: trio.lowlevel.Task) -> TrioTime | None:
    """Return the nearest deadline around the current task, None if there is none or it is cancelled already."""
    try:
        status = task._cancel_status
        nearest = math.inf
        while status is not None:
            if status.effectively_cancelled:
                return None
            scope = status._scope
            if scope._deadline < nearest:
                nearest = scope._deadline
            if scope._shield:
                break
            status = status._parent  # type: ignore[assignment]  # None at the root
    except AttributeError:
        nearest = trio.current_effective_deadline()
    return trio_time(nearest)


def next_deadline(runner: object, timeout: float) -> TrioTime | None:
    """Return when the loop will wake at the latest, in trio's time."""
    ask = getattr(getattr(runner, "deadlines", None), "next_deadline", None)
    if ask is not None:
        return trio_time(ask())
    # trio caps an endless wait at a day.
    return trio_time(trio.current_time() + timeout) if timeout < 86_400 else None


def next_deadline_seconds(runner: object) -> float:
    """Return the nearest deadline of a run, in trio's seconds; infinite if there is none, or none to be seen."""
    ask = getattr(getattr(runner, "deadlines", None), "next_deadline", None)
    return math.inf if ask is None else float(ask())


def rest_of_batch(frame: FrameType | None) -> list[trio.lowlevel.Task] | None:
    """Return the tasks still to run in this turn of the loop, in their order; `frame` is that of a hook."""
    depth = depth_of(frame, "unrolled_run")
    for _ in range(depth or 0):
        frame = frame.f_back if frame is not None else None
    if depth is None or frame is None:
        return None
    batch = local(frame, "batch")
    return batch[::-1] if isinstance(batch, list) else None  # trio takes them from the end


def queue_of(runner: object) -> Sized | None:
    """Return a run's own queue of tasks that are ready."""
    queue = getattr(runner, "runq", None)
    return queue if isinstance(queue, Sized) else None


def force_wakeup(runner: object, token: trio.lowlevel.TrioToken) -> None:
    """Wake the loop that is about to sleep."""
    wake = getattr(getattr(runner, "io_manager", None), "force_wakeup", None)
    with suppress(OSError, trio.RunFinishedError):  # another thread's run may just be over
        if wake is not None:
            wake()
        else:
            token.run_sync_soon(lambda: None)


def surely_returned(task: trio.lowlevel.Task) -> bool:
    """Tell whether an exiting task surely returned: its nursery has no exception at all. Main's never gets any."""
    return not getattr(getattr(task, "_parent_nursery", None), "_pending_excs", True)


def exit_outcome(runner: object, task: trio.lowlevel.Task, frame: FrameType) -> object | None:
    """Return the outcome of an exiting task; `frame` is that of trio's `task_exited`."""
    if task is getattr(runner, "main_task", None):
        return main_outcome(runner)
    outcome: object = local(frame, "outcome")
    return outcome


def main_outcome(runner: object) -> object | None:
    """Return the outcome of a run's main task."""
    return getattr(runner, "main_task_outcome", None)


def main_name(frame: FrameType | None) -> str | None:
    """Return the name of the function that a run was started with; `frame` is that of the hook."""
    depth = depth_of(frame, "unrolled_run")
    for _ in range(depth or 0):
        frame = frame.f_back if frame is not None else None
    if depth is None or frame is None:
        return None
    function = local(frame, "async_fn")
    while type(function) is partial:
        function = function.func
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType:
        return function.__qualname__
    # Any other object is not asked: one whose `__getattr__` makes up all names, as a mock's does, never ends
    return None if function is None else _qualname(type(function))


def trio_time(seconds: float) -> TrioTime | None:
    """Convert trio's seconds to the log's nanoseconds; None when infinite, or further off than 64 bits of them."""
    nanoseconds = seconds * 1e9  # infinite where the seconds are finite, but huge
    if not -_FURTHEST < nanoseconds < _FURTHEST:
        return None
    return TrioTime(max(-BIGGEST, min(BIGGEST, round(nanoseconds))))
