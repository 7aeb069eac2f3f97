"""Batches of events onto the end of the log file.

Rules:
- Before each write the descriptor must still be the log, by device and inode: a daemoniser closes all it finds and
  opens files of its own there, and must never find our bytes in them. If it is not, the log is opened anew, or we stop.
- A write that fails ends the log for good, at the end of a whole line. From then on events are only counted.
- Nothing here raises. The caller holds the lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from triotrace.events import Dropped, Event
from triotrace.log import encode

__all__ = ["LogWriter"]

_RESERVE = 2048
"""Bytes kept free below the largest size: for the `dropped` event and the parent's footer."""


class LogWriter:
    """Appends to one log until it is full, fails, or is no longer there."""

    def __init__(
        self,
        descriptor: int,
        path: str,
        *,
        max_size: int,
        raise_descriptor: Callable[[int], int],
        on_loss: Callable[[str, int], None],
    ) -> None:
        self._descriptor = descriptor
        self._path = path
        self._room = max_size - _RESERVE
        self._raise = raise_descriptor
        self._on_loss = on_loss
        status = os.fstat(descriptor)
        self._identity = status.st_dev, status.st_ino
        self._stopped = False
        self._untold = 0

    def write(self, batch: Sequence[Event]) -> None:
        """Append a batch, whole lines or none of it."""
        if self._stopped:
            self._untold += len(batch)
            return
        try:
            size = self._size()
        except OSError as error:
            self._stop(f"the log is gone: {error.strerror}", len(batch))
            return
        lines = encode(batch)
        if size + len(lines) > self._room:
            self._fill_up(batch, size)
            return
        self._append(lines, size, len(batch))

    def stop(self) -> None:
        """Write nothing more, and say nothing: this process is a fork."""
        self._stopped = True
        self._untold = 0

    def close(self) -> None:
        """Tell what was lost since the writing stopped."""
        if self._untold:
            self._on_loss("events after that", self._untold)
            self._untold = 0

    def _size(self) -> int:
        """Return the size of the log, having made sure that the descriptor is it. Raises OSError."""
        try:
            status = os.fstat(self._descriptor)
            if (status.st_dev, status.st_ino) == self._identity:
                return status.st_size
        except OSError:
            pass  # closed by the program
        descriptor = self._raise(os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW))
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != self._identity:
            os.close(descriptor)
            raise FileNotFoundError(0, "another file has its name")
        self._descriptor = descriptor
        return status.st_size

    def _append(self, lines: bytes, size: int, events: int) -> bool:
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._descriptor, lines[written:] if written else lines)
        except OSError as error:
            whole = lines[:written].rfind(b"\n") + 1
            with suppress(OSError):  # else the parent mends a torn last line
                os.ftruncate(self._descriptor, size + whole)
            self._stop(f"the log could not be written: {error.strerror}", events - lines.count(b"\n", 0, whole))
            return False
        return True

    def _fill_up(self, batch: Sequence[Event], size: int) -> None:
        """The largest size is reached: one `dropped` event says so."""
        times = [t for event in batch if (t := getattr(event, "t", None)) is not None]
        since = times[0] if times else 0
        self._stopped = True
        self._append(encode([Dropped(since, len(batch), since)]), size, 0)

    def _stop(self, reason: str, events: int) -> None:
        self._stopped = True
        self._on_loss(reason, events)
