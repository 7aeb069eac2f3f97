"""Signals that end programs: they must get through to one that is paused."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType, FunctionType, MethodType
from typing import Final

import trio

from triotrace.tracing.privates import is_interrupted

__all__ = ["heard", "raised_by_handler", "signal_waits", "throw_into"]

URGENT: Final = frozenset(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if name in signal.Signals.__members__
)

_BETWEEN: Final = ("triotrace.tracing.", "threading")
"""Modules whose lines stand between a task and the handler of a signal that came within a hook."""

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def heard() -> Iterator[list[int]]:
    """Collect the urgent signals that come meanwhile and that the program handles; its handlers run as ever."""
    came: list[int] = []
    ours: dict[signal.Signals, tuple[Handler, Handler]] = {}
    if threading.get_ident() == threading.main_thread().ident:  # others may not touch handlers, and hear no signals
        for number in URGENT:
            handler = signal.getsignal(number)
            if callable(handler):
                hear = _hearing(came, handler)
                signal.signal(number, hear)
                ours[number] = hear, handler
    try:
        yield came
    finally:
        for number, (hear, handler) in ours.items():
            if signal.getsignal(number) is hear:  # else the handler has put another one in its place
                signal.signal(number, handler)


def _hearing(came: list[int], handler: Handler) -> Handler:
    def hear(number: int, frame: FrameType | None) -> None:
        came.append(number)
        handler(number, frame)

    return hear


def signal_waits(runner: object, task: trio.lowlevel.Task) -> bool:
    """Tell whether a signal that ends programs has come, and waits for the loop, or for `task`, to handle it."""
    if getattr(runner, "ki_pending", False) or is_interrupted(task):
        return True
    # Python writes the number of each signal into trio's wake-up socket; trio itself writes zeros there
    wakeup = getattr(getattr(getattr(runner, "entry_queue", None), "wakeup", None), "wakeup_sock", None)
    peek = getattr(wakeup, "recv", None)
    if peek is None:
        return False
    try:
        return not URGENT.isdisjoint(peek(4096, socket.MSG_PEEK))
    except OSError:
        return False  # nothing there


def throw_into(task: trio.lowlevel.Task, error: BaseException) -> None:
    """Let a scheduled task raise `error`, which a signal handler raised, at its next step: where it stands."""
    trace = error.__traceback__
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith(_BETWEEN):
        trace = trace.tb_next  # the handler's own lines say where it came from
    with suppress(AttributeError):
        task._next_send_fn, task._next_send = task.coro.throw, error.with_traceback(trace)


def raised_by_handler(error: BaseException) -> bool:
    """Tell whether a signal's handler of the program's raised `error`, wherever that happened to be."""
    if threading.get_ident() != threading.main_thread().ident:
        return False  # handlers run in the main thread alone
    codes = {getattr(handler, "__code__", None) for handler in map(_function, _handlers())}
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in codes:
            return True
        trace = trace.tb_next
    return False


def _handlers() -> list[object]:
    return [signal.getsignal(number) for number in signal.valid_signals()]


def _function(handler: object) -> object:
    while isinstance(handler, partial):
        handler = handler.func
    if not isinstance(handler, FunctionType | MethodType):
        handler = getattr(handler, "__call__", handler)  # noqa: B004  # it may be an object with a method of that name
    return getattr(handler, "__func__", handler)
