"""Where logs live: beside the user under a name that is free, or in the cache, which keeps the last ten."""

from __future__ import annotations

import datetime
import fcntl
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import platformdirs

from triotrace.clean import clean
from triotrace.errors import TriotraceError
from triotrace.log import is_converted

__all__ = ["KEPT", "LogPlace", "cache_folder", "cached_place", "chosen_place", "free_place", "newest_log"]

KEPT = 10
"""Logs in the cache."""


@dataclass(slots=True)
class LogPlace:
    """Where the program writes its log, and the name the log gets at the end."""

    lines: Path
    final: Path
    force: bool = False
    lock: IO[bytes] | None = None  # held while a cached log is written, so that nobody deletes it

    def release(self) -> None:
        """Let go of the log once it is whole."""
        if self.lock:
            Path(self.lock.name).unlink(missing_ok=True)
            self.lock.close()
            self.lock = None


def chosen_place(path: Path, *, force: bool) -> LogPlace:
    """Take the name that the user chose. Raises TriotraceError when it is taken, unless `force`."""
    final, name = path.absolute(), clean(str(path))
    _check_folder(final.parent)
    if final.exists() or final.is_symlink():
        if not final.is_file():
            raise TriotraceError(f"{name}: not a file that a log could replace")
        if not force:
            raise TriotraceError(f"{name} exists: choose another name, or overwrite it with --force")
    if is_converted(final):
        return LogPlace(_free(final.parent, f"{final.name}.recording", ".jsonl"), final, force)
    if force:
        try:
            final.unlink(missing_ok=True)  # the program makes its log anew: it never writes into a file it finds
        except OSError as error:
            raise TriotraceError(f"{name}: cannot be overwritten: {error.strerror}") from None
    return LogPlace(final, final, force)


def free_place(name: str, folder: Path | None = None) -> LogPlace:
    """Find NAME.triotrace.jsonl in the current folder, numbered when it exists."""
    folder = folder or Path.cwd()
    _check_folder(folder)
    path = _free(folder, f"{_tame(name)}.triotrace", ".jsonl")
    return LogPlace(path, path)


def cached_place(name: str) -> LogPlace:
    """Find a new name in the cache, and make room for it. Raises TriotraceError."""
    folder = cache_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise TriotraceError(f"{clean(str(folder))} belongs to another user; name a log with -o")
        folder.chmod(0o700)
        _prune(folder)
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S-%f")
        path = folder / f"{stamp}-{_tame(name)}.jsonl"
        lock = path.with_suffix(".lock").open("xb")  # open as long as the log is written
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        text = f"{clean(str(folder))}: {error.strerror}, so the run cannot be kept there; name a log with -o"
        raise TriotraceError(text) from None
    return LogPlace(path, path, lock=lock)


def cache_folder() -> Path:
    """Return the folder of the kept logs, by the custom of the system."""
    return platformdirs.user_cache_path("triotrace", appauthor=False)


def newest_log() -> Path:
    """Return the log of the newest run. Raises TriotraceError when there is none."""
    logs = _cached(cache_folder())
    if not logs:
        raise TriotraceError("no run is kept yet: `triotrace run SCRIPT` makes one, or name a LOG")
    return logs[-1]


def _cached(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.glob("*.jsonl") if path.is_file())
    except OSError:
        return []


def _prune(folder: Path) -> None:
    """Delete all but the newest, and leave room for one; one that is being written stays."""
    for log in _cached(folder)[: -(KEPT - 1)]:
        lock = log.with_suffix(".lock")
        try:
            with lock.open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            pass
        except OSError:
            continue  # somebody writes it
        log.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)


def _free(folder: Path, stem: str, suffix: str) -> Path:
    for number in itertools.count(1):
        path = folder / (f"{stem}.{number}{suffix}" if number > 1 else f"{stem}{suffix}")
        if not (path.exists() or path.is_symlink()):
            return path
    raise AssertionError


def _tame(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name).strip(".")[:80] or "program"


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise TriotraceError(f"{clean(str(folder))}: no such folder, so no log can be written there")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise TriotraceError(f"{clean(str(folder))}: you may not write here; name a log elsewhere with -o")
