"""What to run: a script, a module or a command, with which Python. Says in one line what is wrong with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from triotrace.clean import clean
from triotrace.errors import TriotraceError, UsageError

__all__ = ["Target", "find_python", "parse_target"]

OLDEST = (3, 11)

# Parsed by Pythons of any age; -P is too young, so the current folder is taken off by hand.
_PROBE = """
import sys, json
sys.path[:] = [p for p in sys.path if p]
def missing(name):
    try:
        from importlib.util import find_spec
        return find_spec(name) is None
    except Exception:
        return True
print(json.dumps([sys.version_info[:2], [n for n in ("triotrace", "msgspec") if missing(n)]]))
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A program and its arguments. `words` are the script, the module or the command, and then the arguments."""

    kind: Literal["script", "module", "command"]
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call its log."""
        return Path(self.words[0]).stem if self.kind != "module" else self.words[0]

    @property
    def short(self) -> str:
        """What to call it in a sentence."""
        return f"-m {self.words[0]}" if self.kind == "module" else Path(self.words[0]).name or self.words[0]

    @property
    def title(self) -> str:
        """What to call it on the screen."""
        return " ".join((self.short, *self.words[1:]))

    def command(self, python: Path) -> list[str]:
        """Return the command that starts it; `python` runs a script or a module."""
        if self.kind == "command":
            return list(self.words)
        return [str(python), *(("-m",) if self.kind == "module" else ()), *self.words]

    def check(self) -> None:
        """Raise TriotraceError if there is no such script or command."""
        word = clean(self.words[0])
        if self.kind == "script":
            path = Path(self.words[0])
            try:
                if path.is_dir() and not (path / "__main__.py").is_file():
                    raise TriotraceError(f"{word}: a directory without __main__.py, not a script")
                if not path.exists():
                    raise TriotraceError(f"{word}: no such script; a module is run with -m, a command with --")
            except (OSError, ValueError) as error:
                raise TriotraceError(f"{word}: {getattr(error, 'strerror', error)}") from None
            if not os.access(path, os.R_OK):
                raise TriotraceError(f"{word}: you may not read this script")
        elif self.kind == "command" and shutil.which(self.words[0]) is None:
            raise TriotraceError(f"{word}: no such command")


def parse_target(words: Sequence[str]) -> Target:
    """Read `SCRIPT ARGS`, `-m MODULE ARGS` or `-- COMMAND ARGS`. Raises UsageError."""
    match list(words):
        case ["--", command, *arguments]:
            return Target("command", (command, *arguments))
        case ["-m", module, *arguments] if module:
            return Target("module", (module, *arguments))
        case [word, *arguments] if word.startswith("-m") and word != "-m":
            return Target("module", (word[2:], *arguments))
        case [script, *arguments] if script not in ("", "-m", "--"):
            return Target("script", (script, *arguments))
    raise UsageError("nothing to run: name a script, -m MODULE, or -- COMMAND")


def find_python(chosen: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the Python for scripts and modules, once it is sure that it can import what traces there.

    Raises TriotraceError with the way to mend it.
    """
    own = Path(sys.executable)
    active = environment.get("VIRTUAL_ENV")
    if chosen is not None:
        found = shutil.which(chosen)
        if found is None:
            raise TriotraceError(f"{clean(chosen)}: no such Python")
        python = Path(found).absolute()
    elif active and os.access(python := Path(active, "bin", "python"), os.X_OK):
        pass
    else:
        python = own
    if python != own and not _is_same(python, own):
        _probe(python)
    return python


def _is_same(python: Path, own: Path) -> bool:
    # Two names in one folder are one installation; a symbolic link from another folder can be another environment.
    return python.parent == own.parent and python.resolve() == own.resolve()


def _probe(python: Path) -> None:
    name = clean(str(python))
    try:
        told = subprocess.run(
            [python, "-c", _PROBE], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True
        ).stdout
        version, missing = json.loads(told)
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        raise TriotraceError(f"{name}: does not work as a Python; choose another with --python") from None
    if tuple(version) < OLDEST:
        raise TriotraceError(f"{name} is Python {version[0]}.{version[1]}; triotrace traces 3.11 and newer")
    if missing:
        lacks = " and ".join(missing)
        mend = f"{name} -m pip install triotrace"
        raise TriotraceError(f"{name} cannot import {lacks}: `{mend}`, or choose another Python with --python")
