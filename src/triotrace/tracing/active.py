"""Who is traced now: the run of each thread, and this process's log. For what is no hook: prints, marks, scopes."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident

from triotrace.events import LIMIT_NAME, Event, Mark, TaskId
from triotrace.log import clip
from triotrace.tracing.recorder import Recorder
from triotrace.tracing.signals import raised_by_handler
from triotrace.tracing.state import State

__all__ = ["enter", "guarded", "leave", "mark", "say", "states"]

_NONE: tuple[State, ...] = ()
_runs: dict[int, tuple[State, ...]] = {}


def enter(state: State) -> None:
    """A run begins in this thread. Two tracers may watch it."""
    _runs[get_ident()] = (*_runs.get(get_ident(), _NONE), state)


def leave(state: State) -> None:
    """A run ended in this thread."""
    left = tuple(other for other in _runs.get(get_ident(), _NONE) if other is not state)
    if left:
        _runs[get_ident()] = left
    else:
        _runs.pop(get_ident(), None)


def states() -> tuple[State, ...]:
    """Return what is known of the run in this thread: one State a tracer."""
    return _runs.get(get_ident(), _NONE)


def guarded(tell: Callable[..., None], *args: object) -> None:
    """Tell something from within a call of the program's: what fails is counted, and not raised."""
    try:
        tell(*args)
    except Exception as error:
        if raised_by_handler(error):
            raise
        for state in states():
            state.recorder.failed(error)


class _Log:
    """The log of this process, where it has one: what happens outside all runs goes there too."""

    recorder: Recorder | None = None


log = _Log()


def say(make: Callable[[int, TaskId | None], Event]) -> None:
    """Tell each tracer of this thread's run an event that `make` makes of `t` and the running task; else the log."""
    told = False
    for state in states():
        if state.recorder.closed:
            continue
        running = state.running
        state.append(make(state.now() - state.origin, None if running is None else running.id))
        told = told or state.recorder is log.recorder
    if not told and log.recorder is not None:
        log.recorder.add(lambda t: make(t, None))


def mark(text: str) -> None:
    """Put a mark into the trace, where the program stands."""
    shown = clip(str(text), LIMIT_NAME)
    say(lambda t, task: Mark(t, shown, task))
