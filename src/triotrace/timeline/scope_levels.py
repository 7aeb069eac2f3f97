"""The rows of a task's cancel scopes: as many as were ever in the picture at once. A loop of scopes shares one."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

from triotrace.timeline.records import Scope

__all__ = ["Level", "Levels"]

_ENOUGH = 2
_MOVED = ""


@dataclass(slots=True)
class Level:
    """Scopes that followed one another."""

    scopes: list[Scope] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    """How much time they had, in short; no more than tells whether that is the same."""
    kinds: dict[str, int] = field(default_factory=dict)
    """What those without a deadline are, `nursery`, `shield`, `scope`, and how many."""


class Levels:
    """A task's rows, in order. What comes takes the first row that is free."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self._free: list[int] = []
        self._taken: dict[int, int] = {}

    def add(self, scope: Scope) -> bool:
        """Take a scope that is in the picture from now on; tell whether there is a new row, or one of another name."""
        if self._free:
            index = heappop(self._free)
        else:
            index = len(self.levels)
            self.levels.append(Level())
        self._taken[scope.scope] = index
        level = self.levels[index]
        level.scopes.append(scope)
        if scope.given is None:
            kind = _kind(scope)
            level.kinds[kind] = level.kinds.get(kind, 0) + 1
            return level.kinds[kind] == 1
        if len(level.given) == _ENOUGH or scope.given in level.given:
            return False
        level.given.add(scope.given)
        return True

    def has_moved(self, scope: Scope) -> bool:
        """Take notice that a deadline was moved: it had not one time. Tell whether the row has another name now."""
        index = self._taken.get(scope.scope)
        level = self.levels[index] if index is not None else None
        if level is None or len(level.given) == _ENOUGH:
            return False
        level.given.add(_MOVED)
        return True

    def before(self, scope: Scope) -> Scope | None:
        """Give what had its row before a scope that was just added."""
        scopes = self.levels[self._taken[scope.scope]].scopes
        return scopes[-2] if len(scopes) > 1 else None

    def end(self, scope: Scope, *, nothing: bool = False) -> bool:
        """Let another one have the row of a scope that was left; `nothing`: it did not matter after all.

        Tell whether a row is gone.
        """
        index = self._taken.pop(scope.scope, None)
        if index is None:
            return False
        if nothing:
            level = self.levels[index]
            level.scopes.pop()
            if scope.given is None:
                level.kinds[_kind(scope)] -= 1
            if not level.scopes and index == len(self.levels) - 1:
                self.levels.pop()
                return True
        heappush(self._free, index)
        return False


def _kind(scope: Scope) -> str:
    return "nursery" if scope.nursery else "shield" if scope.held else "scope"
