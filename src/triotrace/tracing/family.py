"""Nurseries: their ids, and what opened or closed since a task's last step, found by difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import trio

from triotrace.events import Error, Event, NurseryClosed, NurseryId, NurseryOpened, PlaceId, ScopeId, TaskMoved
from triotrace.tracing.privates import nurseries_of
from triotrace.tracing.record import Record

__all__ = ["Family"]


class Family:
    """The open nurseries of one run."""

    def __init__(self, tell: Callable[[Event], None], serial: Iterator[NurseryId]) -> None:
        self._tell = tell
        self._serial = serial
        self.ids: dict[trio.Nursery, NurseryId] = {}

    def opened(
        self,
        nursery: trio.Nursery,
        record: Record,
        t: int,
        *,
        place: PlaceId | None = None,
        scope: ScopeId | None = None,
    ) -> NurseryId:
        """Tell that a nursery is open, unless it was told; return its id."""
        known = self.ids.get(nursery)
        if known is not None:
            return known
        number = self.ids[nursery] = next(self._serial)
        record.nurseries = [*record.nurseries, nursery]
        self._tell(NurseryOpened(t, number, record.id, scope, place))
        return number

    def closed(self, nursery: trio.Nursery, record: Record, t: int, error: Error | None = None) -> None:
        """Tell that a nursery was left, unless it was told."""
        number = self.ids.pop(nursery, None)
        if number is not None:
            record.nurseries = [other for other in record.nurseries if other is not nursery]
            self._tell(NurseryClosed(t, number, error))

    def compare(self, task: trio.lowlevel.Task, record: Record, t: int) -> None:
        """Tell what opened and closed since last asked."""
        current = nurseries_of(task)
        if current == list(record.nurseries):  # compares by identity: nurseries know no other equality
            return
        for nursery in record.nurseries[::-1]:
            if nursery not in current:
                self.closed(nursery, record, t)
        for nursery in current:
            self.opened(nursery, record, t)

    def moved(
        self, record: Record, child: Record | None, task: trio.lowlevel.Task, eventual: NurseryId, t: int
    ) -> None:
        """Tell that a child left `Nursery.start`, in which `record` waits, for its own nursery; if it did."""
        nursery = task.parent_nursery
        if child is None or child.exited:
            record.starting = None
        elif nursery is not child.nursery and self.ids.get(nursery) == eventual:  # type: ignore[arg-type]  # None is no key
            child.nursery = nursery
            record.starting = None
            self._tell(TaskMoved(t, child.id, eventual))
