"""The program's own time: it stands still while the program is held, and can be moved to the next deadline.

There is one a process. `t` is read from it, and each run that brings no clock of its own gets a `RunClock`, a view
of it; so the log and trio's deadlines agree, and a pause costs no time-out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from time import perf_counter_ns

import trio

__all__ = ["LiveClock", "RunClock"]

_NEVER = 86_400.0
"""Seconds that trio sleeps at most; while time stands still no deadline comes nearer."""


class LiveClock:
    """Nanoseconds on the scale of `real`, less all the time it was frozen, plus all that was skipped.

    Anyone may read it; the gate alone changes it, under its lock.
    """

    def __init__(self, real: Callable[[], int] = perf_counter_ns) -> None:
        self._real = real
        self._state = (0, 0)
        """(what to add to real time; or, when frozen, 0 and the time that it shows): replaced whole, read by anyone."""

    def now(self) -> int:
        """Return the time that it shows (ns)."""
        offset, frozen = self._state
        return frozen or self._real() + offset

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._state[1] != 0

    def freeze(self) -> None:
        """Stand still."""
        if not self.frozen:
            self._state = (0, self.now())

    def thaw(self) -> None:
        """Go on from where it stands."""
        frozen = self._state[1]
        if frozen:
            self._state = (frozen - self._real(), 0)

    def advance(self, nanoseconds: int) -> None:
        """Move forward, whether it stands or goes; never back."""
        offset, frozen = self._state
        step = max(0, nanoseconds)
        self._state = (0, frozen + step) if frozen else (offset + step, 0)


class RunClock(trio.abc.Clock):
    """The clock of one run: trio's seconds, from an arbitrary origin as with trio's own."""

    def __init__(self, live: LiveClock) -> None:
        self._live = live
        # trio's own clock begins anywhere, so that nobody relies on it; so does this one
        self._offset = random.uniform(10_000, 1_000_000)

    def start_clock(self) -> None:
        """Nothing to start: it goes already."""

    def current_time(self) -> float:
        """Return trio's time in seconds."""
        return self._offset + self._live.now() / 1e9

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Return the real seconds until a deadline; never, while time stands still."""
        if math.isinf(deadline):
            return math.inf
        left = deadline - self.current_time()
        return left if left <= 0 or not self._live.frozen else _NEVER
