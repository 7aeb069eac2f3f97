"""Tasks that stay out of the trace, though it may know them already: a consumer of the events must be one."""

from __future__ import annotations

import msgspec
import trio

from triotrace.events import (
    AfterTaskStep,
    Event,
    NurseryClosed,
    NurseryId,
    NurseryOpened,
    TaskExited,
    TaskId,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.tracing.record import Record
from triotrace.tracing.state import State

__all__ = ["forget"]


def forget(state: State, task: trio.lowlevel.Task) -> None:
    """Keep a task and its children out of the trace from here on.

    Events that did not go out yet are taken back. A task that the reader knows already leaves as if it had returned,
    at the end of its present or next step.
    """
    record = state.records.get(task)
    if record is None or record.exited:
        return
    for nursery in record.nurseries[::-1]:
        for child in nursery.child_tasks:
            forget(state, child)
    t = state.now() - state.origin
    nurseries = {state.family.ids.pop(nursery) for nursery in record.nurseries if nursery in state.family.ids}
    known = not _take_back(state, record, nurseries)
    if known:
        for number in nurseries:
            state.append(NurseryClosed(t, number))
    record.nurseries = ()
    if record.counted:
        state.waiting[record.counted] -= 1
        record.counted = ""
    if known and state.running is not record:
        record.exited = record.leaving = True
        return
    if known:
        state.append(TaskExited(t, record.id, "returned"))
        state.append(AfterTaskStep(t, record.id))
    if state.running is record:
        state.running = state.task = None
    del state.records[task]


def _take_back(state: State, record: Record, nurseries: set[NurseryId]) -> bool:
    """Take a task's events back if all of them are pending; tell whether that was so."""
    pending = state.pending
    if not any(isinstance(event, TaskSpawned) and event.task == record.id for event in pending):
        return False
    # From behind, one at a time: another run's thread may append to the list meanwhile.
    with state.recorder.lock:
        for place in reversed(range(len(pending))):
            event = pending[place]
            if _about(event, record.id, nurseries):
                del pending[place]
            elif isinstance(event, TaskScheduled) and event.waker == record.id:
                pending[place] = msgspec.structs.replace(event, waker=None, place=None)
            elif isinstance(event, TaskSpawned) and event.by == record.id:
                pending[place] = msgspec.structs.replace(event, by=None)
    return True


def _about(event: Event, task: TaskId, nurseries: set[NurseryId]) -> bool:
    if isinstance(event, NurseryOpened | NurseryClosed):
        return event.nursery in nurseries
    return getattr(event, "task", None) == task
