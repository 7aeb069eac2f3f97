"""Tracebacks of the viewer's own, kept in a file beside the log: what somebody who reports a fault of ours can send."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

from triotrace import __version__
from triotrace.launch import traceback_beside

__all__ = ["keep_traceback"]


def keep_traceback(log: Callable[[], Path]) -> Callable[[str], Path | None]:
    """Return what appends a traceback to the file beside the log of the moment, and returns that file.

    Where nothing can be written there, it is a file of its own among the temporary ones; None if that fails, too.
    """

    def keep(text: str) -> Path | None:
        beside = traceback_beside(log())
        for path in (beside, Path(tempfile.gettempdir(), beside.name)):
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(f"triotrace {__version__}, Python {platform.python_version()}\n{text}\n")
            except OSError:
                continue
            return path
        return None

    return keep
