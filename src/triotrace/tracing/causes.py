"""Why a task was made ready, and what a waiting one waits for."""

from __future__ import annotations

from types import FrameType

import trio

from triotrace.events import Cause, ObjectId, ScopeId, TaskId
from triotrace.tracing import privates
from triotrace.tracing.calls import Fact
from triotrace.tracing.record import Record
from triotrace.tracing.state import State

__all__ = ["cause_of", "waited_for"]


def cause_of(state: State, task: trio.lowlevel.Task, record: Record, *, outside: bool) -> tuple[Cause, ScopeId | None]:
    """Tell why `task` was scheduled; `outside`: on behalf of a thread or a signal."""
    error = privates.delivered(task)
    if isinstance(error, trio.Cancelled):
        return _interrupted(state, task, record)
    if isinstance(error, KeyboardInterrupt):
        return "other", None
    if outside:
        return "thread", None
    if state.running is record:
        return "checkpoint", None
    if state.running is not None:
        return "task", None
    if state.polling:
        return "io", None
    # After the poll, and before the first step, only deadlines and `wait_all_tasks_blocked` wake anyone.
    return ("idle" if _is_idle(record) else "other"), None


def _interrupted(state: State, task: trio.lowlevel.Task, record: Record) -> tuple[Cause, ScopeId | None]:
    """Tell a time that has come from a cancellation: trio ends both with Cancelled."""
    scope, innermost = privates.cancelled_by(task)
    if scope is None:
        return "cancel", None
    number = state.scopes.get(scope)
    if number is None and innermost:
        if state.running is None and state.sees_scopes:
            return "timer", None  # a scope that trio opened for itself has come to its deadline
        if state.running is record:
            state.places.stand(task, record)  # it went to sleep in this very step, beyond its deadline
        call = None if record.point is None else record.point.call
        if call is not None and call.sleeps:
            return "timer", None
    return "cancel", number


def _is_idle(record: Record) -> bool:
    call = None if record.point is None else record.point.call
    return call is not None and call.word == "wait_all_tasks_blocked"


def waited_for(
    state: State, task: trio.lowlevel.Task, call: Fact, held: object
) -> tuple[ObjectId | None, TaskId | None]:
    """Return the serial of what a task waits for, and who owns it now; `held` is the coroutine or frame of `call`."""
    if call.on == "channel":
        end = task.custom_sleep_data
        thing = getattr(end, "_state", end)  # both ends, and their clones
    else:
        frame = getattr(held, "cr_frame", held)
        thing = frame.f_locals.get("self") if isinstance(frame, FrameType) else None
    if thing is None:
        return None, None
    owner = None
    if call.on == "lock":
        holder = thing.statistics().owner
        known = state.records.get(holder)
        owner = None if known is None else known.id
    return state.recorder.objects.number(thing), owner
