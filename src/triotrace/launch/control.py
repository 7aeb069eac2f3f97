"""The parent's end of the control channel: words for the gate of the living program, and its answers."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

__all__ = ["Control"]


class Control:
    """A Unix socket in the run's private folder; one process of the program's connects to it.

    Not an inherited descriptor: what stands between us and the process that runs trio (a shell, a process manager)
    closes those.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._child: socket.socket | None = None
        self._waiting: list[bytes] = []

    def send(self, words: str) -> None:
        """Send a command; one that comes before the program is there waits for it."""
        self._waiting.append(words.encode("ascii") + b"\n")
        self._accept()
        self._flush()

    async def wait_answer(self) -> None:
        """Wait until the program tells that it is held, or until it connects; for ever once it is gone."""
        import trio  # only a viewer waits, and has it already: `record` and `show` start in half the time without

        if self._child is None:
            await trio.lowlevel.wait_readable(self._listener)
            self._accept()
            self._flush()
            return
        await trio.lowlevel.wait_readable(self._child)
        with contextlib.suppress(BlockingIOError):
            if not self._heard():
                await trio.sleep_forever()

    def close(self) -> None:
        """End the channel: a program that is held goes on."""
        self._listener.close()
        if self._child is not None:
            self._child.close()
        self._child = None
        self._waiting.clear()

    def _heard(self) -> bytes:
        try:
            return self._child.recv(4096) if self._child is not None else b""
        except ConnectionError:
            return b""

    def _accept(self) -> None:
        if self._child is None and self._listener.fileno() >= 0:
            with contextlib.suppress(BlockingIOError):
                self._child, _ = self._listener.accept()
                self._child.setblocking(False)

    def _flush(self) -> None:
        if self._child is None:
            return
        try:
            while self._waiting:
                self._child.send(self._waiting[0])
                del self._waiting[0]
        except BlockingIOError:
            pass  # hundreds of commands that nobody has heard yet: the next one takes them along
        except OSError:
            self._waiting.clear()  # it is gone
