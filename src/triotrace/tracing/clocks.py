"""trio's clocks beside `t`: which kind a run has, and when their relation changed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import trio

from triotrace.events import TrioTime
from triotrace.tracing.live_clock import RunClock
from triotrace.tracing.privates import trio_time

__all__ = ["ClockKind", "ClockWatch", "kind_of", "show"]

ClockKind: TypeAlias = Literal["live", "system", "mock", "other"]

_KINDS: dict[str, ClockKind] = {"SystemClock": "system", "MockClock": "mock"}

_JITTER = 1_000_000
"""Nanoseconds by which two clocks may differ before that is a change."""


def kind_of(clock: trio.abc.Clock) -> ClockKind:
    """Name the kind of a run's clock."""
    if isinstance(clock, RunClock):
        return "live"
    for base in type(clock).__mro__:  # by name: importing trio.testing, where MockClock lives, costs a program time
        if base.__module__.startswith("trio.") and base.__name__ in _KINDS:
            return _KINDS[base.__name__]
    return "other"


def show(clock: trio.abc.Clock) -> TrioTime:
    """Read a clock; one that fails or shows infinity shows 0."""
    try:
        return trio_time(clock.current_time()) or TrioTime(0)
    except Exception:
        return TrioTime(0)  # a clock of the user's that does not run yet: nothing to tie to `t`


class ClockWatch:
    """Watches a clock that need not go as `t` goes: a mock clock stands still, then jumps."""

    def __init__(self, clock: trio.abc.Clock, t: int, shown: TrioTime) -> None:
        self._clock = clock
        self._t = t
        self._shown = shown

    def look(self, t: int) -> TrioTime | None:
        """Return what the clock shows if that is not what its last reading lets expect."""
        shown = show(self._clock)
        if abs(shown - (self._shown + t - self._t)) <= _JITTER:
            return None
        self._t, self._shown = t, shown
        return shown
