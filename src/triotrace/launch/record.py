"""`record`: the program keeps our terminal, process group, stdin and prints; we wait, and finish its log."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from triotrace.clean import clean
from triotrace.errors import TriotraceError
from triotrace.launch.ending import Outcome, convert, finish_recording
from triotrace.launch.inside import GRACE, Wishes, Workplace
from triotrace.launch.names import LogPlace
from triotrace.launch.target import Target
from triotrace.launch.witness import Witness

__all__ = ["die_of", "record", "start"]

_PASSED_ON = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)
"""What the program is to get, unless it has got it too: a terminal sends to the whole process group."""


def record(target: Target, python: Path, place: LogPlace, wishes: Wishes) -> Outcome:
    """Run `target` to its end and finish its log. Raises TriotraceError when it cannot be started."""
    workplace = Workplace()
    try:
        environment = workplace.environment(target, place.lines, wishes, capture=False)
        with Witness(_PASSED_ON) as witness, _Signals(witness) as signals:
            signals.program = child = start(target.command(python), environment)
            workplace.begun(child.pid)
            signals.send_waiting()
            returncode = child.wait()
            _await_descendants(workplace)
            report, problems = finish_recording(
                place, workplace, returncode=returncode, spilled=False, max_size=wishes.max_size
            )
            log, more = convert(place)
    finally:
        workplace.remove()
        place.release()
    sentences = report.sentences(target.short, has_log=log is not None, problems=problems + more)
    return Outcome(returncode, log, tuple(sentences))


def _await_descendants(workplace: Workplace) -> None:
    deadline = time.monotonic() + GRACE
    while workplace.is_at_work() and time.monotonic() < deadline:
        time.sleep(0.01)


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    own_session: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program, which inherits each descriptor that we inherited. Raises TriotraceError."""
    try:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            close_fds=False,  # Python opens its own so that they do not pass on; the shell's `3>file` must
            start_new_session=own_session,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise TriotraceError(f"{clean(command[0])}: cannot be started: {clean(str(why))}") from None


def die_of(signal_number: int) -> None:
    """End this process by a signal, as the program did, so that a shell sees no difference."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # one core is enough
    with contextlib.suppress(OSError, ValueError):  # of SIGKILL nothing can be changed
        signal.signal(signal_number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal_number})
    os.kill(os.getpid(), signal_number)


class _Signals:
    """Signals while the program runs. Handlers, not SIG_IGN: a program would inherit that, and handlers end at exec."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self.program: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []
        self._restore = contextlib.ExitStack()

    def __enter__(self) -> _Signals:
        for number in _PASSED_ON:
            self._restore.enter_context(_handler(number, self))
        return self

    def __exit__(self, *error: object) -> None:
        self._restore.close()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.program is None:
            self._waiting.append(number)
        elif not self._witness.heard(number):
            self.program.send_signal(number)

    def send_waiting(self) -> None:
        """Pass on what came, once there is a program."""
        while self.program and self._waiting:
            number = self._waiting.pop(0)
            self._witness.heard(number)  # the group had no program yet, so it is sent whoever it was for
            self.program.send_signal(number)


@contextlib.contextmanager
def _handler(number: int, handler: _Signals) -> Iterator[None]:
    old = signal.getsignal(number)
    if old is signal.SIG_IGN:  # under nohup, say: the program is to ignore it too
        yield
        return
    signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, old)
