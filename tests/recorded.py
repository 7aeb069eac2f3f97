"""The programs in `tests/cases`, each recorded when first asked for: what the tests on truths look at.

A case is a small program of a kind that people really have; its docstring says what is true of it. Those that never
end by themselves are interrupted, as Ctrl+C would, once nobody in them can go on.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from subprocess import PIPE

from programs import PATIENCE, Ended, ended, record, running
from triotrace.events import Event
from triotrace.log import LogTail, read_log
from triotrace.timeline.lanes import Lane
from triotrace.timeline.timeline import Timeline

CASES = Path(__file__).parent / "cases"
STUCK = {
    "sender_left_open": "got",
    "shield_holds": "",
    "limiter_twice": "",
    "pump_is_full": "one",
    "signals_keep_open": "",
    "two_locks": "",
    "server_keeps_open": "all clients are done",
    "mock_deadlock": "",
}
"""Those that never end, and what they print before they are stuck."""
DEAF = frozenset({"shield_holds"})
"""Those that Ctrl+C does not end."""
WORDS = {"many_starts": ("start", "50")}
"""What a case is called with, if it wants to be told something."""
COMMANDS = {"fixture_cancels": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "trio_mode=true"]}
"""Those that another program runs: on a copy, away from this suite's own configuration."""
SERVED = frozenset({"asgi_lock"})
"""Those that want a server, and clients: tests run them by themselves."""
NAMES = sorted(path.stem for path in CASES.glob("*.py") if path.stem not in SERVED)


@dataclass(frozen=True)
class Recorded:
    """A case that was recorded in started order."""

    name: str
    log: Path
    end: Ended

    @property
    def events(self) -> list[Event]:
        """All events of the log."""
        return [event for batch in read_log(self.log) for event in batch]

    @cached_property
    def timeline(self) -> Timeline:
        """What the log tells; it is sound."""
        timeline = read(self.log)
        assert [] == timeline.damages
        return timeline

    def lane(self, title: str) -> Lane:
        """Return the one lane that bears a title."""
        [found] = [lane for lane in self.timeline.lanes if self.timeline.title(lane) == title]
        return found

    def line(self, text: str) -> int:
        """Return the number of the one source line that has `text` in it."""
        lines = (CASES / f"{self.name}.py").read_text().split("\n")
        [found] = [number for number, line in enumerate(lines, 1) if text in line]
        return found


class Cases:
    """All cases, by name; each is recorded once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Recorded] = {}

    def __getitem__(self, name: str) -> Recorded:
        """Return a case, recorded now or before."""
        if name not in self._known:
            self._known[name] = self._record(name)
        return self._known[name]

    def _record(self, name: str) -> Recorded:
        log, script = self._folder / f"{name}.jsonl", CASES / f"{name}.py"
        command = COMMANDS.get(name)
        words = [script, *WORDS.get(name, ())]
        if command is not None:
            words = ["--", *command, shutil.copy(script, self._folder / f"test_{name}.py")]
        with running(record(log, *words, options=["--order", "started"]), cwd=self._folder, stdin=PIPE) as child:
            if name in STUCK:
                wait_until_stuck(log, STUCK[name])
                # The terminal would send it to all of them, too
                os.killpg(child.pid, signal.SIGTERM if name in DEAF else signal.SIGINT)
            return Recorded(name, log, ended(child))


def wait_until_stuck(log: Path, printed: str) -> None:
    """Wait until a program has printed something, and nobody in it can go on: no task is ready, no deadline is set."""
    end, timeline, looks = time.monotonic() + PATIENCE, Timeline(), 0
    while not log.exists():
        assert time.monotonic() < end, log
        time.sleep(0.01)
    with LogTail(log) as tail:
        slots = -1
        while looks < 4:
            assert time.monotonic() < end, f"{log} is not stuck"
            timeline.feed(tail.read())
            run = timeline.runs[-1] if timeline.runs else None
            idle = run is not None and run.waits is not None and run.waits.deadline is None
            said = "".join(entry.text for entry in timeline.prints)
            looks = looks + 1 if idle and len(timeline.tape) == slots and printed in said else 0
            slots = len(timeline.tape)
            time.sleep(0.05)


def read(log: Path) -> Timeline:
    """Return what a log tells."""
    timeline = Timeline()
    for batch in read_log(log):
        timeline.feed(batch)
    return timeline
