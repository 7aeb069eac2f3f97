"""What comes from outside a run: what its loop waits for, and what of it made a task ready.

The log tells that it was I/O or a call from another thread. What of that kind a task had waited for says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from triotrace.events import BeforeIoWait
from triotrace.timeline.lanes import Lane
from triotrace.timeline.states import State
from triotrace.timeline.verbs import Verbs

__all__ = ["Outsider", "Outsiders", "outsider"]


class Outsider(Enum):
    """What made a task ready that is none itself."""

    SOCKET = "socket"
    PIPE = "pipe"
    IO = "I/O"
    PROCESS = "process"
    SIGNAL = "signal"
    THREAD = "thread"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Outsiders:
    """How many tasks of a run wait for each kind while its loop sleeps."""

    descriptors: int
    processes: int
    threads: int
    signals: int

    @classmethod
    def of(cls, wait: BeforeIoWait | None) -> Outsiders:
        """Look at a sleep. trio waits for a process by a descriptor, or in a thread where the system has none."""
        if wait is None:
            return cls(0, 0, 0, 0)
        descriptors = wait.readers + wait.writers
        in_threads = max(0, wait.processes - descriptors)
        descriptors = max(0, descriptors - wait.processes)
        return cls(descriptors, wait.processes, max(0, wait.threads - in_threads), wait.signals)


_PROCESSES = frozenset(["Process.wait", "run_process"])
_WOKEN = frozenset(["wait", "acquire", "receive", "send", "park", "get_batch", "wait_task_rescheduled", "nursery"])
"""What another's call ends. Whatever else is ended from outside had work done in a thread."""


def outsider(verbs: Verbs, lane: Lane, woke: int) -> Outsider | None:
    """Tell what made a lane ready in a change; None if it was nothing from outside, as far as the log tells."""
    cause = lane.cause_of(woke)
    waited = woke
    while waited >= 0 and lane.states[waited] != State.WAITING:
        waited -= 1
    call = verbs.verb(lane.places[waited]).call if waited >= 0 else ""
    if call in _PROCESSES and cause in ("io", "task"):
        # Where a thread waits for a process, a task of trio's own tells
        return Outsider.PROCESS
    if cause == "thread":
        if call == "open_signal_receiver":
            return Outsider.SIGNAL
        return Outsider.THREAD if call and call.rpartition(".")[2] not in _WOKEN else Outsider.CALL
    if cause != "io":
        return None
    if call.startswith(("Socket", "socket")):
        return Outsider.SOCKET
    return Outsider.PIPE if call.startswith("FdStream") else Outsider.IO
