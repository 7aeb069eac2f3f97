"""Signals that end programs: they must get through to a program that is held."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["URGENT", "heard"]

URGENT: Final = frozenset(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if name in signal.Signals.__members__
)

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def heard() -> Iterator[list[int]]:
    """Collect the urgent signals that come meanwhile and that the program handles; its handlers run as ever."""
    came: list[int] = []
    ours: dict[signal.Signals, tuple[Handler, Handler]] = {}
    if threading.get_ident() == threading.main_thread().ident:  # others may not touch handlers, and hear no signals
        for number in URGENT:
            handler = signal.getsignal(number)
            if callable(handler):
                hear = _hearing(came, handler)
                signal.signal(number, hear)
                ours[number] = hear, handler
    try:
        yield came
    finally:
        for number, (hear, handler) in ours.items():
            if signal.getsignal(number) is hear:  # else the handler has put another one in its place
                signal.signal(number, handler)


def _hearing(came: list[int], handler: Handler) -> Handler:
    def hear(number: int, frame: FrameType | None) -> None:
        came.append(number)
        handler(number, frame)

    return hear
