"""What parent and child agree on: the environment that lets us in, and what the child reports back."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import triotrace
from triotrace.clean import clean
from triotrace.launch.apart import for_the_child
from triotrace.launch.control import SHALLOW
from triotrace.launch.private import STATUS, PrivateFolder, Sweeper
from triotrace.launch.processes import process_lives
from triotrace.launch.target import Target

__all__ = ["GRACE", "Report", "Wishes", "Workplace"]

INJECT = Path(triotrace.__file__).parent / "tracing" / "inject"

GRACE = 1.0
"""Seconds that the descendants of a command have, once it has ended, to end too before their log is closed."""

_LONGEST_REPORT = 1024 * 1024  # bytes; a program that writes into our private file does not fill our memory


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants of the recording."""

    order: str = "shuffled"
    source: bool = True
    output: bool = True
    max_size: int = 1024**3
    mine: tuple[str, ...] = ()
    paused: bool = False
    pace: float | None = None
    """Steps a second; None: as they come."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the child told about itself; all empty when nothing of ours ran there."""

    python: str | None = None
    missing: str | None = None
    slow: str | None = None
    """Why events were written by the slower of two encoders."""
    trio: str | None = None
    ran: bool = False
    lost: tuple[tuple[str, int], ...] = ()
    processes: tuple[int, ...] = ()
    consumed: Mapping[str, int] = field(default_factory=dict)

    @property
    def lost_count(self) -> int:
        """Events that were lost without a word in the log."""
        return sum(count for _, count in self.lost)

    def sentences(self, title: str, *, has_log: bool, problems: Sequence[str] = ()) -> list[str]:
        """Say why there is no trace, or what it lacks; nothing when all is well. `problems` are the parent's own."""
        name = clean(title, 60)
        troubles = [f"{reason}{f' ({count} events)' if count else ''}" for reason, count in self.lost]
        troubles += problems
        if self.missing is not None:
            return [f"no trace of {name}: it cannot be traced in its Python {self.python}: {self.missing}"]
        if self.python is None:
            why = "nothing of triotrace ran in it: it is no Python, or one started with -I, -E or -S"
            return [f"no trace of {name}: {'; '.join([why, *troubles])}"]
        if not has_log and (self.ran or troubles):
            where = ["trio ran where it could not be followed"] if self.ran else []
            return [f"no trace of {name}: {'; '.join([*where, *troubles])}"]
        said = [f"the trace is incomplete: {'; '.join(troubles)}"] if troubles else []
        if self.trio is None:
            said.append(f"{name} never started trio: it did not even import it")
        elif not self.ran:
            said.append(f"{name} imported trio {self.trio}, but never started it")
        elif self.slow is not None and not said:
            said.append(f"a step of {name} took about a third longer to trace than it could: {self.slow}")
        return said


class Workplace:
    """The private folder of one run, mode 0700: the status file, and the spill files of its prints."""

    def __init__(self) -> None:
        self._private = PrivateFolder()
        self.folder = self._private.path
        self.status = self.folder / STATUS
        self.status.touch(mode=0o600)
        self.spills = {stream: self.folder / stream for stream in ("stdout", "stderr")}
        self._sweeper: Sweeper | None = None

    def environment(
        self, target: Target, log: Path, wishes: Wishes, *, capture: bool, control: Path | None = None
    ) -> dict[str, str]:
        """Return the environment in which the program traces itself."""
        pythonpath = os.environ.get("PYTHONPATH")
        agreed = {
            "log": str(log),
            "status": str(self.status),
            "claim": "first" if target.kind == "command" else "self",
            "pid": os.getpid(),
            "pythonpath": pythonpath,
            "triotrace": os.environ.get("TRIOTRACE"),
            "order": wishes.order,
            "source": wishes.source,
            "output": wishes.output,
            "capture": {stream: str(path) for stream, path in self.spills.items()} if capture else None,
            "max_size": wishes.max_size,
            "mine": list(wishes.mine),
            "control": None if control is None else str(control),
            "paused": wishes.paused,
            "pace": wishes.pace,
            **for_the_child(self.folder),
        }
        # An empty PYTHONPATH counts as none; joined to a path it would mean the current folder.
        path = f"{INJECT}{os.pathsep}{pythonpath}" if pythonpath else str(INJECT)
        return {**os.environ, "PYTHONPATH": path, "TRIOTRACE": json.dumps(agreed)}

    def report(self) -> Report:
        """Read what the child told. What is no entry of ours is passed over: the program can write there too."""
        try:
            with self.status.open("rb") as file:
                lines = file.read(_LONGEST_REPORT).splitlines()
                if file.seek(0, os.SEEK_END) > _LONGEST_REPORT:  # the latest counts, and what began it all
                    file.seek(max(_LONGEST_REPORT, file.tell() - _LONGEST_REPORT))
                    lines += file.read(_LONGEST_REPORT).splitlines()
        except OSError:
            lines = []
        told: dict[str, object] = {}
        lost: list[tuple[str, int]] = []
        processes: list[int] = []
        for line in lines:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict):
                told |= entry
                if "lost" in entry:
                    lost.append((_text(entry["lost"]) or "for an unknown reason", _count(entry.get("count"))))
                if process := _count(entry.get("pid")):
                    processes.append(process)
        consumed = told.get("consumed")
        return Report(
            python=_text(told.get("python")),
            missing=_text(told.get("missing")),
            slow=_text(told.get("slow")),
            trio=_text(told.get("trio")),
            ran="run" in told,
            lost=tuple(lost),
            processes=tuple(processes),
            consumed={name: _count(consumed.get(name)) for name in self.spills} if isinstance(consumed, dict) else {},
        )

    def is_at_work(self) -> bool:
        """Whether a process that might write the log still lives: of a command, a descendant may outlive the first."""
        return any(process_lives(process) for process in self.report().processes)

    def begun(self, process: int) -> None:
        """Note the program, which may outlive us and still use the folder; from now on, sweep aside."""
        with contextlib.suppress(OSError), self.status.open("ab", buffering=0) as file:
            file.write(b'{"pid": %d}\n' % process)
        self._sweeper = Sweeper({tempfile.gettempdir(), SHALLOW})  # not before: a fork wants to be alone

    def remove(self) -> None:
        """Delete the folder."""
        if self._sweeper is not None:
            self._sweeper.finish()
        self._private.remove()


def _text(value: object) -> str | None:
    return clean(value, 200) if isinstance(value, str) else None


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value < 2**53 else 0
