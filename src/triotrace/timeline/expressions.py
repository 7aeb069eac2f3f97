"""What the source has at a place: the call that is awaited, the items of a `with`, what an `async for` goes through.

Only the expression itself is parsed, or the header of the statement, never a whole file, and never a block's body:
what stands there is no part of the wait. It is parsed by the Python that reads the log, which need not be the one that
wrote it. Whatever that cannot parse, or is too long to be parsed within a frame, is nothing.

Python gives an `await` its exact span, also in an f-string; an `async for` that of the whole loop; a comprehension that
of all of it; a `with` that of its item, or of the whole block.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from triotrace.clean import clean
from triotrace.events import Place

__all__ = ["Expression", "Item", "Kind", "read"]

_LIMIT = 200
_LONGEST = 20_000
"""Characters of what is parsed."""
_SHORT = 80
"""Bytes of a call whose arguments are told."""
_LONGEST_HEADER = 4_000
_MOST_LINES = 40
"""Lines of a header."""
_MOST_HEADERS = 4
"""Statements that are looked at, from a place upwards, for the one that it is in."""


class Kind(Enum):
    """What is done with it."""

    AWAITED = "awaited"
    CALLED = "called"
    MANAGED = "managed"
    ITERATED = "iterated"


@dataclass(frozen=True, slots=True)
class Item:
    """What is awaited, called, managed or iterated."""

    name: str
    """Without arguments: `Path().read_text`."""
    call: bool = False
    """Whether it is the result of a call of that name."""
    arguments: str = ""
    """Those of the call, if they are simple: `(2)`."""
    alias: str = ""
    """What it is bound to: `with name as alias`."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What stands at a place. Several items: it is one of them, and the place does not tell which."""

    kind: Kind
    items: tuple[Item, ...]


def read(lines: Sequence[str], place: Place, *, managed: bool) -> Expression | None:
    """Read what the source, in lines, has at a place; None where it has nothing that is understood.

    Args:
        lines: those of the file, from the first one.
        place: the point in it.
        managed: whether it is known to be entered or left, if it is an item of a `with`.
    """
    if not 0 < place.line <= len(lines):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about strings in the user's source
            node = _expression(lines, place)
            if node is None:
                return _statement(lines, place)
            if managed or not isinstance(node, ast.Await | ast.Call | ast.YieldFrom | _Comprehension):
                for item in _header_around(lines, place):
                    return Expression(Kind.MANAGED, (_item(item.context_expr, item.optional_vars),))
            return _told(node)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # torn, of another Python, or no Python at all
        return None


_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def _expression(lines: Sequence[str], place: Place) -> ast.expr | None:
    """Parse exactly what is between the columns of a place; None if that is no expression."""
    if place.column is None or place.end_column is None:
        return None
    first, last = place.line, place.end_line or place.line
    if not first <= last <= len(lines) or last - first > _LONGEST // 10:
        return None
    part = list(lines[first - 1 : last])
    part[-1] = _bytes(part[-1], 0, place.end_column)
    part[0] = _bytes(part[0], place.column, None)
    text = "\n".join(part)
    if len(text) > _LONGEST:
        return None
    try:
        return ast.parse(f"(\n{text}\n)", mode="eval").body
    except SyntaxError:
        return None


def _bytes(line: str, start: int, end: int | None) -> str:
    """Cut a line by columns, which count bytes of UTF-8."""
    return line[start:end] if line.isascii() else line.encode("utf-8", "backslashreplace")[start:end].decode("utf-8")


def _statement(lines: Sequence[str], place: Place) -> Expression | None:
    """Read a statement by its header, or the only thing that is awaited in it."""
    statement = _parsed(lines, place.line - 1)
    match statement:
        case ast.With() | ast.AsyncWith():
            items = (_item(item.context_expr, item.optional_vars) for item in statement.items)
            return Expression(Kind.MANAGED, tuple(items))
        case ast.For() | ast.AsyncFor():
            return Expression(Kind.ITERATED, (_item(_iterated(statement.iter)),))
        case None:
            return None
    awaited = [node for node in ast.walk(statement) if isinstance(node, ast.Await)]
    return _told(awaited[0]) if len(awaited) == 1 else None


def _header_around(lines: Sequence[str], place: Place) -> Iterator[ast.withitem]:
    """Find the item of a `with` that has the very span of a place."""
    looked = 0
    for first in range(place.line - 1, max(-1, place.line - 1 - _MOST_LINES), -1):
        if lines[first].lstrip().startswith(("with", "async")):
            looked += 1
            statement = _parsed(lines, first)
            if isinstance(statement, ast.With | ast.AsyncWith):
                for item in statement.items:
                    node = item.context_expr
                    if (node.lineno + first, node.col_offset) == (place.line, place.column):
                        yield item
                return
            if looked == _MOST_HEADERS:
                return


def _parsed(lines: Sequence[str], first: int) -> ast.stmt | None:
    """Parse the statement that begins in a line, and nothing of its body but what stands in the same line.

    Its first line is line 1, and its columns are those of the file.
    """
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    block = ["if 1:"] if indent else []
    lengths = accumulate(len(line) for line in lines[first : first + _MOST_LINES])
    for end, length in enumerate(lengths, first + 1):
        if length > _LONGEST_HEADER:
            return None
        header = [*block, *lines[first:end]]
        # It is whole as soon as it can be parsed, alone or with a body
        for text in (header, [*header, f"{indent} pass"]):
            try:
                body = ast.parse("\n".join(text)).body
            except SyntaxError:
                continue
            if indent:
                body = body[0].body if isinstance(body[0], ast.If) else []
                for node in body:
                    ast.increment_lineno(node, -1)
            return body[0] if body else None
    return None


def _told(node: ast.expr) -> Expression | None:
    match node:
        case ast.Await(value=ast.Call(func=ast.Name(id="anext"), args=[iterated, *_])):
            return Expression(Kind.ITERATED, (_item(iterated),))
        case ast.Await():
            return Expression(Kind.AWAITED, (_item(_inner(node)),))
        case ast.YieldFrom(value=ast.Call(func=ast.Attribute(attr="__await__") as method)):
            return Expression(Kind.AWAITED, (_item(_inner(method.value)),))
        case ast.YieldFrom():
            return Expression(Kind.AWAITED, (_item(node.value),))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            items = [_item(_iterated(loop.iter)) for loop in node.generators if loop.is_async]
            return Expression(Kind.ITERATED, tuple(items)) if items else None
        case ast.Call():
            return Expression(Kind.CALLED, (_item(node),))
    return None


def _inner(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Await | ast.NamedExpr):
        node = node.value
    return node


def _iterated(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(func=ast.Name(id="aiter"), args=[iterated]):
            return iterated
    return node


def _item(node: ast.expr, alias: ast.expr | None = None) -> Item:
    """Name an expression as the source does, without arguments: an item without a name has no word for it."""
    node, call, arguments = _inner(node), False, ""
    if isinstance(node, ast.Call):
        call, arguments = True, _simple(node)
        node = node.func
    parts: list[str] = []
    while True:
        match node:
            case ast.Attribute():
                parts.append(f".{node.attr}")
                node = node.value
            case ast.Call():
                parts.append("()")
                node = node.func
            case ast.Subscript():
                parts.append("[]")
                node = node.value
            case ast.Await():
                node = node.value
            case ast.Name():
                parts.append(node.id)
                break
            case _:
                parts.append("…" if parts else "")
                break
    name = "".join(reversed(parts)).removeprefix("trio.")
    bound = alias.id if isinstance(alias, ast.Name) else ""
    return Item(clean(name, _LIMIT), call, clean(arguments, _LIMIT), clean(bound, _LIMIT))


def _simple(call: ast.Call) -> str:
    """Give the arguments of a call as the source has them, if they fit into a label."""
    if call.end_lineno != call.lineno or (call.end_col_offset or 0) - call.col_offset > _SHORT:
        return ""
    given = [ast.unparse(argument) for argument in call.args]
    given += [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in call.keywords if keyword.arg]
    text = ", ".join(given)
    return "" if "(" in text else f"({text})"
