"""Serials for what tasks wait on: locks, events, channels. An `id()` returns; a serial does not."""

from __future__ import annotations

import weakref
from itertools import count

from triotrace.events import ObjectId

__all__ = ["Objects"]


class Objects:
    """Numbers objects without keeping them alive."""

    def __init__(self) -> None:
        self._serial = count()
        self._known: dict[int, tuple[ObjectId, weakref.ref[object]]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def number(self, thing: object) -> ObjectId | None:
        """Return the serial of `thing`; None if it cannot be told from a later one at the same address."""
        key = id(thing)
        known = self._known.get(key)
        if known is not None:  # it is still alive: else its entry had gone before its address could be used again
            return known[0]
        forget = self._known.pop
        try:
            reference = weakref.ref(thing, lambda _: forget(key, None))
        except TypeError:
            return None
        serial = ObjectId(next(self._serial))
        self._known[key] = serial, reference
        return serial
