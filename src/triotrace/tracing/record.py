"""What a tracer remembers of a task while it lives."""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType

import trio
from msgspec import Struct

from triotrace.events import NurseryId, Role, TaskId
from triotrace.tracing.calls import Fact, Point, Wait

__all__ = ["Record"]


class Record(Struct, eq=False, gc=False):
    """One task: its ids, where it stood last, and what the next hook must know. Mutable, owned by one tracer.

    A Struct is made in a tenth of the time of a class with slots, and tasks are born in storms.
    """

    id: TaskId
    role: Role
    nursery: trio.Nursery | None
    fact: Fact | None  # of its coroutine's code, if that has any

    point: Point | None = None  # where it stood when it last gave way
    fresh: bool = True  # spawned, and not yet scheduled for the first time
    ready: bool = False
    exited: bool = False
    leaving: bool = False  # it is to be kept out of the trace, which must see it end
    counted: Wait = ""  # the wait of `State.waiting` that it is counted under
    nurseries: Sequence[trio.Nursery] = ()  # those it has open, as far as told
    starting: tuple[trio.lowlevel.Task, NurseryId] | None = None  # a child on its way through `Nursery.start`

    outer: tuple[CodeType, int] | None = None  # where its outermost coroutine of the user's stood, if not at `point`
    inner: Fact | None = None  # of the user's function, if another's function runs that
    foreign: bool = False  # nothing of the user's is known of it so far
    named: bool = False  # somebody chose its name
    looks: int = 0  # how often it was searched for something of the user's
    looked: Point | None = None  # where it stood then
