"""The cancel scopes that are open, as a tree: whom a cancellation reaches, and which shields hold it off.

Reckoned as trio does: what is in a scope is cancelled if the scope is, or if what is around it is and the scope is no
shield. The tree crosses tasks at nurseries. What was left drops out, so that a change costs no more than it costs trio.
"""

from __future__ import annotations

from triotrace.events import ScopeId
from triotrace.timeline.records import HeldOff, Scope

__all__ = ["OpenScopes"]


class OpenScopes:
    """The tree. `scopes` are all that were ever entered, by id: the fold's own."""

    def __init__(self, scopes: dict[int, Scope]) -> None:
        self._scopes = scopes
        self._below: dict[int, dict[int, Scope]] = {}
        self._of_lane: dict[int, list[Scope]] = {}

    def innermost(self, lane: int) -> Scope | None:
        """Give the innermost scope that a task itself has open."""
        own = self._of_lane.get(lane)
        return own[-1] if own else None

    def enter(self, scope: Scope, t: int, slot: int) -> None:
        """Take a scope that was entered."""
        self._of_lane.setdefault(scope.lane, []).append(scope)
        self._hang(scope)
        self._reckon(scope, t, slot)

    def leave(self, scope: Scope, t: int, slot: int) -> None:
        """Take a scope out; where it was not the innermost, what is below it hangs on what is around it."""
        own = self._of_lane.get(scope.lane)
        if own is not None and scope in own[-1:]:
            own.pop()
        elif own is not None and scope in own:
            own.remove(scope)
        if not own:
            self._of_lane.pop(scope.lane, None)
        self._unhang(scope)
        held = scope.holds
        if held is not None:
            held.until, held.until_slot = t, slot
        for below in self._below.pop(scope.scope, {}).values():
            below.parent = scope.parent
            self._hang(below)
            self._reckon(below, t, slot)

    def changed(self, scope: Scope, t: int, slot: int) -> list[Scope]:
        """Reckon anew with a scope that was cancelled, or whose shield was set: give those that are now cancelled."""
        return self._reckon(scope, t, slot) if scope.exited is None else []

    def is_cancelled_below(self, scope: Scope) -> bool:
        """Tell whether a scope directly in another was cancelled for itself."""
        return any(below.cancelled is not None for below in self._below.get(scope.scope, {}).values())

    def move(self, lane: int, old: ScopeId | None, new: ScopeId | None, t: int, slot: int) -> None:
        """Hang what a task has open on the scope of another nursery: `started()`."""
        for scope in self._of_lane.get(lane, ()):
            if scope.parent == old:
                self._unhang(scope)
                scope.parent = new
                self._hang(scope)
                self._reckon(scope, t, slot)

    def _hang(self, scope: Scope) -> None:
        if scope.parent is not None:
            self._below.setdefault(scope.parent, {})[scope.scope] = scope

    def _unhang(self, scope: Scope) -> None:
        siblings = self._below.get(scope.parent) if scope.parent is not None else None
        if siblings is not None:
            siblings.pop(scope.scope, None)
            if not siblings:
                del self._below[scope.parent or 0]

    def _reckon(self, scope: Scope, t: int, slot: int) -> list[Scope]:
        """Work out anew what is cancelled, from a scope down as far as anything changes; give what is cancelled now."""
        found = []
        todo = [scope]
        while todo:
            scope = todo.pop()
            above = self._scopes.get(scope.parent) if scope.parent is not None else None
            hit = above is not None and above.exited is None and above.effectively_cancelled
            cancelled = scope.cancelled is not None
            held, holds = scope.holds, hit and scope.shield and not cancelled
            if holds and held is None and above is not None:
                self._begin(scope, above, t, slot)
            elif held is not None and not holds:
                held.until, held.until_slot = t, slot
            if scope.effectively_cancelled != (cancelled or (hit and not scope.shield)):
                scope.effectively_cancelled = not scope.effectively_cancelled
                if scope.effectively_cancelled:
                    found.append(scope)
                todo += self._below.get(scope.scope, {}).values()
        return found

    def _begin(self, shield: Scope, above: Scope, t: int, slot: int) -> None:
        source, around = above, above
        for _ in self._scopes:  # in a damaged log one may be around itself
            if not around.effectively_cancelled:
                break
            if around.cancelled is not None:
                source = around
            following = self._scopes.get(around.parent) if around.parent is not None else None
            if around.shield or following is None:
                break
            around = following
        held = HeldOff(shield.scope, source.scope, t, slot)
        if shield.held is None:
            shield.held = []
        shield.held.append(held)
        if source.cancelled is not None:
            source.cancelled.shields.append(held)
