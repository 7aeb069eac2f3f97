"""The text of a source file, as much as a log may hold; reading it never blocks and never raises."""

from __future__ import annotations

import io
import linecache
import os
import stat
import tokenize
from pathlib import Path

from triotrace.events import LIMIT_SOURCE

__all__ = ["read_source"]


def read_source(file: str, folder: str) -> str | None:
    """Return the text of `file`, relative names under `folder`; None if there is none to be had."""
    if file.startswith("<"):
        # A console, doctest or `-c` leaves its lines in the cache; nothing of theirs is on disk.
        entry = linecache.cache.get(file)
        return "".join(entry[2]) if entry is not None and len(entry) == 4 else None
    path = Path(folder, file)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123  # it is a descriptor: opening a FIFO by name would block
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            # A character takes four bytes at most; what is beyond is cut with the log's own mark.
            raw = stream.read(4 * LIMIT_SOURCE + 1)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return io.TextIOWrapper(io.BytesIO(raw), encoding, errors="replace").read()
    except (OSError, SyntaxError, ValueError, LookupError):
        return None  # gone, unreadable, or no text: the place alone must do
