"""The fold's part for nurseries and cancel scopes: who opened them, whom they held, when they ended and why."""

from __future__ import annotations

from collections.abc import Iterator

from triotrace import events as e
from triotrace.clean import clean
from triotrace.timeline.durations import short_duration
from triotrace.timeline.lanes import Lane
from triotrace.timeline.names import LIMIT_NAME
from triotrace.timeline.open_scopes import OpenScopes
from triotrace.timeline.records import Cancellation, HeldOff, Nursery, Scope
from triotrace.timeline.run_fold import RunFold
from triotrace.timeline.scope_levels import Levels
from triotrace.timeline.states import State

__all__ = ["ScopeFold"]


class ScopeFold(RunFold):
    """What is known of nurseries and scopes. `TaskFold` has the tasks that they belong to."""

    def __init__(self) -> None:
        super().__init__()
        self.nurseries: dict[int, Nursery] = {}
        self.scopes: dict[int, Scope] = {}
        self.cancelled: list[Scope] = []
        """The cancelled scopes, in order."""
        self.lifted: list[HeldOff] = []
        """What shields held off until they were set to be none, in order."""
        self.timed: dict[int, Levels] = {}
        """By lane: the scopes in the picture of time, those that ever had a deadline and those that mattered."""
        self.mattered: dict[int, Levels] = {}
        """By lane: the scopes in the picture of steps, those that were cancelled or held a cancellation off."""
        self.again: dict[int, int] = {}
        """The slots that ended with a cancellation raised in a task once more: how often that was."""
        self._open = OpenScopes(self.scopes)
        self._nursery_in: dict[int, Nursery] = {}
        """The open nurseries, by their scope."""
        self._unseen: dict[int, Scope] = {}
        """Libraries' own shields that hold a cancellation off; most do only while a socket is closed."""
        self._ended_badly = False

    def _known(self, task: int, t: int) -> Lane:
        raise NotImplementedError

    def _lane_at(self, index: int) -> Lane:
        raise NotImplementedError

    # -- nurseries ---------------------------------------------------------------------------

    def _nursery_opened(self, event: e.NurseryOpened) -> None:
        self.now = event.t
        owner = self._known(event.task, event.t)
        nursery = self.nurseries[event.nursery] = Nursery(event.nursery, owner.index, event.t, event.place, event.scope)
        owner.open_nurseries.append(event.nursery)
        scope = self.scopes.get(event.scope) if event.scope is not None else None
        if scope is not None:
            scope.nursery = True
            self._nursery_in[scope.scope] = nursery

    def _nursery_closed(self, event: e.NurseryClosed) -> None:
        self.now = event.t
        nursery = self.nurseries.get(event.nursery)
        if nursery is None:
            self._damage(event.t, f"nursery {event.nursery} was closed but never opened")
            return
        nursery.closed, nursery.error = event.t, event.error
        if nursery.scope is not None:
            self._nursery_in.pop(nursery.scope, None)

    def _alive_within(self, lane: Lane) -> int:
        """Count the living tasks of the innermost nursery of a task: for these it waits at its end."""
        inner = lane.open_nurseries
        while inner and self.nurseries[inner[-1]].closed is not None:
            inner.pop()
        # Of a run that was joined on its way it is not known which nurseries there are
        return len(self.nurseries[inner[-1]].alive) if inner else lane.alive_children

    def _join(self, lane: Lane, nursery: e.NurseryId | None) -> None:
        """Take a task into a nursery, out of the one that it was in."""
        old = self.nurseries.get(lane.nursery) if lane.nursery is not None else None
        new = self.nurseries.get(nursery) if nursery is not None else None
        if new is not None:
            new.alive[lane.index] = None
        if old is not None and old is not new:
            old.alive.pop(lane.index, None)
            self._open.move(lane.index, old.scope, None if new is None else new.scope, self.now, len(self.tape))
        lane.nursery = nursery

    def _part(self, lane: Lane) -> None:
        """Take a task that is gone out of its nursery."""
        nursery = self.nurseries.get(lane.nursery) if lane.nursery is not None else None
        if nursery is not None:
            nursery.alive.pop(lane.index, None)

    # -- scopes ------------------------------------------------------------------------------

    def _scope_entered(self, event: e.ScopeEntered) -> None:
        self.now = event.t
        if event.scope in self.scopes:
            self._damage(event.t, f"scope {event.scope} was entered twice")
            return
        slot = len(self.tape)
        scope = self.scopes[event.scope] = Scope(
            scope=event.scope,
            lane=self._known(event.task, event.t).index,
            parent=event.parent if event.parent in self.scopes else None,
            entered=event.t,
            entered_slot=slot,
            place=event.place,
            library=event.library,
            shield=bool(event.shield),
            deadlines=[(event.t, slot, event.deadline)],
        )
        if event.deadline is not None and not scope.library:
            self._gets_deadline(scope, event.deadline)
        self._open.enter(scope, event.t, slot)
        if scope.holds is not None:
            self._matters(scope)

    def _gets_deadline(self, scope: Scope, deadline: int) -> None:
        run = self._run_of.get(self._lane_at(scope.lane).run)
        scope.given = short_duration(max(0, deadline - run.trio_time(self.now))) if run is not None else ""
        self._show(scope)

    def _show(self, scope: Scope) -> None:
        """Put a scope into the picture of time, if it is not there yet."""
        if scope.shown < 0:
            levels = self.timed.setdefault(scope.lane, Levels())
            self.shape += levels.add(scope)
            before = levels.before(scope)
            since = self.now
            if scope.given is None and scope.held:
                since = scope.held[0].t
            elif scope.given is None and scope.cancelled is not None:
                since = scope.cancelled.t
            scope.shown = since if before is None else max(since, before.exited or 0)

    def _matters(self, scope: Scope) -> None:
        """Put a scope into the picture; a library's own shield only when a task of the user's is seen to wait in it."""
        if not scope.library:
            self._appears(scope)
        elif scope.holds is not None:
            self._unseen[scope.scope] = scope

    def _before_io_wait(self, event: e.BeforeIoWait) -> None:
        super()._before_io_wait(event)
        for scope in list(self._unseen.values()):
            lane, held = self._lane_at(scope.lane), scope.holds
            if held is None or self.scopes[held.scope].library:
                del self._unseen[scope.scope]
            elif lane.role in ("main", "user") and lane.state is State.WAITING:
                del self._unseen[scope.scope]
                self._appears(scope)

    def _appears(self, scope: Scope) -> None:
        if scope.exited is not None:
            return  # in a damaged log
        self._ended_badly = True  # there are words behind its end
        self._show(scope)
        if scope.mattered < 0:
            levels = self.mattered.setdefault(scope.lane, Levels())
            self.shape += levels.add(scope)
            before = levels.before(scope)
            since = scope.held[0].slot if scope.held else scope.cancelled.slot if scope.cancelled else len(self.tape)
            scope.mattered = since if before is None else max(since, before.exited_slot or 0)

    def _scope_exited(self, event: e.ScopeExited) -> None:
        self.now = event.t
        scope = self._scope(event.scope, event.t)
        if scope is None:
            return
        slot = len(self.tape)
        self._open.leave(scope, event.t, slot)
        self._unseen.pop(scope.scope, None)
        scope.exited, scope.exited_slot, scope.caught = event.t, slot, event.caught
        if scope.shown >= 0:
            # A shield that stood within one step only was never felt
            nothing = scope.cancelled is None and all(held.passing for held in scope.held or ())
            gone = scope.mattered >= 0 and self.mattered[scope.lane].end(scope, nothing=nothing)
            gone |= self.timed[scope.lane].end(scope, nothing=nothing and scope.given is None)
            self.shape += gone

    def _scope_changed(self, event: e.ScopeChanged) -> None:
        self.now = event.t
        scope = self._scope(event.scope, event.t)
        if scope is None:
            return
        scope.deadlines.append((event.t, len(self.tape), event.deadline))
        if event.deadline is not None and scope.given is None and not scope.library:
            self._gets_deadline(scope, event.deadline)
        elif event.deadline is not None and event.deadline != scope.deadlines[-2][2] and scope.shown >= 0:
            self.shape += self.timed[scope.lane].has_moved(scope)
        if scope.shield != event.shield:
            held = scope.holds
            scope.shield = event.shield
            self._reckon(scope)
            if held is not None and scope.holds is None:
                self.lifted.append(held)

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
                around=scope.effectively_cancelled,
            )
            self.cancelled.append(scope)
            self._reckon(scope)
            if scope.exited is None and not scope.echoes:
                self._matters(scope)

    def _reckon(self, changed: Scope) -> None:
        """Find out whom a cancellation reaches now, or no longer, and who holds it off."""
        t, slot = self.now, len(self.tape)
        found = self._open.changed(changed, t, slot)
        cancellation = changed.cancelled
        if cancellation is None:
            if changed.holds is not None:
                self._matters(changed)
        else:
            for held in cancellation.shields:
                self._matters(self.scopes[held.shield])
            nobody = True
            for lane in self._inside(found):
                nobody = False
                if lane.state is State.WAITING:
                    cancellation.deaf[lane.index] = len(lane.times) - 1
                elif lane.state is State.READY:
                    cancellation.queued.append(lane.index)
                elif lane.state is State.RUNNING:
                    cancellation.running = lane.index
            cancellation.within = nobody and self._open.is_cancelled_below(changed)

    def _inside(self, found: list[Scope]) -> Iterator[Lane]:
        """Give the tasks whose innermost scope is among some."""
        for scope in found:
            if self._open.innermost(scope.lane) is scope:
                yield self._lane_at(scope.lane)
            nursery = self._nursery_in.get(scope.scope)
            for lane in nursery.alive if nursery is not None else ():
                if self._open.innermost(lane) is None:
                    yield self._lane_at(lane)

    def _delivered(self, lane: Lane, by: e.ScopeId, slot: int) -> None:
        """Take notice that the cancellation of a scope is raised in a task."""
        scope = self.scopes.get(by)
        cancellation = scope.cancelled if scope is not None else None
        if cancellation is None:
            return
        if cancellation.deaf.get(lane.index) == len(lane.times) - 1:
            del cancellation.deaf[lane.index]
        times = cancellation.reached[lane.index] = cancellation.reached.get(lane.index, 0) + 1
        if times > 1:
            self.again[slot] = times

    def _scope(self, scope: int, t: int) -> Scope | None:
        known = self.scopes.get(scope)
        if known is None and not self.dropped:
            self._damage(t, f"scope {scope} was never entered")
        return known
