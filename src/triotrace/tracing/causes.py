"""Why a task was made ready, and what a waiting one waits for."""

from __future__ import annotations

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
    if type(error) is trio.Cancelled:
        return _interrupted(state, task, record)
    if issubclass(type(error), KeyboardInterrupt):
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
) -> tuple[ObjectId | None, TaskId | None, ObjectId | None]:
    """Return the serial of what a task waits for, who owns it now, and the lock that it must have again after that.

    `held` is the coroutine or frame of `call`.
    """
    number = state.recorder.objects.number
    if call.on == "channel":
        end = task.custom_sleep_data
        thing = getattr(end, "_state", end)  # both ends, and their clones
    else:
        thing = privates.self_of(held)
    if thing is None:
        return None, None, None
    match call.on:
        case "lock":
            return number(thing), _holder(state, thing.statistics().owner), None
        case "limiter" if thing.borrowed_tokens == 1:
            return number(thing), _holder(state, thing.statistics().borrowers[0]), None
        case "condition":
            lock = privates.lock_of(thing)
            if lock is None:
                return number(thing), None, None
            if task.custom_sleep_data is getattr(lock, "_lot", None):  # cancelled: first of all it needs the lock
                return number(lock), _holder(state, lock.statistics().owner), None
            return number(thing), None, number(lock)
    return number(thing), None, None


def _holder(state: State, holder: object) -> TaskId | None:
    # What borrows from a limiter may be any object: its own hash is not for us to ask
    known = state.records.get(holder) if type(holder) is trio.lowlevel.Task else None
    return None if known is None else known.id
