"""Whose task is it, and what is it called?

A task is the user's if the user's own code started it, or its function is the user's own, or code of the user's runs
in it. The first two are seen at its birth, also through the wrappers of packages; the last one when it comes to that:
then it is promoted. It is called after the user's function or application, not after what wraps that; a name that
somebody chose stays.
"""

from __future__ import annotations

import sys
from types import CodeType, CoroutineType, FrameType
from typing import Any, Final

import trio
from msgspec import Struct

from triotrace.events import LIMIT_NAME, Role, TaskPromoted
from triotrace.log import clip
from triotrace.tracing import privates
from triotrace.tracing.calls import Fact
from triotrace.tracing.handed import held_in, named_after, was_handed
from triotrace.tracing.record import Record
from triotrace.tracing.state import State
from triotrace.tracing.whose import LIBRARY, PYTHON, TRIO, USER

__all__ = ["OBJECT", "Whose", "look_closer", "whose_task"]

OBJECT: Final = " object at 0x"
"""In the names that trio gives to functions without one."""
_STARTERS: Final = frozenset({"start_soon", "start", "create_task", "spawn", "spawn_system_task"})
"""Functions that start a task on behalf of their caller: trio's own, and those of task groups around a nursery."""
_STARTED: Final = frozenset(
    {
        "async_fn",
        "async_func",
        "afn",
        "callable",
        "coro",
        "coro_fn",
        "coroutine",
        "f",
        "fn",
        "func",
        "function",
        "target",
    }
)
"""What the argument is called that such a function starts: one without it starts something of its own."""
_MOST_LOOKS: Final = 32
"""A package's task is searched for code of the user's so often, at each new place where it stands."""

_DEEPEST: Final = 64
"""Coroutines of one await chain that are searched."""


class Whose(Struct, frozen=True, gc=False):
    """Whose a task is. `fact` is of its coroutine, `inner` of the user's function within; `name`, if it needs one."""

    role: Role
    fact: Fact | None = None
    inner: Fact | None = None
    name: str | None = None
    named: bool = False


def whose_task(
    state: State, task: trio.lowlevel.Task, called: str, parent: Record | None, frame: FrameType | None, *, main: bool
) -> Whose:
    """Work out whose a task is that was born just now; `frame` is that of what called trio's `spawn_impl`.

    `called` is its name, as a plain string.
    """
    places = state.places
    code = getattr(task.coro, "cr_code", None)
    fact = places.fact(code) if isinstance(code, CodeType) else None
    if parent is None:
        return Whose("init", fact)
    trios = parent.role == "init"
    if trios and main:
        return Whose("main", fact)
    unnamed = OBJECT in called
    if fact is not None and fact.rank == USER:
        return Whose("user", fact, name=named_after(fact.code) if unnamed else None)
    if frame is None:  # it is under way: what it was handed is not to be told from all else that it has
        return Whose("system" if trios else "library", fact, named=not (unnamed or _is_path(called)))
    by_user, directly = _started_by_user(state, parent, frame)
    # A package that hands on a name made one of the function's, as trio does; a name in words it chose
    named = not unnamed and privates.local(frame, "name") is not None and (by_user or not _is_path(called))
    handed = None if fact is None else was_handed(places.fact, task.coro, fact)
    if handed is not None and (handed[1] or not directly):
        inner, _ = handed
        # A task group that asks a callable object or a partial for its name gets but its module's
        named = named and not (called == "functools" or (inner.code.co_name == "__call__" and called in sys.modules))
        return Whose("user", fact, inner, name=None if named else named_after(inner.code), named=named)
    if by_user:
        return Whose("user", fact, name=None if named or fact is None else _public(called, fact), named=named)
    return Whose("system" if trios else "library", fact, named=named)


def _is_path(name: str) -> bool:
    return all(part.isidentifier() or part == "<locals>" for part in name.split("."))


def _public(name: str, fact: Fact) -> str | None:
    """Name a function of trio's by its public name, where its own is private; None if its own will do."""
    if fact.rank == TRIO and fact.word and any(part.startswith("_") for part in name.split(".")):
        return f"trio.{fact.word}"
    return None


def _started_by_user(state: State, parent: Record, frame: FrameType) -> tuple[bool, bool]:
    """Tell whether the user's own code started a task, and whether no package's task group stood between."""
    directly = True
    caller = frame.f_back
    while caller is not None:
        fact = state.places.fact(caller.f_code)
        if fact.rank == USER:
            return True, directly
        starts = caller.f_code.co_name in _STARTERS
        if fact.rank == LIBRARY:
            code = caller.f_code
            if not starts or _STARTED.isdisjoint(code.co_varnames[: code.co_argcount]):
                return False, False
            directly = False
        elif fact.rank != PYTHON and not starts and fact.word is not None:
            # A thread of the user's may hand `start_soon` itself to the loop
            outside = caller.f_code.co_filename.endswith("_threads.py")
            return outside and parent.role in ("main", "user"), directly
        elif fact.loop:
            return False, False
        caller = caller.f_back
    return False, False


def look_closer(state: State, task: trio.lowlevel.Task, record: Record, t: int) -> None:
    """Promote a package's task in which code of the user's turns out to run; it gave way at `t`, in ns."""
    point = record.point
    if point is None or point is record.looked or record.looks >= _MOST_LOOKS:
        return
    record.looks += 1
    record.looked = point
    find = state.places.fact
    if point.own is not None:
        own = find(record.outer[0] if record.outer is not None else point.own)
    else:
        call = point.deepest
        found = _held(state, task, plain=call is not None and (call.wait == "thread" or call.on == "limiter"))
        if found is None:
            return
        own = found
    record.role = "user"
    record.foreign = False
    record.inner = own
    name = clip(task.name if record.named else named_after(own.code), LIMIT_NAME)
    state.append(TaskPromoted(t, record.id, name, "user", state.places.begin_of(own)))


def _held(state: State, task: trio.lowlevel.Task, *, plain: bool) -> Fact | None:
    """Return the user's function that a package has in its hands somewhere on the await chain."""
    find = state.places.fact
    coro: Any = task.coro
    for _ in range(_DEEPEST):
        if type(coro) is not CoroutineType:
            break
        found = held_in(find, coro, find(coro.cr_code), plain=plain)
        if found is not None:
            return found
        coro = coro.cr_await
    return None
