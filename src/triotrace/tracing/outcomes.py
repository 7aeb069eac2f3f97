"""How a task or a run ended: an outcome, an exception, in the log's words."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FunctionType, TracebackType
from typing import Any, TypeGuard

import trio
from outcome import Error as ErrorOutcome

from triotrace.events import BIGGEST, LIMIT_LEAVES, LIMIT_NAME, Error, Leaf, Result
from triotrace.log import clip

__all__ = ["describe", "exits", "interrupts", "is_group", "judge", "leaves_of"]

_MOST_LOOKED_AT = 1000

# Not a subclass's own property: nothing of the program's is called. `isinstance`, too, asks the object for its class
_TRACEBACK: Callable[[object], Any] = BaseException.__dict__["__traceback__"].__get__
_TRIOS = trio.__file__.removesuffix("__init__.py")
_CODE: Callable[[SystemExit], object] = SystemExit.__dict__["code"].__get__
_NAME: Callable[[type], str] = type.__dict__["__qualname__"].__get__


def judge(outcome: object) -> tuple[Result, Error | None]:
    """Return how it ended, and with which error."""
    if type(outcome) is not ErrorOutcome:
        return "returned", None
    return ("cancelled" if _cancelled(outcome.error) else "raised"), describe(outcome.error)


def describe(error: BaseException) -> Error:
    """Put an exception into the log's words; a group with its leaves."""
    leaves = None
    if is_group(error):
        leaves = [Leaf(_type(leaf), _text(leaf)) for leaf in leaves_of(error)]
    return Error(_type(error), _text(error), leaves, _status(error))


def _status(error: BaseException) -> int | None:
    """Return the status with which a SystemExit ends the program, as Python's `handle_system_exit` has it."""
    if not issubclass(type(error), SystemExit):
        return None
    code = _CODE(error)  # type: ignore[arg-type]  # it is one
    if code is None:
        return 0
    if not issubclass(type(code), int):
        return 1  # anything else is a message
    return max(-BIGGEST, min(BIGGEST, int.__index__(code)))  # type: ignore[arg-type]  # `isinstance` asks the object


def interrupts(error: object) -> bool:
    """Tell whether an exception is, or holds, the KeyboardInterrupt of a Ctrl+C. Nothing of the program's is called."""
    return _holds(error, KeyboardInterrupt, _of_a_signal)


def _of_a_signal(interrupt: object) -> bool:
    """Tell whether trio raised a KeyboardInterrupt, or the program's own handler of the signal, and nothing else."""
    trace: TracebackType | None = _TRACEBACK(interrupt)
    if trace is None:
        return True
    handler = signal.getsignal(signal.SIGINT)
    own = handler.__code__ if type(handler) is FunctionType else None
    code = None
    while trace is not None and (code is None or code is not own):
        code, trace = trace.tb_frame.f_code, trace.tb_next
    return code is not None and (code is own or code.co_filename.startswith(_TRIOS))


def exits(error: object) -> bool:
    """Tell whether an exception is, or holds, a SystemExit. Nothing of the program's is called."""
    return _holds(error, SystemExit, lambda _: True)


def _holds(error: object, wanted: type[BaseException], counts: Callable[[object], bool]) -> bool:
    queue = [error]
    for _ in range(_MOST_LOOKED_AT):
        if not queue:
            break
        kind = type(found := queue.pop())
        if issubclass(kind, wanted) and counts(found):
            return True
        if is_group(found):
            queue.extend(_members(found))
    return False


def is_group(error: object) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    """Tell whether an exception is a group. Nothing of the program's is called."""
    return issubclass(type(error), BaseExceptionGroup)


def leaves_of(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """Flatten a group, as many as a log may hold; without recursion, for groups nest as deep as anyone likes."""
    found: list[BaseException] = []
    queue: list[BaseException] = [group]
    while queue and len(found) < LIMIT_LEAVES:
        error = queue.pop()
        if is_group(error):
            queue.extend(reversed(_members(error)))
        else:
            found.append(error)
    return found


def _members(group: object) -> tuple[BaseException, ...]:
    members: tuple[BaseException, ...] = BaseExceptionGroup.exceptions.__get__(group)
    return members  # a class of the program's may have a property of that name


def _cancelled(error: BaseException) -> bool:
    if is_group(error):
        return all(type(leaf) is trio.Cancelled for leaf in leaves_of(error))
    return type(error) is trio.Cancelled


def _type(error: BaseException) -> str:
    return clip(_NAME(type(error)), LIMIT_NAME)


def _text(error: BaseException) -> str:
    try:
        return clip(str(error), LIMIT_NAME)
    except Exception as broken:
        # The user's own `__str__` raised: say so, as a traceback would.
        return f"<str() of it raised {_NAME(type(broken))[: LIMIT_NAME // 2]}>"
