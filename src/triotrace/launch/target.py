"""What to run: a script, a module or a command. Says in one line what is wrong with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from triotrace.clean import clean
from triotrace.errors import TriotraceError, UsageError

__all__ = ["Target", "parse_target"]


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
