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

    @property
    def paused(self) -> bool:
        """Whether it was told to stand still."""

    @property
    def pace(self) -> float | None:
        """Steps a second; None: as they come."""

    def interrupt(self) -> None:
        """Send what Ctrl+C in its terminal would send; nothing if it is over."""

    def pause(self) -> None:
        """Hold it before its next step."""

    def resume(self) -> None:
        """Let it go on, at its pace."""

    def step(self) -> None:
        """Let one step happen; a program that runs is held at its next step."""

    def step_until(self, task: int) -> None:
        """Let it go forward until a task of the log has taken its next step; until then it is not paused."""

    def set_pace(self, steps_per_second: float | None) -> None:
        """Let it take so many steps a second."""

    def keep(self, path: Path) -> Path:
        """Copy the log to a path and return where it lies. Raises TriotraceError."""


class StillTape:
    """Nothing lives behind it: events of a channel, or a log that is only looked at."""

    living = False
    paused = False
    pace: float | None = None

    def interrupt(self) -> None:
        """There is nobody to interrupt."""

    def pause(self) -> None:
        """It stands still as it is."""

    def resume(self) -> None:
        """It cannot go on."""

    def step(self) -> None:
        """It has no further step."""

    def step_until(self, task: int) -> None:
        """It has no further step."""

    def set_pace(self, steps_per_second: float | None) -> None:
        """Remember the pace: the tape is played at it."""
        self.pace = steps_per_second

    def keep(self, path: Path) -> Path:
        """There is no log behind it. Raises FileNotFoundError."""
        raise FileNotFoundError(path)
