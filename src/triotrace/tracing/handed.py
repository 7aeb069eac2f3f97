"""Which function of the user's own a package's function was handed: as an argument, in a closure, in a job of its own.

Nothing of the program's is called for it, and nothing is kept alive: no properties, no `f_locals`. At its birth a
coroutine refers to its arguments and its closure in the order of its code; attributes are taken from where Python
keeps them.

What a task runs can be awaited. A plain function that a package has at hand may be a sort key, or what it calls at the
end: it counts only where a thread is to run it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_VARARGS, CO_VARKEYWORDS
from types import (
    CellType,
    CodeType,
    CoroutineType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
)
from typing import Any, Final, Protocol

from triotrace.tracing.bytecode import calls
from triotrace.tracing.calls import Fact
from triotrace.tracing.whose import LIBRARY, TRIO, USER

__all__ = ["Find", "held_in", "named_after", "was_handed"]

Find = Callable[[CodeType], Fact]
"""Tells what a code object means."""

_JOBS: Final = ("_func", "func", "_fn", "fn", "afn", "_coro", "coro")
"""How its function or coroutine hangs on an object that is a job: anyio's, pytest-trio's, trio's own."""
_WRAPPED: Final = ("app", "_app", "handler", "_handler", "wrapped", "_wrapped", "__wrapped__", *_JOBS)
"""How what it wraps hangs on something that can be called: an ASGI wrapper, a middleware, a decorator."""
_APPLICATION: Final = ("app", "_app")
_STARTS: Final = frozenset({"start_soon", "start", "create_task", "spawn"})
_RUN_IT: Final = frozenset({"_run_handler", "to_thread_run_sync", "run_system"})
"""trio's own functions that run what they are handed; others only hand it on."""
_AWAITED: Final = CO_COROUTINE | CO_ITERABLE_COROUTINE | CO_ASYNC_GENERATOR
_DEEPEST: Final = 4
_MOST_GIVEN: Final = 32
"""Of a tuple, as `*args` is one: it may be as long as anyone likes."""


class _Own(Protocol):
    """Tells what code of the user's own means that a task may be made of; None of any other."""

    def __call__(self, code: CodeType, *, plain: bool = ...) -> Fact | None:
        """`plain`: it need not be a coroutine."""


_mro: Final = type.__dict__["__mro__"].__get__
_members: Final = type.__dict__["__dict__"].__get__
_flags: Final = type.__dict__["__flags__"].__get__


def was_handed(find: Find, coro: Any, fact: Fact) -> tuple[Fact, bool] | None:
    """Return the user's function that a coroutine just born was handed, and whether its own code calls that.

    A function that starts tasks hands it on, as a rule: it counts only if it also calls it itself.
    """
    code = fact.code
    if fact.rank == TRIO and code.co_name not in _RUN_IT:
        return None
    own = partial(_own, find, plain=fact.rank == TRIO)
    hands_on = not _STARTS.isdisjoint(code.co_names)
    for name, value in _arguments(coro, code):
        if name == "self":
            found = _first(own, (_attribute(value, job) for job in _JOBS), 1)
            if found is not None:
                return found, True
            continue
        found = _first(own, value[:_MOST_GIVEN] if type(value) is tuple else (value,), 0)
        if found is not None:
            called = calls(code, name)
            if called or not hands_on:
                return found, called
    return None


def held_in(find: Find, coro: Any, fact: Fact, *, plain: bool) -> Fact | None:
    """Return a function of the user's own that a package's coroutine, under way, has in its hands.

    `plain`: it waits for a thread, which may run one that cannot be awaited.
    """
    if fact.rank != LIBRARY or not _STARTS.isdisjoint(fact.code.co_names):
        return None
    own = partial(_own, find, plain=plain)
    for value in gc.get_referents(coro):
        held = _content(value) if type(value) is CellType else value
        if type(held) in _PLAIN:
            found = _function(own, held, _DEEPEST)
            if found is not None:
                return found
    return None


def named_after(code: CodeType) -> str:
    """Name a task after the user's function: a class that can be called is called by its own name."""
    return code.co_qualname.removesuffix(".__call__")


def _arguments(coro: Any, code: CodeType) -> Iterator[tuple[str, object]]:
    """Give the arguments and the closure of a coroutine that has not run yet."""
    names = _names(code)
    if names:
        inside = {*code.co_cellvars, *code.co_freevars}
        for name, value in zip(names, gc.get_referents(coro)[-len(names) :], strict=False):
            yield name, _content(value) if name in inside and type(value) is CellType else value


@lru_cache(maxsize=1024)
def _names(code: CodeType) -> tuple[str, ...]:
    flags = code.co_flags
    count = code.co_argcount + code.co_kwonlyargcount + bool(flags & CO_VARARGS) + bool(flags & CO_VARKEYWORDS)
    arguments = code.co_varnames[:count]
    return (*arguments, *(name for name in code.co_cellvars if name not in arguments), *code.co_freevars)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty yet
        return None


def _first(own: _Own, values: Any, depth: int) -> Fact | None:
    for value in values:
        found = _function(own, value, depth)
        if found is not None:
            return found
    return None


def _function(own: _Own, value: object, depth: int) -> Fact | None:
    """Return the user's own function that is, or is wrapped by, a value that can be called or awaited."""
    kind = type(value)
    if value is None or depth > _DEEPEST:
        return None
    if kind is MethodType:
        value = value.__func__  # type: ignore[attr-defined]  # its type says that it has one
        kind = type(value)
    if kind is CoroutineType:
        return own(value.cr_code)  # type: ignore[attr-defined]
    if kind is FunctionType:
        assert isinstance(value, FunctionType)
        wrapped = value.__dict__.get("__wrapped__") if depth < _DEEPEST else None
        return own(value.__code__) or _function(own, wrapped, depth + 1)
    if kind is partial:
        return _function(own, value.func, depth)  # type: ignore[attr-defined]
    if _flags(kind) & _IMMUTABLE:
        return None  # Python's own types, and those of extensions
    call = _member(kind, "__call__")
    if type(call) is not FunctionType:
        return None
    found = own(call.__code__) or _first(own, (_attribute(value, name) for name in _WRAPPED), depth + 1)
    # A WSGI application is no coroutine: what wraps one runs it in a thread
    return found or _first(partial(own, plain=True), (_attribute(value, name) for name in _APPLICATION), depth + 1)


_PLAIN: Final = frozenset({FunctionType, MethodType, CoroutineType, partial})
_IMMUTABLE: Final = 1 << 8
"""CPython's Py_TPFLAGS_IMMUTABLETYPE."""


def _own(find: Find, code: CodeType, *, plain: bool) -> Fact | None:
    fact = find(code)
    return fact if fact.rank == USER and (plain or code.co_flags & _AWAITED) else None


def _member(kind: type, name: str) -> object:
    for base in _mro(kind):
        members = _members(base)
        if name in members:
            found: object = members[name]
            return found
    return None


def _attribute(value: object, name: str) -> object:
    """Return what hangs on an object under a name; None unless Python keeps it in the object itself."""
    kind = type(value)
    if _flags(kind) & _IMMUTABLE:
        return None
    slot = _member(kind, name)
    if type(slot) is MemberDescriptorType:
        try:
            found: object = slot.__get__(value)
        except AttributeError:  # nothing is there yet
            return None
        return found
    place = _member(kind, "__dict__")
    if type(place) is not GetSetDescriptorType:
        return None
    own = place.__get__(value)
    return dict.get(own, name) if isinstance(own, dict) else None
