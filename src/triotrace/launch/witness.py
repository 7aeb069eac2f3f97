"""Was a signal sent to us alone, or to our whole process group, the program included?

A process of our group that does nothing else hears what is sent to the group, and not what is sent to us.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import Final, NoReturn

__all__ = ["Witness"]

_PATIENCE: Final = 0.2
"""Seconds that a signal to the group may take to be heard of: both got it within one call of the system's."""
_GLANCE: Final = 1.0
"""Seconds after which the witness looks whether we are gone."""
_HIGHEST: Final = 4096
"""Above all descriptors that we have: as many as the system lets us have would take minutes to close, on some."""


class Witness:
    """Hears `signals` that are sent to our process group, while it is entered."""

    def __init__(self, signals: tuple[signal.Signals, ...]) -> None:
        self._signals = signals
        self._heard = b""
        self._pid: int | None = None
        self._ear = -1

    def __enter__(self) -> Witness:
        if not hasattr(signal, "sigtimedwait"):  # macOS: `heard` can only guess there
            return self
        with contextlib.suppress(OSError):  # no descriptor, no process to be had: as on macOS
            self._start()
        return self

    def _start(self) -> None:
        self._ear, mouth = os.pipe()
        os.set_blocking(self._ear, False)
        old = signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        ours = os.getpid()
        try:
            self._pid = os.fork()
            if not self._pid:
                _listen(self._signals, mouth, ours)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)
            os.close(mouth)

    def heard(self, number: int) -> bool:
        """Tell whether a signal that we got now was sent to the whole group."""
        if self._pid is None:
            return number in (signal.SIGINT, signal.SIGQUIT)  # a terminal's keys; the others come from a supervisor
        end = time.monotonic() + _PATIENCE
        while number not in self._heard:
            ready, _, _ = select.select([self._ear], [], [], max(0.0, end - time.monotonic()))
            try:
                piece = os.read(self._ear, 64) if ready else b""
            except BlockingIOError:
                continue  # another signal came meanwhile, and its handler has read all there was
            if not piece:
                return False
            self._heard += piece
        self._heard = self._heard.replace(bytes([number]), b"", 1)
        return True

    def __exit__(self, *error: object) -> None:
        if self._pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            os.close(self._ear)
            self._pid = None


def _listen(signals: tuple[signal.Signals, ...], mouth: int, parent: int) -> NoReturn:
    """Be the witness."""
    try:
        # Whoever waits for the end of our output, or for a lock of ours, is not to wait for the witness
        os.closerange(0, mouth)
        os.closerange(mouth + 1, _HIGHEST)
        while os.getppid() == parent:
            info = signal.sigtimedwait(signals, _GLANCE)
            if info is not None:
                os.write(mouth, bytes([info.si_signo]))
    finally:
        os._exit(0)
