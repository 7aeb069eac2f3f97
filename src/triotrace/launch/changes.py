"""Whether a program's files changed: for `run --watch`. The system tells a thread of ours; nobody walks the folder.

Watched are Python files (`.py`), in and below one folder. Not watched are hidden folders, virtual environments, and
those of packages and tools (`site-packages`, `node_modules`, `__pycache__`): a tool at work there has saved nothing.
"""

from __future__ import annotations

import threading
from pathlib import Path

from triotrace.launch.target import Target

__all__ = ["Changes"]

_ELSEWHERE = frozenset(["__pycache__", "node_modules", "site-packages"])
_PATIENCE = 2.0


class Changes:
    """Watches the folder of a script; of a module or command, the current folder."""

    def __init__(self, target: Target) -> None:
        script = Path(target.words[0]).absolute()
        self.folder = script.parent if target.kind == "script" else Path.cwd()
        self._saved = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="changes", daemon=True)
        self._thread.start()

    def changed(self) -> bool:
        """Tell whether a file came, went or was saved since this was asked last. At no cost."""
        saved = self._saved.is_set()
        self._saved.clear()
        return saved

    def close(self) -> None:
        """Watch no longer."""
        self._stop.set()
        self._thread.join(_PATIENCE)

    def counts(self, path: str) -> bool:
        """Tell whether a file is one that is watched."""
        file = Path(path)
        if file.suffix != ".py" or not file.is_relative_to(self.folder):
            return False
        *folders, _ = file.relative_to(self.folder).parts
        folder = self.folder
        for name in folders:
            folder /= name
            if name in _ELSEWHERE or name.startswith(".") or (folder / "pyvenv.cfg").exists():
                return False
        return True

    def _watch(self) -> None:
        from watchfiles import watch  # only who watches pays for it

        polling = False
        while not self._stop.is_set():
            try:
                for _ in watch(
                    self.folder,
                    watch_filter=lambda _change, path: self.counts(path),
                    stop_event=self._stop,
                    raise_interrupt=False,
                    force_polling=polling or None,
                ):
                    self._saved.set()
            except (OSError, RuntimeError):  # the system tells no more: too many folders, or the folder itself went
                if polling:
                    return
                polling = True
