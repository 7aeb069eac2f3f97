"""The lessons: where they are, what each is about, a copy of them for the user."""

from __future__ import annotations

import ast
from pathlib import Path

import triotrace
from triotrace.clean import clean
from triotrace.errors import TriotraceError

__all__ = ["copy_lessons", "lesson", "list_lessons"]

_PACKAGE = Path(triotrace.__file__).parent
_HOMES = (_PACKAGE / "examples", _PACKAGE.parents[1] / "examples")
"""In an installed package; in a working copy of the project."""


def lesson(name: str) -> Path:
    """Return the path of a lesson. Raises TriotraceError when this installation lacks it."""
    path = _home() / name
    if not path.is_file():
        raise TriotraceError(f"{name} is missing from {_home()}; install triotrace anew")
    return path


def list_lessons() -> str:
    """Return a line for each lesson: its name, and what it is about."""
    lessons = sorted(path for path in _home().glob("*.py") if path.name.startswith(("exemplo_", "teste_")))
    longest = max((len(path.name) for path in lessons), default=0)
    return "".join(f"{path.name:{longest}}  {_about(path)}\n" for path in lessons)


def copy_lessons(folder: Path) -> int:
    """Copy all files of the lessons into `folder`, overwriting none, and return how many. Raises TriotraceError."""
    files = sorted(path for path in _home().iterdir() if path.is_file() and not path.name.startswith("."))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in files:
            if (folder / path.name).exists():
                raise TriotraceError(
                    f"{clean(str(folder / path.name))} exists and is not overwritten; name another DIR"
                )
        for path in files:
            with (folder / path.name).open("xb") as copy:
                copy.write(path.read_bytes())
    except OSError as error:
        raise TriotraceError(f"{clean(str(folder))}: cannot be written: {error.strerror}") from None
    return len(files)


def _home() -> Path:
    for home in _HOMES:
        if (home / "exemplo_01.py").is_file():
            return home
    raise TriotraceError("the lessons are missing from this installation of triotrace; install it anew")


def _about(path: Path) -> str:
    lines = (ast.get_docstring(ast.parse(path.read_bytes())) or "").splitlines()
    return lines[0] if lines else ""
