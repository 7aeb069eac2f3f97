"""SIGTERM and SIGHUP while the viewer is there: it leaves in good order, and gives the terminal back."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["leaving_by_signal"]


@contextmanager
def leaving_by_signal(leave: Callable[[int], None]) -> Iterator[None]:
    """Call `leave` with the number of a signal; what handled it before does so again afterwards.

    An event loop's own handlers would go with the loop, and who sends a signal in the moment after that would kill the
    viewer before it has ended the program.
    """
    if threading.current_thread() is not threading.main_thread():  # there are no signals to handle
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        leave(number)

    old = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
