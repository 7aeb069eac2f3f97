"""`run`: the program in a session of its own, its prints in private files, its end at our command."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from triotrace.clean import clean
from triotrace.errors import TriotraceError
from triotrace.launch.control import Control
from triotrace.launch.ending import Outcome, convert, finish_recording, leftovers
from triotrace.launch.inside import GRACE, Report, Wishes, Workplace
from triotrace.launch.names import LogPlace
from triotrace.launch.processes import group_lives
from triotrace.launch.record import start
from triotrace.launch.target import Target
from triotrace.log import keep_log

__all__ = ["Child"]

_PATIENCE = {signal.SIGINT: 2.0, signal.SIGTERM: 2.0, signal.SIGKILL: 2.0}
"""The ladder: each signal to the whole group, and the seconds it is given."""

_GLANCE = 0.01
_MOST_UNTOLD = 1024 * 1024  # bytes


class Child:
    """A program under `run`. It is over once its log has a footer; `end` and `finish` may be called at any time."""

    def __init__(
        self, target: Target, python: Path, place: LogPlace, wishes: Wishes, *, stdin: Path = Path(os.devnull)
    ) -> None:
        self._name = target.short
        self._place = place
        self._wishes = wishes
        self._workplace = Workplace()
        self.control = Control(self._workplace.folder / "control")
        self.paused = wishes.paused
        """Whether it was told to stand still."""
        self.pace = wishes.pace
        self._lock = threading.Lock()  # the viewer may ask from another thread than the one that ends it
        self._was_told_to_end = False
        self._grace_ends: float | None = None
        self._ended: tuple[int, Report, list[str]] | None = None
        try:
            with contextlib.ExitStack() as stack:
                descriptors = [_open(stdin, os.O_RDONLY | os.O_NOCTTY)]
                stack.callback(os.close, descriptors[0])
                for path in self._workplace.spills.values():
                    descriptors.append(_open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL))
                    stack.callback(os.close, descriptors[-1])
                self._process = start(
                    target.command(python),
                    self._workplace.environment(target, place.lines, wishes, capture=True, control=self.control.path),
                    stdin=descriptors[0],
                    stdout=descriptors[1],
                    stderr=descriptors[2],
                    own_session=True,
                )
                self._workplace.begun(self._process.pid)
        except BaseException:
            self.control.close()
            self._workplace.remove()
            place.release()
            raise
        self._watches = True
        self._watcher = threading.Thread(target=self._watch, name="child", daemon=True)
        self._watcher.start()

    @property
    def log(self) -> Path:
        """Where the program writes its log; the file may not exist yet."""
        return self._place.lines

    @property
    def living(self) -> bool:
        """Whether the program still runs, as far as is known. Once this says no, the log is whole. At no cost."""
        return self._ended is None and self._watches

    @property
    def returncode(self) -> int | None:
        """How it ended, -N for signal N, as far as is known."""
        return self._ended[0] if self._ended else None

    def poll(self) -> int | None:
        """Look whether the program has ended; if it has, finish the lines of its log and return how it ended."""
        with self._lock:
            if self._ended is None:
                returncode = self._process.poll()
                if returncode is None or self._is_within_grace():
                    return None
                report, problems = finish_recording(
                    self._place,
                    self._workplace,
                    returncode=returncode,
                    spilled=True,
                    max_size=self._wishes.max_size,
                )
                self._ended = returncode, report, problems
            return self._ended[0]

    def _watch(self) -> None:
        """Wait for its end, and finish the lines of its log then: nobody who draws is to wait for that."""
        try:
            self._process.wait()
            while self.poll() is None:
                time.sleep(_GLANCE)
        except (OSError, TriotraceError):
            self._watches = False  # `finish` tries again, and tells

    def interrupt(self) -> None:
        """Do what Ctrl+C in its own terminal would do."""
        if self.living:
            self.resume()  # what is held cannot take it
            self._signal(signal.SIGINT)

    def pause(self) -> None:
        """Hold it before its next step; its clock stands still."""
        self.paused = True
        self.control.send("pause")

    def resume(self) -> None:
        """Let it go on."""
        self.paused = False
        self.control.send("resume")

    def step(self) -> None:
        """Let one step happen; a program that runs is held at its next step."""
        self.paused = True
        self.control.send("step")

    def step_until(self, task: int) -> None:
        """Let it go forward until a task of the log has taken its next step; then it is held."""
        self.paused = False
        self.control.send(f"until {task}")

    def set_pace(self, steps_per_second: float | None) -> None:
        """Let it take so many steps a second; None: as they come."""
        self.pace = steps_per_second
        self.control.send("pace" if steps_per_second is None else f"pace {steps_per_second}")

    def go_on_alone(self) -> None:
        """Let it go on to its end, with nobody who watches or holds it."""
        self.set_pace(None)
        self.resume()
        while self.poll() is None:
            time.sleep(_GLANCE)

    def end(self) -> None:
        """End the program and all that it left in its process group, gently first."""
        self.set_pace(None)
        self.resume()
        for number, seconds in _PATIENCE.items():
            if not self._is_group_there():
                break
            self._was_told_to_end = True
            self._signal(number)
            self._signal(signal.SIGCONT)  # a stopped process takes no signal but this and SIGKILL
            deadline = time.monotonic() + seconds
            while self._is_group_there() and time.monotonic() < deadline:
                time.sleep(_GLANCE)
        self._process.wait()
        while self.poll() is None:
            time.sleep(_GLANCE)

    def keep(self, path: Path) -> Path:
        """Copy the log to `path`, in the form its name asks for. Raises TriotraceError."""
        return keep_log(self.log, path)

    def finish(self) -> Outcome:
        """End the program if it still runs, give its log its final form, clean up, and tell how it went."""
        self.end()
        self._watcher.join()
        assert self._ended is not None
        returncode, report, problems = self._ended
        self.control.close()
        log, more = convert(self._place)
        untold = () if log else tuple(leftovers(self._workplace, Report(), 0, room=_MOST_UNTOLD))
        self._workplace.remove()
        self._place.release()
        sentences = report.sentences(self._name, has_log=log is not None, problems=problems + more)
        if report.python is None and self._was_told_to_end:
            sentences = [f"no trace of {clean(self._name, 60)}: it was ended before its Python had begun"]
        return Outcome(returncode, log, tuple(sentences), untold)

    def _is_within_grace(self) -> bool:
        if self._grace_ends is None:
            self._grace_ends = time.monotonic() + GRACE
        return time.monotonic() < self._grace_ends and self._workplace.is_at_work()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _is_group_there(self) -> bool:
        self._process.poll()  # our own zombie would count as a member
        return self._process.returncode is None or group_lives(self._process.pid)


def _open(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TriotraceError(f"{clean(str(path))}: cannot be opened: {error.strerror}") from None
    return descriptor
