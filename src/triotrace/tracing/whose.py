"""Whose code is it: the user's own, an installed package's, Python's, or trio's? The user's ranks highest."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trio

__all__ = ["LIBRARY", "PYTHON", "TRIO", "USER", "Whose"]

TRIO: Final = 0
PYTHON: Final = 1
LIBRARY: Final = 2
USER: Final = 3

_OURS: Final = str(Path(__file__).parent.parent) + os.sep
_LESSONS: Final = _OURS + "examples" + os.sep
_TRIO: Final = str(Path(trio.__file__).parent) + os.sep
_PYTHON: Final = str(Path(os.__file__).parent) + os.sep
_PYTHON_REAL: Final = os.path.realpath(Path(os.__file__).parent) + os.sep
_PACKAGES: Final = ("site-packages", "dist-packages")

# Code without a file that a person typed; every other name in angle brackets was generated.
_TYPED: Final = ("<stdin>", "<string>", "<doctest", "<ipython-input", "<console>", "<python-input")


class Whose:
    """Tells the owner of a source file by its name alone; no file is opened."""

    def __init__(self, mine: Sequence[str] = ()) -> None:
        self._mine = frozenset(mine)

    def rank(self, file: str) -> int:
        """Rank the owner of `file`, a code object's `co_filename`."""
        if file.startswith("<"):
            return USER if file.startswith(_TYPED) else PYTHON
        if file.startswith(_TRIO):
            return TRIO
        if file.startswith(_OURS):
            return USER if file.startswith(_LESSONS) else TRIO  # our own frames are no more interesting than trio's
        package = _package(file)
        if package is not None:
            return USER if package in self._mine else LIBRARY
        if file.startswith((_PYTHON, _PYTHON_REAL)):
            return PYTHON
        return USER

    def inside_trio(self, file: str) -> str | None:
        """Return the path of `file` below trio's package, with forward slashes; None for any other file."""
        return file[len(_TRIO) :].replace(os.sep, "/") if file.startswith(_TRIO) else None


def _package(file: str) -> str | None:
    parts = Path(file).parts
    for place, part in enumerate(parts[:-1]):
        if part in _PACKAGES:
            return parts[place + 1].removesuffix(".py")
    return None
