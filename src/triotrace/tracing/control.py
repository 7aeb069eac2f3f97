"""The child's end of the control channel: a thread that hears commands for the gate, and one byte back for each hold.

Rules:
- The channel is a socket in the run's private folder, which the parent listens at. No process that this one starts has
  it: it is closed on exec and in a fork.
- A program may close every descriptor that it finds, and open files of its own there: each use looks first whether it
  is still ours. Once it is not, as when the parent has died, the gate opens for good.
- The thread is no thread of `threading`, is gone before a fork, and begins anew at the next hook.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from triotrace.events import TaskId
from triotrace.tracing.gate import Gate
from triotrace.tracing.unseen import UnseenThread

__all__ = ["Control"]

_LONGEST: Final = 4096  # bytes
_GLANCE: Final = 1000
"""Milliseconds after which the thread looks whether its descriptors are still there."""


_FASTEST: Final = 1_000_000
"""Steps a second, as the log's schema has it."""


class Control:
    """Hears `pause`, `resume`, `step`, `until TASK` and `pace N`, a line each."""

    def __init__(self, path: str, *, raise_descriptor: Callable[[int], int]) -> None:
        self._path = path
        self._raise = raise_descriptor
        self._channel: _Descriptor | None = None
        self._bell: tuple[_Descriptor, _Descriptor] | None = None
        self._gate: Gate | None = None
        self._rest = b""
        self._thread = UnseenThread()
        self._listens = False

    def connect(self, gate: Gate) -> bool:
        """Reach the parent, and begin to listen; tell whether that went well."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as low:
                low.connect(self._path)
                self._channel = _Descriptor(self._raise(low.detach()))
        except OSError:
            return False
        self._gate = gate
        self.start()
        return self._channel is not None

    def start(self) -> None:
        """Listen, unless at it."""
        channel = self._channel
        if self._listens or channel is None:
            return
        try:
            ears = [_Descriptor(self._raise(end)) for end in os.pipe()]
        except OSError:
            self._lose()
            return
        self._bell = ears[0], ears[1]
        self._listens = self._thread.start(lambda: self._listen(channel, ears[0]))
        if not self._listens:
            self._lose()  # no thread to be had: nobody can hold the program, so nobody shall

    def stop(self) -> None:
        """End the thread, and wait until it is gone."""
        if not self._listens or self._bell is None:
            return
        with suppress(OSError):
            if self._bell[1].is_ours():
                os.write(self._bell[1].number, b".")
        self._thread.join()
        self._listens = False
        for end in self._bell:
            end.close()

    def forget(self) -> None:
        """In a fork: the channel is its parent's."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._gate is not None:
            self._gate.forget()

    def answer(self) -> None:
        """Tell the parent that the log holds all up to here."""
        channel = self._channel
        if channel is not None and channel.is_ours():
            with suppress(OSError), channel.socket() as borrowed:
                try:
                    # The program may have chosen to die of SIGPIPE
                    borrowed.send(b".", socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0))
                finally:
                    borrowed.detach()

    def _lose(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._gate is not None:
            self._gate.release()

    def _listen(self, channel: _Descriptor, bell: _Descriptor) -> None:
        try:
            poll = select.poll()
            poll.register(channel.number, select.POLLIN)
            poll.register(bell.number, select.POLLIN)
            while True:
                ready = [number for number, _ in poll.poll(_GLANCE)]
                if not channel.is_ours() or not bell.is_ours():
                    break
                if bell.number in ready:
                    return
                if channel.number in ready:
                    heard = os.read(channel.number, _LONGEST)
                    if not heard:
                        break
                    self._obey(heard)
            self._lose()
        except Exception:
            self._lose()  # whatever it was: a program that nobody can command is not to stand still

    def _obey(self, heard: bytes) -> None:
        *lines, self._rest = (self._rest + heard).split(b"\n")
        for line in lines:
            word, _, value = line.decode("ascii", "replace").partition(" ")
            if self._gate is not None:
                _COMMANDS.get(word, _ignore)(self._gate, value)


class _Descriptor:
    """A descriptor of ours, as long as the program lets us have it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._identity = self._look()

    def is_ours(self) -> bool:
        """Tell whether it is still what it was."""
        try:
            return self._look() == self._identity
        except OSError:
            return False

    def close(self) -> None:
        """Close it, unless it is the program's by now."""
        if self.is_ours():
            with suppress(OSError):
                os.close(self.number)

    def socket(self) -> socket.socket:
        """Return it as a socket; whoever asks detaches that again."""
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, self.number)

    def _look(self) -> tuple[int, int]:
        status = os.fstat(self.number)
        return status.st_dev, status.st_ino


def _ignore(gate: Gate, value: str) -> None:
    """A newer parent may know words that this child does not."""


def _pace(gate: Gate, value: str) -> None:
    with suppress(ValueError):
        pace = float(value) if value else None
        if pace is None or 0 < pace <= _FASTEST:
            gate.set_pace(pace)


def _until(gate: Gate, value: str) -> None:
    with suppress(ValueError):
        gate.until(TaskId(int(value)))


_COMMANDS: Final[dict[str, Callable[[Gate, str], None]]] = {
    "pause": lambda gate, _: gate.pause(),
    "resume": lambda gate, _: gate.resume(),
    "step": lambda gate, _: gate.step(),
    "until": _until,
    "pace": _pace,
}
