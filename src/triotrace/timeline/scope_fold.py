"""The fold's part for nurseries and cancel scopes: who opened them, whom they held, when they ended and why."""

from __future__ import annotations

from triotrace import events as e
from triotrace.clean import clean
from triotrace.timeline.lanes import Lane
from triotrace.timeline.names import LIMIT_NAME
from triotrace.timeline.records import Cancellation, Nursery, Scope
from triotrace.timeline.run_fold import RunFold

__all__ = ["ScopeFold"]


class ScopeFold(RunFold):
    """What is known of nurseries and scopes. `TaskFold` has the tasks that they belong to."""

    def __init__(self) -> None:
        super().__init__()
        self.nurseries: dict[int, Nursery] = {}
        self.scopes: dict[int, Scope] = {}
        self.cancelled: list[Scope] = []
        """The cancelled scopes, in order."""
        self.timed: dict[int, list[Scope]] = {}
        """By lane: the user's scopes that ever had a deadline, in order."""
        self._ended_badly = False

    def _known(self, task: int, t: int) -> Lane:
        raise NotImplementedError

    def _nursery_opened(self, event: e.NurseryOpened) -> None:
        self.now = event.t
        owner = self._known(event.task, event.t)
        self.nurseries[event.nursery] = Nursery(event.nursery, owner.index, event.t, event.place, event.scope)

    def _nursery_closed(self, event: e.NurseryClosed) -> None:
        self.now = event.t
        nursery = self.nurseries.get(event.nursery)
        if nursery is None:
            self._damage(event.t, f"nursery {event.nursery} was closed but never opened")
            return
        nursery.closed, nursery.error = event.t, event.error

    def _scope_entered(self, event: e.ScopeEntered) -> None:
        self.now = event.t
        slot = len(self.tape)
        scope = self.scopes[event.scope] = Scope(
            scope=event.scope,
            lane=self._known(event.task, event.t).index,
            parent=event.parent,
            entered=event.t,
            entered_slot=slot,
            place=event.place,
            library=event.library,
            shield=bool(event.shield),
            deadlines=[(event.t, slot, event.deadline)],
        )
        if event.deadline is not None:
            self._add_timed(scope)

    def _add_timed(self, scope: Scope) -> None:
        known = self.timed.setdefault(scope.lane, [])
        if not scope.library and scope not in known[-1:]:
            known.append(scope)
            self.shape += 1

    def _scope_exited(self, event: e.ScopeExited) -> None:
        self.now = event.t
        scope = self._scope(event.scope, event.t)
        if scope is not None:
            scope.exited, scope.exited_slot, scope.caught = event.t, len(self.tape), event.caught

    def _scope_changed(self, event: e.ScopeChanged) -> None:
        self.now = event.t
        scope = self._scope(event.scope, event.t)
        if scope is not None:
            scope.deadlines.append((event.t, len(self.tape), event.deadline))
            if event.deadline is not None and all(deadline is None for _, _, deadline in scope.deadlines[:-1]):
                self._add_timed(scope)
            scope.shield = event.shield

    def _scope_cancelled(self, event: e.ScopeCancelled) -> None:
        self.now = event.t
        scope = self._scope(event.scope, event.t)
        if scope is not None and scope.cancelled is None:
            by = self._lane_of.get(event.task) if event.task is not None else None
            scope.cancelled = Cancellation(
                event.t,
                len(self.tape),
                event.cause,
                by,
                event.place,
                event.reason and clean(event.reason, LIMIT_NAME),
                event.interrupt,
                event.exits,
            )
            self.cancelled.append(scope)
            self._ended_badly = self._ended_badly or scope.lane in self.timed

    def _scope(self, scope: int, t: int) -> Scope | None:
        known = self.scopes.get(scope)
        if known is None and not self.dropped:
            self._damage(t, f"scope {scope} was never entered")
        return known
