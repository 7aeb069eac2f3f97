"""Batches of events onto the end of the log file.

Rules:
- Events are encoded a few at a time, while they are still in the processor's cache, and written many at once.
- Before each write the descriptor must still be the log, by device and inode: a daemoniser closes all it finds and
  opens files of its own there, and must never find our bytes in them. If it is not, the log is opened anew, or we stop.
- A write that fails ends the log for good, at the end of a whole line. From then on events are only counted.
- Nothing here raises. The caller holds the lock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress

from triotrace.events import Dropped, Event
from triotrace.log import encode

__all__ = ["LogWriter"]

_RESERVE = 2048
"""Bytes kept free below the largest size: for the `dropped` event and the parent's footer."""

_TIME = re.compile(rb'"t":(\d+)')


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
        self._lines: list[bytes] = []
        self._stopped = False
        self._untold = 0

    def take(self, events: Sequence[Event]) -> None:
        """Take events, to be written soon."""
        if self._stopped:
            self._untold += len(events)
        else:
            self._lines.append(encode(events))

    def write(self) -> None:
        """Append what was taken: whole lines, as many as there is room for."""
        if not self._lines:
            return
        lines = b"".join(self._lines)
        self._lines.clear()
        try:
            size = self._size()
        except OSError as error:
            self._stop(f"the log is gone: {error.strerror}", lines)
            return
        room = max(0, self._room - size)
        if len(lines) <= room:
            self._append(lines, size)
            return
        fits = lines.rfind(b"\n", 0, room) + 1
        if self._append(lines[:fits], size):
            self._fill_up(lines[fits:], size + fits)

    def stop(self) -> None:
        """Write nothing more, and say nothing: this process is a fork."""
        self._stopped = True
        self._lines.clear()
        self._untold = 0

    def close(self) -> None:
        """Write what was taken; tell what was lost since the writing stopped."""
        self.write()
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

    def _append(self, lines: bytes, size: int) -> bool:
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._descriptor, lines[written:] if written else lines)
        except OSError as error:
            whole = lines.rfind(b"\n", 0, written) + 1
            with suppress(OSError):  # else the parent mends a torn last line
                os.ftruncate(self._descriptor, size + whole)
            self._stop(f"the log could not be written: {error.strerror}", lines[whole:])
            return False
        return True

    def _fill_up(self, lost: bytes, size: int) -> None:
        """The largest size is reached: one `dropped` event says so."""
        found = _TIME.search(lost)
        since = 0 if found is None else int(found[1])
        self._stopped = True
        self._append(encode([Dropped(since, lost.count(b"\n"), since)]), size)

    def _stop(self, reason: str, lost: bytes) -> None:
        self._stopped = True
        self._on_loss(reason, lost.count(b"\n"))
