"""The terms that sentences, rulers and labels share, in the language handed in: a duration, some names, `time is up`.

A catalogue (gettext's) comes in as an argument; English is written here, other languages in `locale/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from gettext import NullTranslations

from triotrace.timeline.durations import short_duration
from triotrace.timeline.records import Scope
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import shorten

__all__ = ["MOST_NAMES", "Terms"]

MOST_NAMES = 4
"""Tasks that are named one by one in a sentence."""
_LONGEST_NAME = 40
"""Cells of each of them."""


class Terms:
    """Names things in one language. `Words` makes sentences of them."""

    def __init__(self, catalogue: NullTranslations | None = None) -> None:
        self.catalogue = catalogue or NullTranslations()
        self._ = self.catalogue.gettext
        self._n = self.catalogue.ngettext

    def duration(self, nanoseconds: int) -> str:
        """Say a length of time."""
        # Translators: the mark between the whole seconds and their tenths
        return short_duration(nanoseconds).replace(".", self._("."))

    def names(self, timeline: Timeline, lanes: Sequence[int], *, count: int | None = None) -> str:
        """Join the names of tasks, as many as a sentence bears; of none there is nothing to say.

        `count` says how many there are, where only the first MOST_NAMES of them are given.
        """
        count = len(lanes) if count is None else count
        names = [shorten(timeline.title(timeline.lanes[index]), _LONGEST_NAME) for index in lanes[:MOST_NAMES]]
        if count > MOST_NAMES:
            rest = count - MOST_NAMES + 1
            names = [*names[: MOST_NAMES - 1], self._n("{count} more", "{count} more", rest).format(count=rest)]
        if len(names) < 2:
            return "".join(names)
        return self._("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])

    def scope(self, timeline: Timeline, scope: Scope) -> str:
        """Name a cancel scope as the source does: `move_on_after`."""
        verb = timeline.verbs.verb(scope.place) if scope.place is not None else None
        return verb.full if verb is not None and verb.full else "CancelScope"

    def limit(self, timeline: Timeline, scopes: Sequence[Scope]) -> str:
        """Label the brackets of scopes with the time that each was given, if that is the same: `≤ 3 s`."""
        given = set()
        for scope in scopes:
            run = timeline.run_of(timeline.lanes[scope.lane])
            at, _, deadline = next(moved for moved in scope.deadlines if moved[2] is not None)
            if run is not None and deadline is not None:
                given.add(self.duration(max(0, deadline - run.trio_time(at))))
        return f"≤ {given.pop()}" if len(given) == 1 else self._("deadlines")

    def children(self, count: int) -> str:
        """Say that a task waits at its nursery."""
        return self._n("waits for {count} child", "waits for {count} children", count).format(count=count)

    @property
    def time_is_up(self) -> str:
        """Say that a deadline came."""
        return self._("time is up")

    @property
    def trios_time(self) -> str:
        """Name a ruler that shows trio's time."""
        return self._("trio's time")

    @property
    def folded(self) -> str:
        """Name a ruler on which idle stretches are folded."""
        return self._("idle ╱╱")

    @property
    def jump(self) -> str:
        """Name a leap of a clock on a ruler."""
        return self._("jump")

    def really(self, shown: int, real: int) -> str:
        """Say beside a ruler of trio's time how long it really took."""
        return self._("{shown} in {real}").format(shown=self.duration(shown), real=self.duration(real))
