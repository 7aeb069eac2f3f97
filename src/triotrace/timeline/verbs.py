"""What stands at a place, as the source says it: `await client.get(url)` is `client.get`, in short `get`."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from triotrace.clean import clean
from triotrace.events import Place

__all__ = ["Verb", "Verbs"]

_LIMIT = 200
# The last call of an awaited expression: `await a.b(c).d(e)` -> a.b, d
_AWAITED = re.compile(r"\bawait\s+([\w.]+)")
_CALLED = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
_ENTERED = re.compile(r"\bwith\s+(?:trio\.)?([\w.]+)\s*(\([^()\n]*\))?")
_SCOPES = frozenset(["CancelScope", "move_on_after", "move_on_at", "fail_after", "fail_at"])
_METHODS = {"__aexit__": "exit", "__aenter__": "enter", "__anext__": "next"}


@dataclass(frozen=True, slots=True)
class Verb:
    """A wait in words: `short` fits a block, `full` a lane, `call` is trio's own name for it."""

    short: str
    full: str
    call: str


NOTHING = Verb("", "", "")


class Verbs:
    """All places and sources of a log, and the words for them."""

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}
        self.sources: dict[str, list[str]] = {}
        self._verbs: dict[int, Verb] = {}

    def add_source(self, file: str, text: str) -> None:
        """Take the text of a source file."""
        self.sources[file] = text.split("\n")
        self._verbs.clear()

    def add_place(self, place: Place) -> None:
        """Take a point in the code."""
        self.places[place.place] = place
        self._verbs.pop(place.place, None)

    def function(self, place: int | None) -> str:
        """Give the qualified name of the function at a place, or nothing."""
        known = self.places.get(place) if place is not None else None
        return known.function if known else ""

    def same_await(self, one: int, other: int) -> bool:
        """Tell whether two places are the same expression of the source; what trio does there may differ."""
        if one == other:
            return one in self.places
        first, second = self.places.get(one), self.places.get(other)
        if first is None or second is None:
            return False
        return (first.file, first.line, first.column, first.function) == (
            second.file,
            second.line,
            second.column,
            second.function,
        )

    def line(self, file: str, number: int) -> str:
        """Give a source line (1 is the first), harmless to show; empty where the log has none."""
        lines = self.sources.get(file, [])
        return _shown(lines[number - 1]) if 0 < number <= len(lines) else ""

    def marked(self, place: Place) -> tuple[str, str, str]:
        """Give the line at a place in three parts: before the expression, the expression, after it."""
        lines = self.sources.get(place.file, [])
        if not 0 < place.line <= len(lines):
            return "", "", ""
        raw = lines[place.line - 1].encode("utf-8", "backslashreplace")
        start = place.column or 0
        one_line = place.end_line in (None, place.line)
        end = place.end_column if one_line and place.end_column is not None else len(raw)
        before, span, after = (part.decode(errors="ignore") for part in (raw[:start], raw[start:end], raw[end:]))
        return _shown(before), _shown(span), _shown(after)

    def verb(self, place: int) -> Verb:
        """Give the words for a place; empty ones where nothing is known."""
        verb = self._verbs.get(place)
        if verb is None:
            verb = self._verbs[place] = self._make(place)
        return verb

    def _make(self, place: int) -> Verb:
        known = self.places.get(place)
        if known is None:
            return NOTHING
        call = clean(known.call or "", _LIMIT)
        last = call.rpartition(".")[2]
        if call in _SCOPES:
            header = self._span(known).partition("\n")[0] if call == "CancelScope" else self._span(known)
            entered = (_ENTERED if call == "CancelScope" else re.compile(rf"\b({call})\s*(\([^()\n]*\))")).search(
                header
            )
            if entered is None:
                return Verb(call, call, call)
            return Verb(entered[1], clean(f"{entered[1]}{entered[2] or ''}", _LIMIT), call)
        if last == "aclose" and not self._span(known).startswith("await"):
            return Verb("close", "close", call)
        if call.startswith("nursery") or last in ("open_nursery", "Nursery"):
            return Verb("nursery", "nursery", call)
        span = self._span(known)
        full = _called(span, known)
        if not full:
            awaited = _AWAITED.search(span) or (None if "async " in span[:6] else _CALLED.match(span))
            full = awaited[1] if awaited else ""
        if full:
            if full == "trio" or full.startswith("trio."):
                full = full[5:] or last
            return Verb(full.rpartition(".")[2], full, call)
        last = _METHODS.get(last, last)
        return Verb(last, last, call) if last else NOTHING

    def _span(self, place: Place) -> str:
        lines = self.sources.get(place.file, [])
        if not 0 < place.line <= len(lines):
            return ""
        text = lines[place.line - 1]
        if place.column is not None:
            # Columns count bytes of UTF-8; an awaited expression begins at its `await`
            text = text.encode("utf-8", "backslashreplace")[place.column :].decode(errors="ignore")
        end = place.end_line or place.line
        if end > place.line:
            text = "\n".join([text, *lines[place.line : min(end, place.line + 20)]])
        return text


def _called(span: str, place: Place) -> str:
    """Give what an awaited expression calls at last: `await trio.Path(name).read_text()` is `trio.Path().read_text`."""
    if place.end_column is None or not span.startswith("await"):
        return ""
    *lines, last = span.split("\n")
    start = 0 if lines else place.column or 0
    cut = last.encode("utf-8", "backslashreplace")[: place.end_column - start].decode(errors="ignore")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about strings in the user's source
            waits = ast.parse("\n".join(["(", *lines, cut, ")"]), mode="eval").body
        while isinstance(waits, ast.Await):
            waits = waits.value
        return clean(_without_arguments(waits.func), _LIMIT) if isinstance(waits, ast.Call) else ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # cut, torn, or no Python at all
        return ""


def _without_arguments(node: ast.expr) -> str:
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{_without_arguments(node.value)}.{node.attr}"
        case ast.Call():
            return f"{_without_arguments(node.func)}()"
        case ast.Subscript():
            return f"{_without_arguments(node.value)}[]"
        case ast.Await():
            return _without_arguments(node.value)
    return "…"


def _shown(line: str) -> str:
    return clean(line.expandtabs(4))
