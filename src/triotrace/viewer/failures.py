"""What fails in the viewer itself: caught here, told in a line on the screen, its traceback kept in a file.

A sentence that cannot be made, a frame that cannot be drawn and a key that cannot be handled are faults of ours. None
of them may end the viewer, for the living program would end with it; the picture stays as it was.

Rules:
- `attempt` is for a part of the screen: the other parts are drawn all the same.
- All else that Textual catches comes to `take`: `guard_messages` lets a widget live on whose handler raised.
- A failure is kept once, however often it happens: a frame is drawn seventeen times a second.
"""

from __future__ import annotations

import traceback
from asyncio import CancelledError, current_task
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar, cast

from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import WorkerFailed

from triotrace.clean import clean

__all__ = ["Failures", "Keep", "failures_of", "guard_messages"]

T = TypeVar("T")

Keep = Callable[[str], Path | None]
"""Appends a traceback to a file and returns which; None if it could not be kept."""

_MOST = 50
"""Different failures that are kept: of a viewer that fails everywhere these say enough."""


class Failures:
    """Takes exceptions of the viewer's own. `line` is what the screen shows of the newest; empty if there is none."""

    def __init__(self, keep: Keep = lambda _: None) -> None:
        self._keep = keep
        self._known: set[tuple[type[BaseException], str]] = set()
        self.line = ""

    def __len__(self) -> int:
        """Count the different ones."""
        return len(self._known)

    def attempt(self, make: Callable[[], T], otherwise: T) -> T:
        """Return what `make` returns, or `otherwise` if it raises."""
        try:
            return make()
        except Exception as error:
            self.take(error)
            return otherwise

    def take(self, error: BaseException) -> None:
        """Keep the traceback of an exception, and tell it in the line."""
        if isinstance(error, WorkerFailed):
            error = error.error
        first = _first_leaf(error)
        place = _innermost(first.__traceback__)
        where = "" if place is None else f" ({Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno})"
        known = type(first), where
        if known in self._known or len(self._known) >= _MOST:
            return
        self._known.add(known)
        kept = self._keep("".join(traceback.format_exception(error)))
        told = clean(traceback.format_exception_only(first)[0].strip(), 80)
        self.line = f"{told}{where}" + ("" if kept is None else f" · {clean(str(kept))}")

    def say(self, line: str) -> None:
        """Tell something that has no traceback."""
        self.line = clean(line)

    def forget(self) -> None:
        """Show no line any more; what comes anew is told."""
        self.line = ""


class _HasFailures(Protocol):
    failures: Failures


def failures_of(widget: MessagePump) -> Failures:
    """Give the failures of the app that a widget belongs to."""
    return cast(_HasFailures, widget.app).failures


@cache
def guard_messages() -> None:
    """Let each of Textual's message pumps go on after a handler that raised: it would be deaf from then on."""
    dispatch = MessagePump._dispatch_message

    async def dispatch_guarded(self: MessagePump, message: Message) -> None:
        try:
            await dispatch(self, message)
        except (Exception, CancelledError) as error:
            task = current_task()
            if isinstance(error, CancelledError) and task is not None and task.cancelling():
                raise  # it is meant: the pump is to end
            self.app._handle_exception(cast(Exception, error))

    MessagePump._dispatch_message = dispatch_guarded  # type: ignore[method-assign]  # it has no hook for it


def _first_leaf(error: BaseException) -> BaseException:
    """Give what failed: of a group, trio's nurseries make such, the first in it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _innermost(place: TracebackType | None) -> TracebackType | None:
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place
