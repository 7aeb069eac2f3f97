"""What the viewer can do to what it shows: a living program and a finished tape are driven by the same keys."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

__all__ = ["Program", "StillTape"]


class Program(Protocol):
    """A traced program, or the tape of one."""

    @property
    def living(self) -> bool:
        """Whether the program still runs."""

    def interrupt(self) -> None:
        """Send what Ctrl+C in its terminal would send; nothing if it is over."""

    def keep(self, path: Path) -> Path:
        """Copy the log to a path and return where it lies. Raises TriotraceError."""


class StillTape:
    """Nothing lives behind it: events of a channel, or a log that is only looked at."""

    living = False

    def interrupt(self) -> None:
        """There is nobody to interrupt."""

    def keep(self, path: Path) -> Path:
        """There is no log behind it. Raises FileNotFoundError."""
        raise FileNotFoundError(path)
