"""All lessons, each run plain and recorded: what the tests on lessons look at.

They run side by side, in the shadow of the one that sleeps for ten seconds; those that ask a server come last, when the
machine is quiet.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from programs import Ended, ended, plain, record, running

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("exemplo_*.py"))
TESTS = sorted(path.stem for path in EXAMPLES.glob("teste_*.py"))
ON_TRIO = [name for name in NAMES if name != "exemplo_00"]
FETCHING = ["exemplo_02", "exemplo_03", "exemplo_08"]
FREE = [*FETCHING, "exemplo_05"]
"""Sockets and threads have a say in what comes first there, so no two runs need be the same."""
ROUNDS = 8
"""How often the tests of the lesson on a channel run, in one process."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: run plain, from a copy of the folder, and recorded in started order, twice where both must agree."""

    plain: Ended
    recorded: tuple[Ended, ...]
    logs: tuple[Path, ...]


class _Class:
    """Lessons on their way, in `folder`."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder
        self.copy = folder / "copy"
        shutil.copytree(EXAMPLES, self.copy, ignore=shutil.ignore_patterns("__pycache__"))
        self.taught: dict[str, Lesson] = {}
        self._running: dict[str, list[subprocess.Popen[bytes]]] = {}
        self._logs: dict[str, tuple[Path, ...]] = {}

    def begin(self, name: str, *, times: int) -> None:
        """Start a lesson, plain and recorded."""
        self._logs[name] = tuple(self.folder / f"{name}.{number}.jsonl" for number in range(1, times + 1))
        commands = [plain(self.copy / f"{name}.py")]
        commands += [record(log, EXAMPLES / f"{name}.py", options=["--order", "started"]) for log in self._logs[name]]
        self._start(name, commands)

    def test(self, name: str, *, order: str, python: Iterable[str]) -> None:
        """Start tests of a copy, plain and recorded; `python` are the words behind `python`."""
        log = self.folder / f"{name}.jsonl"
        self._logs[name] = (log,)
        words = [sys.executable, *python]
        self._start(name, [words, record(log, "--", *words, options=["--order", order])])

    def _start(self, name: str, commands: list[list[str]]) -> None:
        self._running[name] = [self.stack.enter_context(running(command, cwd=self.folder)) for command in commands]

    def wait(self, *names: str) -> None:
        """Wait until these have ended."""
        for name in names:
            alone, *recorded = [ended(child) for child in self._running[name]]
            self.taught[name] = Lesson(alone, tuple(recorded), self._logs[name])


def teach(folder: Path) -> dict[str, Lesson]:
    """Run all lessons; `tests` are those of pytest, and `channel` is its third one, again and again."""
    pytest = ["-q", "-p", "no:cacheprovider"]
    again = f"import pytest\nfor _ in range({ROUNDS}): pytest.main({[*pytest, 'copy/teste_02.py']})"
    with ExitStack() as stack:
        school = _Class(stack, folder)
        calm = [name for name in NAMES if name not in FREE]
        for name in calm:
            school.begin(name, times=2)
        school.test("tests", order="started", python=["-m", "pytest", *pytest, *(f"copy/{name}.py" for name in TESTS)])
        school.test("channel", order=str(ROUNDS), python=["-c", again])
        sleeper = "exemplo_07"
        school.wait(*(name for name in calm if name != sleeper), "tests", "channel")
        for name in FREE:
            school.begin(name, times=1)
        school.wait(*FREE, sleeper)
        return school.taught
