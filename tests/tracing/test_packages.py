"""Packages on top of trio: what they start on the user's behalf is the user's; what they do for themselves is not."""

from __future__ import annotations

import pytest
from watched import watch

from triotrace.events import AfterTaskStep, ScopeEntered, TaskScheduled

anyio = pytest.importorskip("anyio")


async def worker() -> None:
    await anyio.sleep(0.001)
    with anyio.move_on_after(0.001):
        await anyio.sleep(10)


async def group() -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker)


def test_anyio_tasks_are_the_users() -> None:
    """A task that anyio starts runs the user's function: its role, its place and its lines are the user's."""
    told = watch(group)
    [task] = [e for e in told.spawned.values() if e.name.endswith("worker")]
    assert "user" == task.role
    assert "worker" == told.places[task.place].function
    stood = [
        told.places[e.place] for e in told.events if isinstance(e, AfterTaskStep) and e.task == task.task and e.place
    ]
    assert [("worker", "sleep", __file__)] * len(stood) == [(place.function, place.call, place.file) for place in stood]
    assert ["timer", "cancel"] == [e.cause for e in told.of(TaskScheduled, "worker")][1:]


def test_anyio_scopes_are_whose_block_they_open() -> None:
    """The scope of the user's `with` is the user's; the one that anyio puts round each task is anyio's."""
    told = watch(group)
    whose = {
        (told.places[e.place].function if e.place is not None else None, e.library)
        for e in told.of(ScopeEntered, "worker")
    }
    assert ("worker", False) in whose
    assert [False] == [e.library for e in told.of(ScopeEntered, "group")]
