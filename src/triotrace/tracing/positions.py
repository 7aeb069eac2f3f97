"""Where in the source an instruction stands: line, end line, column, end column.

Of `async with a, b:` Python 3.13 tells which item is entered or left. Before that, the position is that of the whole
statement, body included; but what evaluated an item stands right before the instruction that enters it, and the table
of handlers tells which one is left.
"""

from __future__ import annotations

import dis
import opcode
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from types import CodeType
from typing import Any, Final, TypeAlias

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
_AWAITED: Final = _codes("JUMP_BACKWARD_NO_INTERRUPT", "CLEANUP_THROW", "END_SEND")
"""What ends an item that is itself awaited."""
_NOTHING: Final = _codes("NOP")
_FAILS: Final = _codes("WITH_EXCEPT_START")
"""What leaves an item by an exception; what takes up the exception comes just before it."""
_CACHE: Final = 0
_targets: Callable[[bytes], list[int]] = dis.findlabels  # type: ignore[assignment]  # it takes code as bytes
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
    if not items:
        return position
    begun = at
    while begun and instructions[begun] in _AWAITS and positions[begun - 1] == position:
        begun -= 1
    if begun in items:
        return items[begun]
    guards = _guards(code)
    if instructions[begun] in _FAILS:  # it leaves the one whose handler this is: it guards what follows the entering
        left = {item for i, item in items.items() if _guard(guards, _entered(instructions, i)) == begun - 1}
    else:  # it leaves the one that was entered under the same guard: that of the item before it
        guard = _guard(guards, begun)
        left = {item for i, item in items.items() if _guard(guards, i) == guard}
    return left.pop() if len(left) == 1 else position


def _entered(instructions: bytes, entering: int) -> int:
    """Return the first instruction that follows the entering of an item."""
    after = entering + 1
    while after < len(instructions) - 1 and instructions[after] in _AWAITS + _AWAITED + _NOTHING:
        after += 1
    return after


def _guards(code: CodeType) -> list[tuple[int, int, int]]:
    """Return (from, to, handler) of what is guarded by handlers of exceptions, counted in instructions."""
    parse: Callable[[CodeType], Iterable[Any]] | None = getattr(dis, "_parse_exception_table", None)
    return [(entry.start // 2, entry.end // 2, entry.target // 2) for entry in parse(code)] if parse is not None else []


def _guard(guards: list[tuple[int, int, int]], at: int) -> int | None:
    return next((handler for start, end, handler in guards if start <= at < end), None)


def _evaluated(code: CodeType, instructions: bytes, entered: int) -> int | None:
    """Return the last instruction of the item that is entered by an instruction; None for `a or b`, which has two."""
    before = entered - 1
    while before > 0 and instructions[before] == _CACHE:
        before -= 1
    return None if instructions[before] not in _AWAITED and 2 * entered in _targets(code.co_code) else before
