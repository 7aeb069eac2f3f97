"""Where events come from: a log file, also one that still grows, or the memory channel of a Tracer.

A source sends batches of events into a bounded memory channel: a slow reader slows the reading, never the program.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

import trio

from triotrace.events import Event
from triotrace.log import LogTail

__all__ = ["ChannelSource", "FileSource", "Source"]

_POLL_SECONDS = 0.05
_PIECE = 65_536


class Source(Protocol):
    """What the viewer reads from."""

    warnings: list[str]
    """What is odd about the log, for the user; complete once `send_to` has ended."""
    progress: tuple[int, int]
    """How many bytes were read, of how many that are there; (0, 0) where nobody counts."""

    async def send_to(self, channel: trio.MemorySendChannel[list[Event]]) -> None:
        """Send all batches, then close the channel. Raises LogError."""


class FileSource:
    """Read a log file; while `living()`, wait for more of it. The file may not exist yet.

    `news` returns when there may be more to read; without it, and besides, the file is looked at every 50 ms.
    """

    def __init__(
        self,
        path: Path,
        living: Callable[[], bool] = lambda: False,
        news: Callable[[], Awaitable[None]] = trio.sleep_forever,
    ) -> None:
        self.path = path
        self.living = living
        self.news = news
        self.warnings: list[str] = []
        self.progress = (0, 0)

    async def send_to(self, channel: trio.MemorySendChannel[list[Event]]) -> None:
        """Send what the file holds, and what it grows by."""
        async with channel:
            while not self.path.exists() and self.living():
                await self._wait()
            with LogTail(self.path) as tail:
                while not tail.ended:
                    # Asked before the read: what was written before the end is then certainly read
                    alive = self.living()
                    batch = tail.read(_PIECE)
                    self.progress = tail.progress
                    if batch:
                        await channel.send(batch)
                    elif alive:
                        await self._wait()
                    else:
                        break
                rest = tail.finish()
                if rest:
                    await channel.send(rest)
                self.warnings = list(tail.reader.warnings)

    async def _wait(self) -> None:
        with trio.move_on_after(_POLL_SECONDS):
            await self.news()


class ChannelSource:
    """Take the batches of a `triotrace.Tracer` from the memory channel that it emits to."""

    def __init__(self, receive: trio.MemoryReceiveChannel[Iterable[Event]]) -> None:
        self.receive = receive
        self.warnings: list[str] = []
        self.progress = (0, 0)

    async def send_to(self, channel: trio.MemorySendChannel[list[Event]]) -> None:
        """Pass on each batch until the tracer's channel is closed."""
        async with channel, self.receive:
            async for batch in self.receive:
                await channel.send(list(batch))
