"""Which processes still live. Zombies do not: in a container, orphans may find nobody to reap them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["group_lives", "process_lives"]

_PROC = Path("/proc")


def process_lives(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's: a child of the program that took other rights
        pass
    return _lives(_PROC / str(process) / "stat") is not None


def group_lives(group: int) -> bool:
    """Whether a process group, whose leader has been reaped if it ended, has members that are no zombies."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies; what we started is ours
        return False
    if not (_PROC / "self" / "stat").exists():
        return True
    return any(_lives(stat) == group for stat in _PROC.glob("[0-9]*/stat"))


def _lives(stat: Path) -> int | None:
    """Return the process group, None of a zombie or of what is gone; 0 where the system has no such file."""
    if not (_PROC / "self" / "stat").exists():
        return 0
    with contextlib.suppress(OSError):
        state, _parent, group, *_ = stat.read_bytes().rpartition(b") ")[2].split()
        if state not in (b"Z", b"X"):
            return int(group)
    return None
