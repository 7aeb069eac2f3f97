"""What stands in trio's place while a run is traced: put in for the first such run, taken out after the last.

Nothing else of ours sets an attribute of trio's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final

__all__ = ["Patches", "SharedPatches"]

_NOTHING: Final = object()


class Patches:
    """Attributes of classes and modules, each with what stood there before."""

    def __init__(self) -> None:
        self.live = True
        """False once they were taken out: a program that wrapped one of ours may call it for ever after."""
        self._replaced: list[tuple[Any, str, object, object]] = []

    def replace(self, owner: Any, name: str, new: object) -> None:
        """Put `new` into a class or a module, as its attribute `name`."""
        self._replaced.append((owner, name, vars(owner).get(name, _NOTHING), new))
        setattr(owner, name, new)

    def has(self, owner: object, name: str) -> bool:
        """Tell whether that attribute was replaced."""
        return any(owner is other and name == own for other, own, _, _ in self._replaced)

    def undo(self) -> None:
        """Give back what stood there, but where somebody else has replaced ours since."""
        self.live = False
        while self._replaced:
            owner, name, old, new = self._replaced.pop()
            if vars(owner).get(name, _NOTHING) is not new:
                continue
            if old is _NOTHING:
                delattr(owner, name)
            else:
                setattr(owner, name, old)


class SharedPatches:
    """Patches that several runs need, each in a thread of its own: they stand as long as somebody holds them."""

    def __init__(self, *put_in: Callable[[Patches], object]) -> None:
        self._put_in = put_in
        self._lock = threading.Lock()
        self._holders: list[object] = []
        self._patches = Patches()
        os.register_at_fork(after_in_child=self._in_fork)

    def hold(self, holder: object) -> Patches:
        """Return them as they stand, until `holder` lets go."""
        with self._lock:
            self._holders.append(holder)  # first: where something fails, its release undoes what was done
            if len(self._holders) == 1:
                self._patches = Patches()
                for put_in in self._put_in:
                    put_in(self._patches)
            return self._patches

    def release(self, holder: object) -> None:
        """Let go; do nothing if `holder` does not hold them."""
        with self._lock:
            left = [other for other in self._holders if other is not holder]
            if self._holders and not left:
                self._patches.undo()
            self._holders = left

    def _in_fork(self) -> None:
        self._lock = threading.Lock()  # another thread, which the fork has not, may have had it
