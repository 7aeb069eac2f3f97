"""The child's end of the control channel: a thread that hears commands for the gate, and one byte back for each hold.

The channel is a socket in the run's private folder. A command of the program's, closing all descriptors, ends it; so
does the parent's death: the gate then opens for good.
"""

from __future__ import annotations

import _thread
import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress

from triotrace.tracing.gate import Gate

__all__ = ["Control"]

_LONGEST = 4096


class Control:
    """Hears `pause`, `resume`, `step` and `pace N`, a line each."""

    def __init__(self, path: str, *, raise_descriptor: Callable[[int], int]) -> None:
        self._path = path
        self._raise = raise_descriptor
        self._socket: socket.socket | None = None
        self._identity = (0, 0)
        self._gate: Gate | None = None
        self._rest = b""
        self._bell: tuple[int, int] = (-1, -1)
        self._done = _thread.allocate_lock()  # held while the thread lives
        self.alive = False

    def connect(self, gate: Gate) -> bool:
        """Reach the parent, and begin to listen; tell whether that went well."""
        try:
            low = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            low.connect(self._path)
            self._socket = socket.socket(fileno=self._raise(low.detach()))
            status = os.fstat(self._socket.fileno())
        except OSError:
            return False
        self._identity = status.st_dev, status.st_ino
        self._gate = gate
        self.start()
        return True

    def start(self) -> None:
        """Listen, unless at it; again after a fork."""
        if self.alive or self._socket is None:
            return
        try:
            low, high = os.pipe()
            self._bell = self._raise(low), self._raise(high)
        except OSError:
            return
        self._done.acquire()
        self.alive = True
        try:
            _thread.start_new_thread(self._listen, (self._socket, self._bell[0]))
        except RuntimeError:  # no thread to be had: nobody can hold the program, so nobody shall
            self._done.release()
            self._lose()

    def stop(self) -> None:
        """End the thread, and wait until it is gone."""
        if not self.alive:
            return
        with suppress(OSError):
            os.write(self._bell[1], b".")
        if self._done.acquire(timeout=5):
            self._done.release()
        self.alive = False
        for descriptor in self._bell:
            with suppress(OSError):
                os.close(descriptor)

    def forget(self) -> None:
        """In a fork: the channel is its parent's."""
        if self._socket is not None and self._is_ours(self._socket):
            with suppress(OSError):
                self._socket.close()
        self._lose()

    def answer(self) -> None:
        """Tell the parent that the log holds all up to here."""
        if self._socket is not None and self._is_ours(self._socket):
            with suppress(OSError):
                self._socket.send(b".", socket.MSG_DONTWAIT)

    def _is_ours(self, channel: socket.socket) -> bool:
        """Tell whether the descriptor is still our socket: the program may have closed it and opened its own there."""
        try:
            status = os.fstat(channel.fileno())
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def _lose(self) -> None:
        self._socket = None
        if self._gate is not None:
            self._gate.release()

    def _listen(self, channel: socket.socket, bell: int) -> None:
        try:
            poll = select.poll()
            poll.register(channel.fileno(), select.POLLIN)
            poll.register(bell, select.POLLIN)
            while True:
                ready = [descriptor for descriptor, _ in poll.poll()]
                if bell in ready:
                    return
                heard = channel.recv(_LONGEST) if self._is_ours(channel) else b""
                if not heard:
                    self._lose()
                    return
                self._obey(heard)
        except (OSError, ValueError):
            self._lose()
        finally:
            self._done.release()

    def _obey(self, heard: bytes) -> None:
        *lines, self._rest = (self._rest + heard).split(b"\n")
        for line in lines:
            word, _, value = line.decode("ascii", "replace").partition(" ")
            if self._gate is not None:
                _COMMANDS.get(word, _ignore)(self._gate, value)


def _ignore(gate: Gate, value: str) -> None:
    """A newer parent may know words that this child does not."""


def _pace(gate: Gate, value: str) -> None:
    try:
        gate.set_pace(float(value) if value else None)
    except ValueError:
        return


_COMMANDS: dict[str, Callable[[Gate, str], None]] = {
    "pause": lambda gate, _: gate.pause(),
    "resume": lambda gate, _: gate.resume(),
    "step": lambda gate, _: gate.step(),
    "pace": _pace,
}
