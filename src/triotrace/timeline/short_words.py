"""A verb in so many cells: what is cut stays a word, or says that it was cut."""

from __future__ import annotations

import re

from triotrace.timeline.verbs import Verb
from triotrace.timeline.widths import cut, width_of

__all__ = ["counted", "label", "word"]

_LEAST = 3
"""Cells: a shorter beginning of a name says nothing."""
_LEAST_CUT = 6
"""Cells: with less of a word than that nobody knows which it was."""
_ENDS = re.compile(r"(?<=[^\W_])(?=[_.( \[])|(?<=[a-z0-9])(?=[A-Z])")
"""Where a name may be cut: `receive|_some`, `get|Message`."""
_BY_CALL: dict[str, tuple[str, ...]] = {
    "to_thread.run_sync": ("thread",),
    "run_process": ("process",),
    "checkpoint": ("check",),
    "checkpoint_if_cancelled": ("check",),
    "cancel_shielded_checkpoint": ("yield",),
    "socket.getaddrinfo": ("lookup",),
    "sleep_forever": ("sleep",),
    "Lock.acquire": ("lock",),
}
_BY_NAME: dict[str, tuple[str, ...]] = {
    "receive": ("recv",),
    "acquire": ("take",),
    "process": ("proc",),
    "aclose": ("close",),
}
"""Shorter words for trio's own, the longest first."""


def word(verb: Verb, room: int, *, whole: bool = False) -> str:
    """Give the one word for a block of so many cells; nothing where not even a cut one says anything.

    `whole`: never a cut one.
    """
    name = verb.short.lstrip("_") or verb.short
    if width_of(name) <= room:
        return name
    shorter = _BY_CALL.get(verb.call, ()) if verb.call.rpartition(".")[2] == verb.short else ()
    for other in (*shorter, *_BY_NAME.get(name, ())):
        if len(other) <= room:
            return other
    for end in reversed([found.start() for found in _ENDS.finditer(name)]):
        for part in (name[:end], *_BY_NAME.get(name[:end], ())):
            if _LEAST <= width_of(part) <= room:
                return part
    return cut(name, room) if room >= _LEAST_CUT and not whole else ""


def counted(verb: Verb, count: int, room: int) -> str:
    """Give the word for so many steps inside one await: `get ×8`; without blank or word where there is no room."""
    times = f"×{count}"
    free = room - len(times)
    if name := word(verb, free - 1, whole=True):
        return f"{name} {times}"
    return word(verb, free, whole=True) + times


def label(verb: Verb, room: int, *, spare: int = 0) -> str:
    """Give as much of a wait as fits on so many cells of a lane: `self.client.get`, `client.get`, `get`; or nothing.

    More than one word only where so many cells are to `spare`.
    """
    full = verb.full
    while width_of(full) > room - spare:
        _, dot, full = full.partition(".")
        if not dot:
            return word(verb, room)
    return full
