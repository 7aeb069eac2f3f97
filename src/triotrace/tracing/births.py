"""The begin of a task: its name, its role, its parent."""

from __future__ import annotations

from types import FrameType

import trio

from triotrace.events import LIMIT_NAME, NurseryId, PlaceId, Role, RunId, TaskSpawned
from triotrace.log import clip
from triotrace.tracing import privates
from triotrace.tracing.handed import named_after
from triotrace.tracing.record import Record
from triotrace.tracing.state import State
from triotrace.tracing.tasks import OBJECT, whose_task
from triotrace.tracing.whose import USER

__all__ = ["born", "spawned"]


def spawned(state: State, task: trio.lowlevel.Task, frame: FrameType) -> None:
    """Tell that a task was born; `frame` is that of what called trio's `spawn_impl`."""
    eventual = None
    running = state.running
    if frame.f_code is privates.START:
        starting = privates.local(frame, "self")
        eventual = _known(state, starting) if isinstance(starting, trio.Nursery) else None
    born(state, task, not state.has_main, running, eventual, frame)
    # It is scheduled at once, by the same line.
    state.spawned_at = None if running is None or running.role == "init" else state.places.waker(frame)[0]


def _known(state: State, nursery: trio.Nursery) -> NurseryId | None:
    """Return the id of a nursery; None if its owner is kept out of the trace."""
    owner = state.records.get(nursery.parent_task)
    if owner is None or owner.exited:
        return None
    return state.family.opened(nursery, owner, state.now() - state.origin)


def born(
    state: State,
    task: trio.lowlevel.Task,
    main: bool,
    by: Record | None,
    eventual: NurseryId | None = None,
    frame: FrameType | None = None,
) -> None:
    """Tell of a task, unless its parent is kept out of the trace; `main`: a child of `<init>` is the main task.

    `frame` is that of what started it just now.
    """
    parent = number = None
    t = state.born = state.now() - state.origin
    try:
        nursery = task._parent_nursery  # tasks are born in storms, and the public names are functions
        owner = None if nursery is None else nursery._parent_task
    except AttributeError:
        nursery = task.parent_nursery
        owner = None if nursery is None else nursery.parent_task
    if nursery is not None and owner is not None:
        parent = state.records.get(owner)
        if parent is None or parent.exited:
            return
        number = state.family.ids.get(nursery)
        if number is None:
            number = state.family.opened(nursery, parent, t)
    fact = state.places.facts.get(id(getattr(task.coro, "cr_code", None)))
    role: Role
    place: PlaceId | None
    name = str.__str__(task.name)
    task_id = next(state.recorder.tasks)
    if fact is not None and fact.rank == USER and parent is not None and parent.role != "init":
        role, place = "user", state.places.begin_of(fact)
        state.records[task] = record = Record(task_id, role, nursery, fact)
        if name[:1] == "<" and OBJECT in name:
            name = named_after(fact.code)
    else:
        whose = whose_task(state, task, name, parent, frame, main=main)
        role, fact, shown = whose.role, whose.fact, whose.inner or whose.fact
        place = None if shown is None else state.places.begin_of(shown)
        name = whose.name or name
        state.records[task] = record = Record(task_id, role, nursery, fact, inner=whose.inner, named=whose.named)
        record.foreign = role in ("library", "system")
    if eventual is not None and by is not None:
        by.starting = task, eventual
    if role == "main":
        state.has_main = True
    elif role == "system" and state.entry is None:
        state.entry = record  # the first one is trio's own: it runs what threads and signals hand to the loop
        record.foreign = False
    if len(name) > LIMIT_NAME or not name.isascii():
        name = clip(name, LIMIT_NAME)
    run = RunId(0) if state.run is None else state.run
    parent_id = None if parent is None else parent.id
    by_id = None if by is None else by.id
    state.append(TaskSpawned(t, task_id, run, name, role, parent_id, number, eventual, by_id, place))
