"""The text of a source file, as much as a log may hold; reading it never blocks and never raises."""

from __future__ import annotations

import io
import linecache
import os
import stat
import time
import tokenize
from importlib.util import cache_from_source
from pathlib import Path

from triotrace.events import LIMIT_SOURCE

__all__ = ["read_source"]

_BEGUN = time.time_ns()
"""When this process was asked to be watched: what is saved after that may be other than what runs."""
_FIELD = 0xFFFF_FFFF


def read_source(file: str, folder: str) -> str | None:
    """Return the text of `file`, relative names under `folder`; None if there is none to be had.

    None, too, if the file was saved after this process began and is not what its module was compiled from: columns that
    were compiled from another text would point at the wrong words.
    """
    if file.startswith("<"):
        # A console, doctest or `-c` leaves its lines in the cache; nothing of theirs is on disk.
        entry = linecache.cache.get(file)
        return "".join(entry[2]) if entry is not None and len(entry) == 4 else None
    path = Path(folder, file)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123  # it is a descriptor: opening a FIFO by name would block
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return None
            if found.st_mtime_ns > _BEGUN and _is_compiled_from_another(path, found):
                return None
            # A character takes four bytes at most; what is beyond is cut with the log's own mark.
            raw = stream.read(4 * LIMIT_SOURCE + 1)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return io.TextIOWrapper(io.BytesIO(raw), encoding, errors="replace").read()
    except (OSError, SyntaxError, ValueError, LookupError):
        return None  # gone, unreadable, or no text: the place alone must do


def _is_compiled_from_another(path: Path, found: os.stat_result) -> bool:
    """Tell whether Python keeps a compiled form of a file that was made from a text of another time or size."""
    try:
        head = Path(cache_from_source(path)).read_bytes()[:16]
    except (OSError, NotImplementedError):
        return False  # nobody knows
    flags, saved, size = (int.from_bytes(head[at : at + 4], "little") for at in (4, 8, 12))
    return len(head) == 16 and not flags and (saved, size) != (int(found.st_mtime) & _FIELD, found.st_size & _FIELD)
