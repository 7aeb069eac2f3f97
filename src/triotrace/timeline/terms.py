"""The terms that sentences, rulers and labels share, in the language handed in: a duration, some names, `time is up`.

A catalogue (gettext's) comes in as an argument; English is written here, other languages in `locale/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from gettext import NullTranslations

from triotrace.timeline.durations import short_duration
from triotrace.timeline.records import Scope
from triotrace.timeline.scope_levels import Level
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

    def scopes(self, level: Level) -> str:
        """Label a row of scopes with the time that each was given, if that is the same, or what they are: `≤ 3 s`."""
        kinds = [kind for kind, count in level.kinds.items() if count]
        if level.given and not kinds:
            given = next(iter(level.given)) if len(level.given) == 1 else ""
            return f"≤ {given.replace('.', self._('.'))}" if given else self._("deadlines")
        if level.given or len(kinds) != 1:
            return self._("scopes")
        return {"nursery": self._("nursery"), "shield": self._("shield")}.get(kinds[0]) or self._("scope")

    def cancelled(self, timeline: Timeline, scope: Scope) -> str:
        """Name a scope that was cancelled as what it was to its task: `the time-out of main`."""
        owner = timeline.title(timeline.lanes[scope.lane])
        if scope.cancelled is not None and scope.cancelled.cause == "deadline":
            return self._("the time-out of {owner}").format(owner=owner)
        if scope.nursery:
            return self._("the nursery of {owner}").format(owner=owner)
        return self._("a scope of {owner}'s").format(owner=owner)

    def line_of(self, timeline: Timeline, scope: Scope) -> int | str:
        """Give the line of a scope's `with`; `?` where nobody knows."""
        place = timeline.verbs.places.get(scope.place) if scope.place is not None else None
        return "?" if place is None else place.line

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
