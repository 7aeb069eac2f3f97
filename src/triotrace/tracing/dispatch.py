"""How trio calls the hooks of a run that we watch: straight, and shielded from Ctrl+C.

At each call trio makes a list of a hook's instruments, and looks up each one's method: more than half of what a hook
costs that does nothing. And a Ctrl+C that is raised there, as it may be within `start_soon`, takes the instrument away
and is lost.

Rules:
- The hooks of a tracer that is alone are called at once. All others are called by trio's own code.
- Where this trio lacks what that takes, it goes on as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Protocol

import trio

__all__ = ["Direct", "take_over"]

_WITH_ARGUMENT = frozenset(
    {
        "task_spawned",
        "task_scheduled",
        "before_task_step",
        "after_task_step",
        "task_exited",
        "before_io_wait",
        "after_io_wait",
    }
)


class Direct(Protocol):
    """An instrument whose own hooks never raise."""

    def never_raises(self, hookname: str) -> bool:
        """Tell whether a hook is its own, and not that of a subclass."""

    def rearranged(self) -> None:
        """Another number of frames stands between trio and its hooks from here on."""

    def removed(self) -> None:
        """No hook of it is called any more: it was taken away."""


def take_over(runner: object, instrument: Direct) -> bool:
    """Let the hooks of a run be called our way from here on; tell whether this trio lets us."""
    instruments: Any = getattr(runner, "instruments", None)
    kind: Any = type(instruments)
    if not all(hasattr(kind, name) for name in ("call", "add_instrument", "remove_instrument")):
        return False
    if not hasattr(kind, "directly"):
        try:
            instruments["_calls"], instruments["_direct"] = {}, {}
            instruments.__class__ = _direct(kind)
        except (TypeError, AttributeError):
            return False
    instruments.directly(instrument)
    return True


@cache
def _direct(kind: Any) -> type:
    """Make trio's own collection of instruments one that calls directly."""

    class Direct(kind):  # type: ignore[misc]  # whatever trio has there
        __slots__ = ()

        if not hasattr(kind([]), "data"):  # before 0.30 it is a dict, and since then it holds one
            data = property(lambda self: self)

        @trio.lowlevel.enable_ki_protection
        def call(self, hookname: str, argument: object = None) -> None:
            self.data["_calls"][hookname](argument)

        def add_instrument(self, instrument: trio.abc.Instrument) -> None:
            super().add_instrument(instrument)
            self.arrange()

        def remove_instrument(self, instrument: Any) -> None:
            # A program calls it, and so does trio, when an instrument has raised
            ours = instrument in self.data["_direct"]
            super().remove_instrument(instrument)
            if self.data.get("_direct"):
                self.arrange()
            else:
                del self.data["_calls"]
                self.data.pop("_direct", None)
                self.__class__ = kind
            if ours:
                instrument.removed()

        def directly(self, instrument: Any) -> None:
            # Where trio looks whom to take away it finds this, too.
            self.data["_direct"][instrument] = None
            self.arrange()

        def arrange(self) -> None:
            direct = self.data["_direct"]
            alone = direct if len(direct) == 1 and direct == self.data["_all"] else {}
            calls: dict[str, Callable[[object], object]] = {}
            for hookname in self.data:
                calls[hookname] = partial(self.usual, hookname)
                for instrument in alone:
                    if hookname in _WITH_ARGUMENT and instrument.never_raises(hookname):
                        calls[hookname] = getattr(instrument, hookname)
            self.data["_calls"] = calls
            for instrument in direct:
                instrument.rearranged()

        def usual(self, hookname: str, argument: object) -> None:
            super().call(hookname, *((argument,) if hookname in _WITH_ARGUMENT else ()))

    return Direct
