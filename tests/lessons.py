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
ROUNDS = 24
"""How often the lesson with a flaky test runs, in one process: that all rounds are alike will not be seen."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: run plain, and recorded in started order, twice where both must agree.

    The plain one is of a copy of the folder, so that it lacks nothing that is elsewhere, and where a proxy is to be
    asked for all addresses but is not there.
    """

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
        proxy = "http://127.0.0.1:9"
        environments = [{"HTTP_PROXY": proxy, "http_proxy": proxy}, *[{}] * (len(commands) - 1)]
        self._running[name] = [
            self.stack.enter_context(running(command, cwd=self.folder, env=env))
            for command, env in zip(commands, environments, strict=True)
        ]

    def wait(self, *names: str) -> None:
        """Wait until these have ended."""
        for name in names:
            alone, *recorded = [ended(child) for child in self._running[name]]
            self.taught[name] = Lesson(alone, tuple(recorded), self._logs[name])


def teach(folder: Path) -> dict[str, Lesson]:
    """Run all lessons; `tests` are those for pytest, `flaky` is the third of them again and again, shuffled by trio."""
    pytest = ["-q", "-p", "no:cacheprovider"]
    again = f"import pytest\nfor _ in range({ROUNDS}): pytest.main({[*pytest, 'copy/teste_02.py']})"
    with ExitStack() as stack:
        school = _Class(stack, folder)
        calm = [name for name in NAMES if name not in FREE]
        for name in calm:
            school.begin(name, times=2)
        school.test("tests", order="started", python=["-m", "pytest", *pytest, *(f"copy/{name}.py" for name in TESTS)])
        school.test("flaky", order="shuffled", python=["-c", again])
        sleeper = "exemplo_07"
        school.wait(*(name for name in calm if name != sleeper), "tests", "flaky")
        for name in FREE:
            school.begin(name, times=1)
        school.wait(*FREE, sleeper)
        return school.taught
