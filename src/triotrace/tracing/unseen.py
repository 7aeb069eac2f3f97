"""A thread that the program does not find when it counts its own, and that is wholly gone once it was joined."""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["UnseenThread"]

_PATIENCE = 5.0
_MOMENT = 0.5


class UnseenThread:
    """Runs a function; one at a time."""

    def __init__(self) -> None:
        self._ended = _thread.allocate_lock()  # held while it runs
        self._number = 0

    def start(self, function: Callable[[], None]) -> bool:
        """Begin; tell whether there was a thread to be had."""
        self._number = 0
        self._ended.acquire()
        try:
            _thread.start_new_thread(self._run, (function,))
        except RuntimeError:
            self._ended.release()
            return False
        return True

    def join(self) -> None:
        """Wait until a function that was told to end has ended."""
        if self._ended.acquire(timeout=_PATIENCE):
            self._ended.release()
        # Python is done with it, but the system counts it for a moment more, and then a fork warns of threads
        end = time.monotonic() + _MOMENT
        trace = Path(f"/proc/self/task/{self._number}")
        while trace.exists() and time.monotonic() < end:
            time.sleep(0.0001)

    def _run(self, function: Callable[[], None]) -> None:
        self._number = _thread.get_native_id()
        try:
            function()
        finally:
            self._ended.release()
