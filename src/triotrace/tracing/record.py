"""What a tracer remembers of a task while it lives."""

from __future__ import annotations

import trio

from triotrace.events import NurseryId, Role, TaskId
from triotrace.tracing.calls import Wait
from triotrace.tracing.places import Stand

__all__ = ["Record"]


class Record(Stand):
    """One task: its ids and what the next hook must know. Mutable, owned by one tracer."""

    __slots__ = ("counted", "exited", "fresh", "id", "leaving", "nurseries", "nursery", "ready", "role", "starting")

    def __init__(self, id: TaskId, role: Role, nursery: trio.Nursery | None) -> None:  # noqa: A002  # its name in the log
        super().__init__()
        self.id = id
        self.role = role
        self.nursery = nursery
        self.fresh = True  # spawned, and not yet scheduled for the first time
        self.ready = False
        self.exited = False
        self.leaving = False  # it is to be kept out of the trace, which must see it end
        self.counted: Wait = ""  # the wait it is counted under while the loop sleeps
        self.nurseries: list[trio.Nursery] = []  # those it has open, as far as told
        self.starting: tuple[trio.lowlevel.Task, NurseryId] | None = None  # a child on its way through `Nursery.start`
