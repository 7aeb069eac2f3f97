"""What a task does at a place, in words: as the source says it, and as trio calls it.

`await client.get(url)` is `client.get`, in short `get`. Of a block or a loop the source names the thing and trio the
deed: `async with lock:` is `lock.acquire`, `async for x in channel:` is `channel.receive`. If a package does that on
the user's behalf, what is called so may have no such method, and the thing alone is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from triotrace.clean import clean
from triotrace.events import Place
from triotrace.timeline.expressions import Expression, Item, Kind, read

__all__ = ["Verb", "Verbs"]

_LIMIT = 200
_SCOPES = frozenset(["CancelScope", "move_on_after", "move_on_at", "fail_after", "fail_at"])
_NURSERIES = frozenset(["open_nursery", "Nursery", "nursery"])
_LIMITER = "CapacityLimiter.acquire"
_SIGNALS = "open_signal_receiver"
_METHODS = {"__aexit__": "exit", "__aenter__": "enter", "__anext__": "next"}
_LEAVING = frozenset(["aclose", "close", "release"])
_DEEDS = {
    Kind.MANAGED: _LEAVING | {"acquire"},
    Kind.ITERATED: frozenset(["receive", "receive_some", "get_batch"]),
}
"""What trio does to the very thing that is named in the header of a block or a loop."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A wait in words: `short` is one of them, `full` for a lane or a sentence, `call` is trio's own name for it."""

    short: str
    full: str
    call: str
    nursery: bool = False
    """Whether it waits for its children."""
    thing: bool = False
    """Whether `full` names what a block or a loop is about, and nothing that is called."""


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
        deed = call.rpartition(".")[2]
        # A token is wanted by what is awaited in the header of a block: `async with await open_file()`
        deeds = _DEEDS[Kind.MANAGED] if call != _LIMITER and not known.library else ()
        managed = deed in _SCOPES or deed in _NURSERIES or deed in deeds
        found = read(self.sources.get(known.file, []), known, managed=managed)
        if call in _SCOPES:
            return _scope(found, call)
        if deed in _NURSERIES and not (known.library and found is not None and found.kind is Kind.AWAITED):
            return Verb("nursery", "nursery", call, nursery=True)
        full = _full(found, deed, library=known.library) if found is not None else ""
        if call == _LIMITER and found is not None and found.kind is Kind.AWAITED and "acquire" not in full:
            return Verb("limiter", f"{full} (limiter)".lstrip(), call)
        if found is not None and call == _SIGNALS:
            return Verb("signal", full or "signal", call)
        deed = _METHODS.get(deed, deed)
        if not full:
            return Verb("close" if deed == "aclose" else deed, deed, call) if deed else NOTHING
        last = full.rpartition(".")[2].strip("()[]") or deed
        if found is not None and len(found.items) > 1 and deed:
            last = deed  # the deed is known, the thing is one of several
        thing = found is not None and not _does(found, deed, library=known.library)
        return Verb("close" if last == "aclose" else last, full, call, thing=thing)


def _scope(found: Expression | None, call: str) -> Verb:
    """Name a cancel scope as its header does: `move_on_after(2)`."""
    items = found.items if found is not None else ()
    likely = [item for item in items if item.name.rpartition(".")[2] in (_SCOPES if call == "CancelScope" else [call])]
    if not likely and len(items) == 1 and items[0].name and call == "CancelScope":
        likely = [items[0]]
    if not likely:
        return Verb(call, call, call)
    name = likely[0].name.rpartition(".")[2] if likely[0].call else likely[0].name
    return Verb(name, f"{name}{likely[0].arguments}", call)


def _full(found: Expression, deed: str, *, library: bool) -> str:
    """Say what is done with what: nothing where the source has no name for it."""
    if found.kind in (Kind.AWAITED, Kind.CALLED):
        name = found.items[0].name
        return "" if name == "…" else name
    does = _does(found, deed, library=library)
    things = [_thing(item, deed, does=does) for item in found.items]
    if not all(things):
        return ""
    if does and len(things) == 1:
        return things[0] if things[0].rpartition(".")[2] == deed else f"{things[0]}.{deed}"
    return ", ".join(things)


def _does(found: Expression, deed: str, *, library: bool) -> bool:
    """Tell whether what is done is a method of the thing in the source, or stands there itself."""
    if found.kind in (Kind.AWAITED, Kind.CALLED):
        return True
    return deed in _DEEDS[found.kind] and (not library or deed == "aclose")


def _thing(item: Item, deed: str, *, does: bool) -> str:
    if deed in _LEAVING and item.alias:
        return item.alias
    return f"{item.name}()" if item.call and item.name and does else item.name


def _shown(line: str) -> str:
    return clean(line.expandtabs(4))
