"""Where a task ended: the user's own line that raised, at which it was cancelled, or that returned."""

from __future__ import annotations

import trio
from outcome import Error as ErrorOutcome

from triotrace.events import PlaceId, Result
from triotrace.tracing.outcomes import is_group, leaves_of
from triotrace.tracing.record import Record
from triotrace.tracing.state import State
from triotrace.tracing.whose import USER

__all__ = ["raised_at", "returned_at"]


def returned_at(state: State, record: Record) -> PlaceId | None:
    """Return the line at which a task returned; None if that is not known, or is no line of the user's."""
    places, point, fact = state.places, record.point, record.fact
    if record.outer is not None:
        code, lasti = record.outer
        return places.returned(places.fact(code), lasti)
    if point is not None and point.own is not None:
        return places.returned(places.fact(point.own), point.lasti)
    if record.inner is not None:
        return places.returned(record.inner, -1)
    # A coroutine of the user's own that gave way has a point of its own
    return places.returned(fact, -1) if fact is not None and fact.rank == USER and point is None else None


def raised_at(state: State, record: Record, outcome: object, result: Result) -> PlaceId | None:
    """Return the innermost line of the user's own in what a task raised; of a cancelled one, the await it stood at.

    A group stands for its leaves: the line is that of the first one that has any.
    """
    if type(outcome) is not ErrorOutcome:
        return None
    places, error = state.places, outcome.error
    if result == "raised" and is_group(error):
        for leaf in leaves_of(error):
            place = None if type(leaf) is trio.Cancelled else places.raised(leaf)
            if place is not None:
                return place
    place = places.raised(error)
    if place is None and result == "cancelled" and record.outer is not None:
        # A package that cleans up was cancelled once more: of the user's await nothing is left in what came of it
        code, lasti = record.outer
        return places.at(places.fact(code), lasti, None)
    return place
