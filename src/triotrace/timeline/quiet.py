"""The longest stretches in which nobody ran: each loop slept, or no run was on."""

from __future__ import annotations

from heapq import heappush, heappushpop

__all__ = ["Quiet"]

_MOST = 1_000
"""Stretches: a run of hours has millions of sleeps, of which a picture can fold some dozens."""


class Quiet:
    """Is told when runs begin, sleep, wake and end; remembers when all was quiet."""

    def __init__(self) -> None:
        self.since: int | None = None
        """When the present stretch began, if there is one."""
        self.longest: list[tuple[int, int, int]] = []
        """(length, from, to) in ns of `t`; a heap."""
        self._on: set[int] = set()
        self._asleep: set[int] = set()

    def begin(self, run: int, t: int) -> None:
        """Take notice of a new run."""
        self._stir(t)
        self._on.add(run)

    def sleep(self, run: int, t: int) -> None:
        """Take notice that a run's loop sleeps."""
        self._asleep.add(run)
        self._settle(t)

    def wake(self, run: int, t: int) -> None:
        """Take notice that it does not."""
        self._stir(t)
        self._asleep.discard(run)

    def end(self, run: int, t: int) -> None:
        """Take notice that a run is over."""
        self._on.discard(run)
        self._asleep.discard(run)
        self._settle(t)

    def stretches(self, end: int) -> list[tuple[int, int]]:
        """Give (from, to) of the longest stretches up to now, in order of time."""
        found = [(start, stop) for _, start, stop in self.longest]
        if self.since is not None and self.since < end:
            found.append((self.since, end))
        return sorted(found)

    def _settle(self, t: int) -> None:
        if self.since is None and self._on <= self._asleep:
            self.since = t

    def _stir(self, t: int) -> None:
        if self.since is not None and t > self.since:
            add = heappush if len(self.longest) < _MOST else heappushpop
            add(self.longest, (t - self.since, self.since, t))
        self.since = None
