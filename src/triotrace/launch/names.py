"""Where logs live: beside the user under a name that is free, or in the cache, which keeps the last ten."""

from __future__ import annotations

import datetime
import fcntl
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from triotrace.clean import clean
from triotrace.errors import TriotraceError
from triotrace.log import is_converted, is_log

__all__ = [
    "KEPT",
    "LogPlace",
    "cache_folder",
    "cached_place",
    "chosen_place",
    "free_place",
    "newest_log",
    "place_after",
    "traceback_beside",
]

KEPT = 10
"""Logs in the cache."""


@dataclass(slots=True)
class LogPlace:
    """Where the program writes its log, and the name the log gets at the end. Ours alone until it is released.

    The lock is that of `lines`; where an older log waits to be replaced, that of `final`.
    """

    lines: Path
    final: Path
    force: bool = False
    replaces: bool = False
    lock: int | None = None

    @property
    def may_take_its_name(self) -> bool:
        """Whether nothing is at `final`, or an older log that the user gave up."""
        return not os.path.lexists(self.final) or (self.force and _is_replaceable(self.final))

    def release(self) -> None:
        """Let go of the log once it is whole."""
        if self.lock is not None:
            _lock_of(self.final if self.replaces else self.lines).unlink(missing_ok=True)
            os.close(self.lock)
            self.lock = None


def chosen_place(path: Path, *, force: bool) -> LogPlace:
    """Take the name that the user chose. Raises TriotraceError when it is taken, unless by a log and with `force`.

    That log stays until the new one is whole.
    """
    name = clean(str(path))
    try:
        final = path.absolute()
    except FileNotFoundError:
        raise TriotraceError(f"{name}: the current folder is gone; name the log by its whole path") from None
    _check_folder(final.parent)
    if os.path.lexists(final):
        if final.is_symlink():
            raise TriotraceError(f"{name}: a link, not a file that a log could replace; name what it leads to")
        if not final.is_file():
            raise TriotraceError(f"{name}: not a file that a log could replace")
        if not force:
            raise TriotraceError(f"{name} exists: choose another name, or overwrite it with --force")
        if not _is_replaceable(final):
            raise TriotraceError(f"{name}: --force replaces only logs, and this is none; choose another name")
    replaces = os.path.lexists(final)
    if is_converted(final) and not replaces:
        lines, lock = _take_free(final.parent, f"{final.name}.recording", ".jsonl")
        return LogPlace(lines, final, force, lock=lock)
    free, lock = _take(final)
    if not free:
        raise TriotraceError(f"{name}: another triotrace writes this log right now; choose another name")
    if not replaces:
        return LogPlace(final, final, force, lock=lock)
    names = (final.with_name(f"{final.name}.recording{number}.jsonl") for number in _numbers())
    return LogPlace(next(name for name in names if not os.path.lexists(name)), final, force, replaces, lock)


def _numbers() -> Iterator[str]:
    yield ""
    for number in itertools.count(2):
        yield f".{number}"


def _is_replaceable(path: Path) -> bool:
    return not path.is_symlink() and path.is_file() and is_log(path)


def free_place(name: str, folder: Path | None = None) -> LogPlace:
    """Find NAME.triotrace.jsonl in the current folder, numbered when it exists; in the cache, if the folder is gone."""
    try:
        folder = folder or Path.cwd()
    except FileNotFoundError:
        return cached_place(name)
    _check_folder(folder)
    path, lock = _take_free(folder, f"{_tame(name)}.triotrace", ".jsonl")
    return LogPlace(path, path, lock=lock)


def place_after(final: Path) -> LogPlace:
    """Find a name for the log of a further run, numbered after that of the first: `name.2.jsonl`."""
    stem, dot, suffix = final.name.partition(".jsonl") if ".jsonl" in final.name else final.name.partition(".json")
    path, lock = _take_free(final.parent, stem, dot + suffix, first=2)
    if not is_converted(path):
        return LogPlace(path, path, lock=lock)
    LogPlace(path, path, lock=lock).release()
    lines, lock = _take_free(final.parent, f"{path.name}.recording", ".jsonl")
    return LogPlace(lines, path, lock=lock)


def cached_place(name: str) -> LogPlace:
    """Find a new name in the cache, and make room for it. Raises TriotraceError."""
    folder = cache_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise TriotraceError(f"{clean(str(folder))} belongs to another user; name a log with -o")
        folder.chmod(0o700)
        _prune(folder)
    except OSError as error:
        text = f"{clean(str(folder))}: {error.strerror}, so the run cannot be kept there; name a log with -o"
        raise TriotraceError(text) from None
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S-%f")
    path, lock = _take_free(folder, f"{stamp}-{_tame(name)}", ".jsonl")
    return LogPlace(path, path, lock=lock)


def cache_folder() -> Path:
    """Return the folder of the kept logs, by the custom of the system."""
    return platformdirs.user_cache_path("triotrace", appauthor=False)


def traceback_beside(log: Path) -> Path:
    """Return where tracebacks of the viewer of a log are kept."""
    return log.with_name(f"{log.name}.viewer-failed.txt")


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
        free, lock = _take(log)
        if free:
            log.unlink(missing_ok=True)
            traceback_beside(log).unlink(missing_ok=True)
            LogPlace(log, log, lock=lock).release()


def _take_free(folder: Path, stem: str, suffix: str, *, first: int = 1) -> tuple[Path, int | None]:
    """Return the first name that is free, numbered from 2 on, and its lock."""
    for number in itertools.count(first):
        path = folder / (f"{stem}.{number}{suffix}" if number > 1 else f"{stem}{suffix}")
        if path.exists() or path.is_symlink():
            continue
        free, lock = _take(path)
        if free and not path.exists():
            return path, lock
        LogPlace(path, path, lock=lock).release()  # whoever had it has finished meanwhile
    raise AssertionError


def _take(path: Path) -> tuple[bool, int | None]:
    """Lock a name against every other triotrace; return whether it is ours, and the descriptor that holds it.

    The program creates the log itself, some time after its name was found free: until then only this tells.
    """
    while True:
        lock = None
        try:
            lock = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock).st_nlink:
                return True, lock
            os.close(lock)  # it was released, and deleted, before we had it
        except OSError as error:
            if lock is not None:
                os.close(lock)
            # A file system without locks: nothing protects, and nothing is in the way
            return not isinstance(error, BlockingIOError), None


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _tame(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name).strip(".")[:80] or "program"


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise TriotraceError(f"{clean(str(folder))}: no such folder, so no log can be written there")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise TriotraceError(f"{clean(str(folder))}: you may not write here; name a log elsewhere with -o")
