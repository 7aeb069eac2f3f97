"""Whose guest a trio run is: the other loop that drives it, by names alone. Nothing of the program's is called."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import PurePath
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType
from typing import Any, Final

from triotrace.events import LIMIT_NAME
from triotrace.log import clip
from triotrace.tracing.privates import local

__all__ = ["host_of"]

_FRAMES: Final = 12
"""How far out trio's own function stands that begins a guest run, or goes on with it."""


def host_of(runner: object, frame: FrameType | None) -> str | None:
    """Name the host of a run that begins; None if it is nobody's guest, or nobody knows; `frame` is that of a hook."""
    if not getattr(runner, "is_guest", False):
        return None
    if _is_asyncio():
        return "asyncio"
    name = _package(_wakes_host(frame))
    return clip(name, LIMIT_NAME) if name else None


def _is_asyncio() -> bool:
    """Tell whether an asyncio loop runs in this thread."""
    running: Any = getattr(sys.modules.get("asyncio.events"), "_get_running_loop", None)
    return running is not None and running() is not None


def _wakes_host(frame: FrameType | None) -> object:
    """Return the function with which trio asks its host to run something."""
    for _ in range(_FRAMES):
        if frame is None:
            break
        if frame.f_globals.get("__name__") == "trio._core._run":
            if frame.f_code.co_name == "start_guest_run":
                return local(frame, "run_sync_soon_threadsafe")
            if frame.f_code.co_name == "guest_tick":
                return getattr(local(frame, "self"), "run_sync_soon_threadsafe", None)
        frame = frame.f_back
    return None


def _package(function: object) -> str | None:
    while type(function) is partial:
        function = function.func
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType:
        names = function.__globals__
        module = names.get("__name__")
        if module == "__main__":  # the program's own function: its file says more
            module = PurePath(str(names.get("__file__", ""))).stem
    else:
        # A method of what is written in C, as a signal of Qt's is: its object's class says where it comes from
        kind = type(function.__self__) if type(function) is BuiltinFunctionType else type(function)
        module = type.__dict__["__module__"].__get__(kind)
    return module.partition(".")[0] if type(module) is str and module != "builtins" else None
