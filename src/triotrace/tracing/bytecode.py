"""What the bytecode of a function says of it: at which line it can return, and which of its arguments it calls.

A coroutine that has returned has no frame any more. But where it stood last is known, and from there its bytecode has
few ways to an end: branches, loops, and the handlers of exceptions. Where all of them return at one line, it is known.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from inspect import CO_COROUTINE, CO_ITERABLE_COROUTINE
from types import CodeType
from typing import Any, Final

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
    instructions = list(dis.get_instructions(code))
    at = {instruction.offset: index for index, instruction in enumerate(instructions)}
    handlers = _handlers(code)
    if handlers is None or (lasti >= 0 and lasti not in at):
        return None
    found: set[int | None] = set()
    seen: set[int] = set()
    waiting = [at[lasti] if lasti >= 0 else 0]
    while waiting and len(found) < 2:
        index = waiting.pop()
        if index in seen or index >= len(instructions):
            continue
        seen.add(index)
        instruction = instructions[index]
        name = instruction.opname
        if name in _RETURNS:
            positions = instruction.positions
            found.add(None if positions is None else positions.lineno)
            continue
        if instruction.opcode in _JUMPS and instruction.argval in at:
            waiting.append(at[instruction.argval])
        if name not in _HARMLESS and name not in _LEAPS:
            # Of nested ranges the table has the innermost handler for each instruction
            waiting += [at[to] for start, end, to in handlers if start <= instruction.offset < end and to in at]
        if name not in _RAISES and name not in _LEAPS:
            waiting.append(index + 1)
    return found.pop() if len(found) == 1 else None


_JUMPS: Final = frozenset([*dis.hasjrel, *dis.hasjabs])


def _handlers(code: CodeType) -> list[tuple[int, int, int]] | None:
    """Return (from, to, handler) of each protected range; None where this Python does not tell."""
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
