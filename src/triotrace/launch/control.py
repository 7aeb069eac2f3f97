"""The parent's end of the control channel: words for the gate of the living program, and its answers."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from triotrace.launch.private import PrivateFolder

__all__ = ["SHALLOW", "Control"]

SHALLOW = "/tmp"
"""Where the socket is when temporary files lie too deep for one."""

_LONGEST_NAME = 100
"""Bytes that the path of a Unix socket may have on every system."""


class Control:
    """A Unix socket in the run's private folder; one process of the program's connects to it.

    Not an inherited descriptor: what stands between us and the process that runs trio (a shell, a process manager)
    closes those.
    """

    def __init__(self, path: Path) -> None:
        self._folder: PrivateFolder | None = None
        if len(bytes(path)) > _LONGEST_NAME:  # where temporary files lie deep
            self._folder = PrivateFolder(SHALLOW)
            path = self._folder.path / path.name
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._child: socket.socket | None = None
        self._unsent = b""

    def send(self, words: str) -> None:
        """Send a command; one that comes before the program is there waits for it."""
        self._unsent += words.encode("ascii") + b"\n"
        self._accept()
        self._flush()

    async def wait_answer(self) -> None:
        """Wait until the program tells that it is held, or until it connects; for ever once it is gone."""
        import trio  # only a viewer waits, and has it already: `record` and `show` start in half the time without

        channel = self._child or self._listener
        if channel.fileno() < 0:
            await trio.sleep_forever()
        await trio.lowlevel.wait_readable(channel)
        if channel is self._listener:
            self._accept()
            self._flush()
        elif not self._heard():
            await trio.sleep_forever()

    def close(self) -> None:
        """End the channel: a program that is held goes on."""
        self._listener.close()
        if self._child is not None:
            self._child.close()
        if self._folder is not None:
            self._folder.remove()

    def _heard(self) -> bool:
        """Take what the program answered; false once it is gone."""
        if self._child is None:
            return False
        try:
            return bool(self._child.recv(4096))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _accept(self) -> None:
        if self._child is None:
            with contextlib.suppress(OSError):  # nobody there, or closed
                self._child, _ = self._listener.accept()
                self._child.setblocking(False)

    def _flush(self) -> None:
        if self._child is None:
            return
        try:
            while self._unsent:
                self._unsent = self._unsent[self._child.send(self._unsent) :]
        except BlockingIOError:
            pass  # hundreds of commands that nobody has heard yet: the next one takes them along
        except OSError:
            self._unsent = b""  # it is gone
