"""Where in the source an instruction stands: line, end line, column, end column.

Of `async with a, b:` Python 3.13 tells which item is entered or left. Before that, the position is that of the whole
statement, body included; but what evaluated the item stands right before the instruction that enters it.
"""

from __future__ import annotations

import opcode
import sys
from collections.abc import Callable
from dis import findlabels
from itertools import islice
from types import CodeType
from typing import Final, TypeAlias

__all__ = ["Span", "span_of"]

Span: TypeAlias = tuple[int, int | None, int | None, int | None]
_Position: TypeAlias = tuple[int | None, int | None, int | None, int | None]


def _codes(*names: str) -> bytes:
    return bytes(opcode.opmap[name] for name in names if name in opcode.opmap)


_WHOLE: Final = sys.version_info < (3, 13)
"""Whether the instructions of a `with` statement have the position of all of it."""
_ENTERS: Final = _codes("BEFORE_WITH", "BEFORE_ASYNC_WITH")
_AWAITS: Final = _codes("GET_AWAITABLE", "LOAD_CONST", "SEND", "CACHE", "YIELD_VALUE", "RESUME")
"""What waits for an item that is entered."""
_AWAITED: Final = _codes("JUMP_BACKWARD_NO_INTERRUPT", "END_SEND")
"""What ends an item that is itself awaited."""
_CACHE: Final = 0
_targets: Callable[[bytes], list[int]] = findlabels  # type: ignore[assignment]  # it takes code as bytes
_LONGEST: Final = 65_536
"""Instructions: in longer functions a statement's own position must do."""


def span_of(code: CodeType, lasti: int) -> Span:
    """Return the span of an instruction; the line of the `def` for -1, or where nothing else is known."""
    if lasti < 0:
        return max(0, code.co_firstlineno), None, None, None
    at = lasti // 2
    position: _Position = next(islice(code.co_positions(), at, None), (None,) * 4)
    if _WHOLE:
        position = _item(code, at, position)
    line, end_line, column, end_column = position
    if line is None or line < 0:
        return max(0, code.co_firstlineno), None, None, None
    return line, end_line, column, end_column


def _item(code: CodeType, at: int, position: _Position) -> _Position:
    """Return the position of the item that an instruction of a `with` statement enters or leaves, if that is known."""
    instructions = code.co_code[::2]
    if len(instructions) > _LONGEST or not any(enters in instructions for enters in _ENTERS):
        return position
    positions = list(code.co_positions())
    items = {}
    for i, instruction in enumerate(instructions):
        if instruction in _ENTERS and positions[i] == position:
            last = _evaluated(code, instructions, i)
            items[i] = position if last is None else positions[last]
    entered = max((i for i in items if i <= at), default=None)
    if entered is not None and all(between in _AWAITS for between in instructions[entered + 1 : at + 1]):
        return items[entered]
    # It leaves one. A statement in a `finally` is compiled more than once
    alone = set(items.values())
    return alone.pop() if len(alone) == 1 else position


def _evaluated(code: CodeType, instructions: bytes, entered: int) -> int | None:
    """Return the last instruction of the item that is entered by an instruction; None for `a or b`, which has two."""
    before = entered - 1
    while before > 0 and instructions[before] == _CACHE:
        before -= 1
    return None if instructions[before] not in _AWAITED and 2 * entered in _targets(code.co_code) else before
