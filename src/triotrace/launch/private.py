"""Private folders in the temporary folder: made, removed at the end, and swept when a run before was killed.

Rules:
- A folder is locked by who made it, for its life. The lock is seen under its name only once it is held.
- The program does not inherit the lock, as it would find our descriptor: its processes are named in the status file.
- What is swept is ours beyond doubt: name, owner, mode, and a lock file with our words that nobody holds.
- The lock file goes last, so what was begun is gone on with. Symlinks are never followed. No failure reaches a run.
- A process counts only if the system has not been started anew since: another one may have its number.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from triotrace.launch.processes import process_lives

__all__ = ["STATUS", "PrivateFolder", "Sweeper", "sweep"]

STATUS = "status"
"""The file in which the processes that use a folder are named, in lines of JSON."""

_PREFIX = "triotrace-"
_NAME = re.compile(r"triotrace-[a-z0-9_]{8}")  # as tempfile makes them
_LOCK = "lock"
_WORDS = b"a run of triotrace holds this while it lives\n"
_BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux only: elsewhere a number that recurs delays a sweep
_LONGEST_LINE = 4096  # bytes; of the lock file as of the status
_PATIENCE = 0.1
"""Seconds that a run which is over waits for its sweep: the next run sweeps the rest."""


class PrivateFolder:
    """A folder of mode 0700, by default where temporary files are, that the next run sweeps if we are killed."""

    def __init__(self, place: str | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        self._lock: int | None = None
        with suppress(OSError):  # a full disk, or no locks there: nobody will sweep it
            self._lock = _new_lock(self.path)

    def remove(self) -> None:
        """Delete it; it may be gone, or be deleted again."""
        with suppress(OSError), _opened_folder(str(self.path)) as folder:
            _empty(folder)
            self.path.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class Sweeper:
    """Sweeps aside while a run begins; nobody waits for it, but a moment at the end."""

    def __init__(self, places: Iterable[str]) -> None:
        self._thread = threading.Thread(target=_sweep_aside, args=(tuple(places),), name="sweep", daemon=True)
        with suppress(RuntimeError):  # no thread to be had
            self._thread.start()

    def finish(self) -> None:
        """Give it a moment more."""
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)


def sweep(places: Iterable[str]) -> None:
    """Delete what killed runs left behind in `places`. Raises nothing."""
    for place in {os.path.realpath(place) for place in places}:
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name):
                    with suppress(OSError):
                        _sweep_one(entry.path)


def _sweep_aside(places: Iterable[str]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are to interrupt who waits for the program
    sweep(places)


def _sweep_one(path: str) -> None:
    with _opened_folder(path) as folder:
        status = os.fstat(folder)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) != 0o700:
            return
        with _opened(_LOCK, folder) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            words = os.read(lock, _LONGEST_LINE)
            # Without a name it was of a folder that has just been removed; a second name may be of somebody's file
            if os.fstat(lock).st_nlink != 1 or not words.startswith(_WORDS):
                return
            if words == _WORDS + _boot() and any(map(process_lives, _processes(folder))):
                return
            _empty(folder)
            Path(path).rmdir()


def _new_lock(folder: Path) -> int:
    """Make the lock file of a folder, held from the moment that it has its name."""
    path = folder / f"{_LOCK}.new"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with ExitStack() as stack:
        stack.callback(os.close, lock)
        stack.callback(path.unlink, missing_ok=True)
        os.write(lock, _WORDS + _boot())
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.rename(folder / _LOCK)
        stack.pop_all()
    return lock


def _boot() -> bytes:
    with suppress(OSError):
        return _BOOT.read_bytes()
    return b""


def _empty(folder: int) -> None:
    """Delete all that can be; the lock file only if nothing else is left."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.name, dir_fd=folder)
                elif entry.name != _LOCK:
                    os.unlink(entry.name, dir_fd=folder)
    if os.listdir(folder) == [_LOCK]:
        os.unlink(_LOCK, dir_fd=folder)


def _processes(folder: int) -> Iterator[int]:
    """Yield the processes that are named in the status file."""
    with suppress(FileNotFoundError), _opened(STATUS, folder) as status, open(status, "rb", closefd=False) as file:
        for line in iter(lambda: file.readline(_LONGEST_LINE), b""):
            if b'"pid"' not in line:
                continue
            with suppress(ValueError, RecursionError):  # the program can write there too
                entry = json.loads(line)
                process = entry.get("pid") if isinstance(entry, dict) else None
                if type(process) is int and process > 0:
                    yield process


@contextmanager
def _opened_folder(path: str) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _opened(name: str, folder: int) -> Iterator[int]:
    """Open a regular file of ours. Raises OSError."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe of that name makes nobody wait
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise PermissionError(0, "not a file of ours")
        yield descriptor
    finally:
        os.close(descriptor)
