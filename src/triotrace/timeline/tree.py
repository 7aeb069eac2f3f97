"""The tree of tasks under the tasks that own their nurseries: all of it, or as much as some of the lanes need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

from triotrace.timeline.lanes import Lane
from triotrace.timeline.timeline import Timeline

__all__ = ["Tree"]


class Tree:
    """Who stands below whom. `among` are the tape's lane numbers that matter: others are not looked at; None is all."""

    def __init__(self, timeline: Timeline, among: Set[int] | None = None) -> None:
        self.timeline = timeline
        self._children = None if among is None else _families(timeline, among)
        self.roots: dict[int, list[Lane]] = {}
        """By run: the lanes that have nobody above them."""
        for lane in timeline.lanes if self._children is None else self._known(self._children.pop(None, ())):
            run = timeline.run_of(lane) if lane.parent is None else None
            if run is not None:
                self.roots.setdefault(run.index, []).append(lane)
        self.runs = [
            run for run in timeline.runs if among is None or run.index in self.roots or -1 - run.index in among
        ]
        """Those that are in it."""

    def children_of(self, lane: Lane) -> Collection[int]:
        """Give the lanes right below a lane, in the order in which they came to it."""
        return lane.children if self._children is None else self._children.get(lane.index, ())

    def below(self, lanes: Iterable[Lane]) -> list[Lane]:
        """Give all lanes below some."""
        found: list[Lane] = []
        waiting = list(lanes)
        while waiting:
            children = self._known(self.children_of(waiting.pop()))
            found += children
            waiting += [child for child in children if child.children]
        return found

    def _known(self, lanes: Iterable[int]) -> list[Lane]:
        return [self.timeline.lanes[index] for index in lanes]


def _families(timeline: Timeline, among: Set[int]) -> dict[int | None, list[int]]:
    """Give the children of each lane, the roots under None, as far as they or any below them are asked for."""
    families: dict[int | None, list[int]] = {}
    seen: set[int] = set()
    for index in among:
        at: int | None = index if index >= 0 else None
        while at is not None and at not in seen:
            seen.add(at)
            parent = timeline.lanes[at].parent
            families.setdefault(parent, []).append(at)
            at = parent
    for family in families.values():
        family.sort(key=lambda index: timeline.lanes[index].joined)
    return families
