"""With which Python a script or module is run, and why with that one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from triotrace.clean import clean
from triotrace.errors import TriotraceError
from triotrace.launch.target import Target

__all__ = ["Python", "find_python"]

OLDEST = (3, 11)

_PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"  # for Pythons of any age
_LONGEST_FIRST_LINE = 512  # bytes; a kernel takes 256
_NAME = re.compile(r"python[\d.]*t?")


@dataclass(frozen=True, slots=True)
class Python:
    """A Python. `origin` says how it was found, where a user may not have expected it; else it is empty."""

    path: Path
    origin: str = ""

    def sentence(self) -> str:
        """Say which it is and why; nothing where it is the expected one."""
        return f"the Python was {clean(self._shown)}, {self.origin}" if self.origin else ""

    def beside(self, title: str) -> str:
        """Return the title of a program, with the Python where it is not the expected one."""
        return f"{title} (with {self._shown})" if self.origin else title

    @property
    def _shown(self) -> str:
        here = Path.cwd()
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)


def find_python(target: Target, chosen: str | None, environment: Mapping[str, str] = os.environ) -> Python:
    """Return the Python of a script or module, once it is sure that it is new enough.

    It is the `chosen` one, else that of the active virtual environment, of the script's `#!`, of the `.venv` beside the
    script or above it, or ours. Raises TriotraceError with the way to mend it.
    """
    own = Path(sys.executable)
    if chosen is not None:
        path = shutil.which(chosen)
        if path is None:
            raise TriotraceError(f"{clean(chosen)}: no such Python")
        python = Python(Path(path).absolute())
    else:
        found = next(_candidates(target, environment), None)
        if found is None:
            return Python(own, _why_ours())
        python = Python(own) if _is_same(found.path, own) else found
    if not _is_same(python.path, own):
        _probe(python)
    return python


def _candidates(target: Target, environment: Mapping[str, str]) -> Iterator[Python]:
    active = environment.get("VIRTUAL_ENV")
    if active and _runs(python := Path(active, "bin", "python").absolute()):
        yield Python(python)
    named = _named_by(Path(target.words[0])) if target.kind == "script" else None
    if named is not None:
        yield Python(named, f"which the first line of {clean(target.short)} names")
    place = Path.cwd() if target.kind == "module" else Path(target.words[0]).absolute()
    for folder in (place, *place.parents):
        if _runs(python := folder / ".venv" / "bin" / "python") and _is_trusted(folder / ".venv", place):
            yield Python(python, f"that of the .venv {'beside' if folder in (place, place.parent) else 'above'} it")


def _named_by(script: Path) -> Path | None:
    """Return the Python of a script's `#!`, if it names one that is there."""
    try:
        with script.open("rb") as file:
            line = file.readline(_LONGEST_FIRST_LINE)
    except OSError:  # a folder
        return None
    if not line.startswith(b"#!"):
        return None
    words = os.fsdecode(line[2:]).split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words or not _NAME.fullmatch(Path(words[0]).name):
        return None
    found = shutil.which(words[0])
    return None if found is None else Path(found).absolute()


def _runs(python: Path) -> bool:
    return os.access(python, os.X_OK)


def _is_trusted(venv: Path, place: Path) -> bool:
    """Tell whether it belongs to who may run code as this user anyway: above a script in `/tmp` anybody can put one."""
    try:
        return venv.stat().st_uid in (0, os.getuid(), place.stat().st_uid)
    except OSError:  # a script that is not there is told of when it is run
        return False


def _why_ours() -> str:
    # `pipx` and `uv tool` put a link elsewhere: their user knows nothing of the environment behind it
    return "triotrace's own: --python chooses another" if Path(sys.argv[0]).is_symlink() else ""


def _is_same(python: Path, own: Path) -> bool:
    # Two names in one folder are one installation; a symbolic link from another folder can be another environment.
    return python.parent == own.parent and python.resolve() == own.resolve()


def _probe(python: Python) -> None:
    name = clean(str(python.path)) + (f", {python.origin}," if python.origin else "")
    try:
        told = subprocess.run(
            [python.path, "-E", "-S", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=True,
        ).stdout
        version = tuple(int(number) for number in told.decode("ascii").split("."))
    except (OSError, ValueError, subprocess.SubprocessError):
        raise TriotraceError(f"{name} does not work as a Python; choose another with --python") from None
    if version < OLDEST:
        shown = ".".join(map(str, version))
        raise TriotraceError(f"{name} is Python {shown}; triotrace traces 3.11 and newer: choose another with --python")
