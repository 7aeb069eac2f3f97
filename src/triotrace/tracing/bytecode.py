"""What the bytecode of a function says of it: at which line it can return, and which of its arguments it calls.

A coroutine that has returned has no frame any more. But where it stood last is known, and from there its bytecode has
few ways to an end: branches, loops, and the handlers of exceptions. Where all of them return at one line, it is known.
"""

from __future__ import annotations

import dis
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache
from inspect import CO_COROUTINE, CO_ITERABLE_COROUTINE
from operator import itemgetter
from types import CodeType
from typing import Any, Final, NamedTuple

__all__ = ["calls", "return_line"]

_MOST: Final = 20_000
"""Bytes of a function that are read through: a longer one was generated."""
_RETURNS: Final = frozenset({"RETURN_VALUE", "RETURN_CONST"})
_RAISES: Final = frozenset({"RAISE_VARARGS", "RERAISE"})
_LEAPS: Final = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_NO_INTERRUPT", "JUMP"})
_HARMLESS: Final = frozenset(
    {"NOP", "RESUME", "CACHE", "PUSH_NULL", "POP_TOP", "COPY", "SWAP", "LOAD_CONST", "LOAD_FAST", "STORE_FAST"}
)
"""They raise nothing, so that no handler follows them; as little as returns and leaps do."""
_MARK: Final = 1 if sys.version_info >= (3, 13) else -1
"""Where the mark of a plain call stands, seen from what is called."""


def return_line(code: CodeType, lasti: int) -> int | None:
    """Return the one line at which a coroutine returns that stood at an instruction last; -1: that never gave way.

    None where there are several such lines, or none.
    """
    if not code.co_flags & (CO_COROUTINE | CO_ITERABLE_COROUTINE) or len(code.co_code) > _MOST:
        return None
    ways = _ways(code)
    if ways is None or (lasti >= 0 and lasti not in ways.at):
        return None
    found: set[int | None] = set()
    seen: set[int] = set()
    waiting = [ways.at[lasti] if lasti >= 0 else 0]
    while waiting and len(found) < 2:
        index = waiting.pop()
        if index not in seen:
            seen.add(index)
            if index in ways.returns:
                found.add(ways.returns[index])
            waiting += ways.following[index]
    return found.pop() if len(found) == 1 else None


class _Ways(NamedTuple):
    """Where each instruction of a function may lead, by their number."""

    at: dict[int, int]
    """By offset: the number."""
    following: list[list[int]]
    returns: dict[int, int | None]
    """The line of each return."""


@lru_cache(maxsize=64)
def _ways(code: CodeType) -> _Ways | None:
    """Read a function; None where this Python does not tell its handlers."""
    handlers = _handlers(code)
    if handlers is None:
        return None
    instructions = list(dis.get_instructions(code))
    at = {instruction.offset: index for index, instruction in enumerate(instructions)}
    following, returns = [], {}
    for index, instruction in enumerate(instructions):
        name, ways = instruction.opname, []
        if name in _RETURNS:
            positions = instruction.positions
            returns[index] = None if positions is None else positions.lineno
        else:
            if instruction.opcode in _JUMPS and instruction.argval in at:
                ways.append(at[instruction.argval])
            if name not in _HARMLESS and name not in _LEAPS:
                # Ranges do not overlap: of nested ones the table has the innermost handler for each instruction
                last = bisect_right(handlers, instruction.offset, key=itemgetter(0)) - 1
                if last >= 0 and instruction.offset < handlers[last][1] and handlers[last][2] in at:
                    ways.append(at[handlers[last][2]])
            if name not in _RAISES and name not in _LEAPS and index + 1 < len(instructions):
                ways.append(index + 1)
        following.append(ways)
    return _Ways(at, following, returns)


_JUMPS: Final = frozenset([*dis.hasjrel, *dis.hasjabs])


def _handlers(code: CodeType) -> list[tuple[int, int, int]] | None:
    """Return (from, to, handler) of each protected range, in order; None where this Python does not tell."""
    parse: Callable[[CodeType], Iterable[Any]] | None = getattr(dis, "_parse_exception_table", None)
    if parse is None:
        return None
    return [(entry.start, entry.end, entry.target) for entry in parse(code)]


@lru_cache(maxsize=1024)
def calls(code: CodeType, argument: str) -> bool:
    """Tell whether a function calls one of its arguments itself, by its name."""
    instructions = list(dis.get_instructions(code)) if len(code.co_code) <= _MOST else []
    for index, instruction in enumerate(instructions):
        if instruction.argval == argument and instruction.opname.startswith("LOAD_"):
            beside = index + _MARK
            if 0 <= beside < len(instructions) and instructions[beside].opname == "PUSH_NULL":
                return True
    return False
