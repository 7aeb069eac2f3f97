"""Cancel scopes, and the exact moment at which a nursery opens and closes: trio has no hooks for these, so we wrap.

Rules:
- Each name that we wrap is guarded. Where trio lacks one, nurseries are found by difference, and scopes are not told.
- A wrapper calls the original first or last, changes nothing of it, and never raises anything of its own.
- A scope that trio opens for itself, as inside `sleep`, is not told; one that a package opens, or trio for a nursery of
  its own, is told as `library`. So is a shield of trio's own, as in `run_process`: it may hold a cancellation off.
"""

from __future__ import annotations

import sys
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE
from types import FrameType
from typing import Any

import trio

from triotrace.events import (
    LIMIT_NAME,
    ScopeCancelled,
    ScopeCause,
    ScopeChanged,
    ScopeEntered,
    ScopeExited,
    ScopeId,
)
from triotrace.log import clip
from triotrace.tracing import active
from triotrace.tracing.outcomes import describe, exits, interrupts
from triotrace.tracing.patches import Patches
from triotrace.tracing.privates import local, nurseries_of, trio_time
from triotrace.tracing.record import Record
from triotrace.tracing.state import State
from triotrace.tracing.whose import LIBRARY, PYTHON, USER

__all__ = ["watch_scopes"]

_DEADLINE = frozenset({"expire", "__enter__", "cancel_called"})
_NURSERY = frozenset({"_add_exc", "_child_finished", "_nested_child_finished", "task_exited"})


def watch_scopes(patches: Patches) -> None:
    """Wrap what makes scopes and nurseries known, if this trio lets us."""
    if _can_watch():
        _wrap_scopes(trio.CancelScope, patches)
        _wrap_nurseries(patches)


def _entered(status: Any, frame: FrameType) -> None:
    scope: trio.CancelScope = status._scope
    for state in active.states():
        record = state.running
        if record is None or record.role == "init" or state.recorder.closed:
            continue
        opened_by = _opener(state, frame)
        if opened_by is None:
            if not scope._shield:
                continue
            opened_by = LIBRARY
        t = state.now() - state.origin
        number = state.scopes[scope] = next(state.recorder.scopes)
        place, _ = state.places.waker(frame)
        parent = _enclosing(state, status._parent)
        shield = True if scope._shield else None
        deadline = trio_time(scope._deadline)
        library = opened_by == LIBRARY
        state.append(ScopeEntered(t, number, record.id, parent, deadline, shield, place, library))
        if scope._cancel_called:
            over = trio.current_time() >= scope._deadline
            state.append(ScopeCancelled(t, number, "deadline" if over else "call"))


def _opener(state: State, frame: FrameType | None) -> int | None:
    """Return the rank of who enters a scope; None for trio itself."""
    found = None
    while frame is not None:
        code = frame.f_code
        fact = state.places.fact(code)
        if fact.rank == USER:
            return USER
        if fact.rank == LIBRARY:
            found = LIBRARY
            # What a package enters in a coroutine of its own is its own. A function that returns leaves the scope to
            # its caller: a context manager of a package's, as anyio's, opens the user's own block.
            if code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR) and code.co_name != "__aenter__":
                return LIBRARY
        elif fact.enters == "nursery":
            found = LIBRARY  # unless the user's own code comes next, it is one that trio opens on the user's behalf
        elif fact.rank != PYTHON and not fact.enters:
            return found
        frame = frame.f_back
    return found


def _enclosing(state: State, status: Any) -> ScopeId | None:
    while status is not None:
        number = state.scopes.get(status._scope)
        if number is not None:
            return number
        status = status._parent
    return None


def _left(scope: trio.CancelScope, error: BaseException | None) -> None:
    for state in active.states():
        number = state.scopes.pop(scope, None)
        record = state.running
        if record is None or state.recorder.closed:
            continue
        t = state.now() - state.origin
        still_open = nurseries_of(trio.lowlevel.current_task())
        for nursery in record.nurseries:
            # A program that breaks trio's rules can leave the scope of a nursery that stays open.
            if nursery.cancel_scope is scope and nursery not in still_open:
                state.family.closed(nursery, record, t, None if error is None else describe(error))
                break
        if number is not None:
            state.append(ScopeExited(t, number, True if scope.cancelled_caught else None))


def _cancelled(scope: trio.CancelScope, reason: Any, frame: FrameType) -> None:
    for state in active.states():
        number = state.scopes.get(scope)
        if number is None or state.recorder.closed:
            continue
        t = state.now() - state.origin
        cause, failure = _cause(frame, state.running)
        if cause == "deadline":
            state.look(t)  # a mock clock jumped to it: that comes first
        task = place = None
        if state.running is not None and cause != "deadline":
            task = state.running.id
            if cause == "call":
                place, _ = state.places.waker(frame)
        words = getattr(reason, "reason", None)
        text = clip(words, LIMIT_NAME) if isinstance(words, str) and cause != "nursery" else None
        state.append(ScopeCancelled(t, number, cause, task, place, text, interrupts(failure), exits(failure)))


def _cause(frame: FrameType | None, running: Record | None) -> tuple[ScopeCause, object]:
    """Tell from its callers why a scope is cancelled: trio says so only since 0.31, and to itself.

    With it comes the exception that a nursery was given, if that is why.
    """
    frame = _outside(frame)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("trio._core"):
        name = frame.f_code.co_name
        if name in _DEADLINE:
            return "deadline", None
        if name in _NURSERY:
            # Ctrl+C while a task waits at a nursery's end is given to the nursery itself, and no task wakes with it
            return "nursery", local(frame, "exc") if name == "_add_exc" else None
        frame = frame.f_back
    return ("other" if running is None else "call"), None


def _changed(scope: trio.CancelScope, shield: bool | None = None) -> None:
    for state in active.states():
        number = state.scopes.get(scope)
        if number is None or state.recorder.closed:
            continue
        task = None if state.running is None else state.running.id
        deadline, shields = trio_time(scope._deadline), scope._shield if shield is None else shield
        state.append(ScopeChanged(state.now() - state.origin, number, deadline, shields, task))


def _opened(nursery: trio.Nursery) -> None:
    for state in active.states():
        record = state.running
        if record is None or state.recorder.closed:
            continue
        frame = _outside(sys._getframe(2))
        place = None if record.role == "init" else state.places.waker(frame)[0]
        scope = state.scopes.get(nursery.cancel_scope)
        state.family.opened(nursery, record, state.now() - state.origin, place=place, scope=scope)


def _outside(frame: FrameType | None) -> FrameType | None:
    """Return the first frame that is none of these wrappers: a recorded program that traces itself has them twice."""
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return frame


def _run_module() -> Any:
    return sys.modules.get("trio._core._run")


def _can_watch() -> bool:
    scope = trio.CancelScope()
    names = ("_cancel_status", "_cancel_called", "_deadline", "_shield", "_close")
    status = getattr(_run_module(), "CancelStatus", None)
    return all(hasattr(scope, name) for name in names) and hasattr(status, "__attrs_post_init__")


def _wrap_scopes(kind: Any, patches: Patches) -> None:
    protected = trio.lowlevel.enable_ki_protection
    status_kind = _run_module().CancelStatus
    post_init = status_kind.__attrs_post_init__
    close = kind._close
    name = "_cancel" if hasattr(kind, "_cancel") else "cancel"  # one for all causes before 0.31
    cancel = getattr(kind, name)

    def entered(self: Any) -> None:
        post_init(self)
        if patches.live and active.states():
            active.guarded(_entered, self, _outside(sys._getframe(1)))

    def leaving(self: trio.CancelScope, exc: BaseException | None) -> BaseException | None:
        left: BaseException | None = close(self, exc)
        if patches.live and active.states():
            active.guarded(_left, self, left)
        return left

    def cancelling(self: Any, *args: object, **kwargs: object) -> None:
        if patches.live and not self._cancel_called and active.states():
            active.guarded(_cancelled, self, args[0] if args else None, sys._getframe())
        cancel(self, *args, **kwargs)

    patches.replace(status_kind, "__attrs_post_init__", entered)
    patches.replace(kind, "_close", protected(leaving))
    patches.replace(kind, name, protected(cancelling))
    for setting in ("deadline", "relative_deadline", "shield"):
        old = getattr(kind, setting, None)
        if isinstance(old, property) and old.fset is not None:
            patches.replace(kind, setting, _telling(old, patches, first=setting == "shield"))


def _telling(old: property, patches: Patches, *, first: bool) -> property:
    """Let a setting tell that it changed; `first`: before, since what it lets through reaches tasks at once."""
    assert old.fset is not None
    original = old.fset

    def setter(self: trio.CancelScope, value: object) -> None:
        told = patches.live and first and isinstance(value, bool) and bool(active.states())
        if told:
            active.guarded(_changed, self, value)
        original(self, value)
        if patches.live and not told and active.states():
            active.guarded(_changed, self)

    return property(old.fget, setter, old.fdel, old.__doc__)


def _wrap_nurseries(patches: Patches) -> None:
    original = trio.Nursery.__init__

    def opened(self: trio.Nursery, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if patches.live and active.states():
            active.guarded(_opened, self)

    patches.replace(trio.Nursery, "__init__", opened)  # it has no other hook
