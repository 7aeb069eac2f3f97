"""Whether a program's files changed: for `run --watch`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from triotrace.launch.target import Target

__all__ = ["Changes"]

_MOST_FILES = 2000
_ELSEWHERE = frozenset(["__pycache__", "node_modules", "site-packages", "venv", ".venv", ".git", ".tox"])


class Changes:
    """Watches the Python files in and below the folder of a script; of a module or command, the current folder."""

    def __init__(self, target: Target) -> None:
        script = Path(target.words[0]).absolute()
        self._folder = script.parent if target.kind == "script" else Path.cwd()
        self._last = self._look()

    def changed(self) -> bool:
        """Tell whether a file came, went or was saved since this was asked last."""
        now = self._look()
        different = now != self._last
        self._last = now
        return different

    def _look(self) -> dict[str, tuple[int, int]]:
        return dict(islice(self._files(), _MOST_FILES))

    def _files(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for folder, names, files in os.walk(self._folder):
            names[:] = sorted(name for name in names if name not in _ELSEWHERE and not name.startswith("."))
            for name in sorted(files):
                if not name.endswith(".py"):
                    continue
                path = Path(folder, name)
                try:
                    status = path.stat()
                except OSError:
                    continue  # gone meanwhile
                yield str(path), (status.st_mtime_ns, status.st_size)
