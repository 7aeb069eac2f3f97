"""From a source, through a bounded memory channel, into a Timeline: two trio tasks that touch no widget."""

from __future__ import annotations

from collections.abc import Callable

import trio

from triotrace.errors import TriotraceError
from triotrace.events import Event
from triotrace.source import Source
from triotrace.timeline.timeline import Timeline

__all__ = ["Reader"]

_BATCHES_WAITING = 16
_EVENTS_A_TURN = 2000


class Reader:
    """Reads one source to its end; `news` is called whenever the timeline has learnt something.

    `failed` takes what the timeline raises, which it never should: one event is lost then, and reading goes on.
    """

    def __init__(
        self,
        source: Source,
        timeline: Timeline,
        *,
        news: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.source = source
        self.timeline = timeline
        self.news = news
        self.failed = failed
        self.reading = True
        self.failure: TriotraceError | None = None

    async def run(self) -> None:
        """Read; what the source raises of ours is kept in `failure`."""
        send, receive = trio.open_memory_channel[list[Event]](_BATCHES_WAITING)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.source.send_to, send)
                nursery.start_soon(self._feed, receive)
        except* TriotraceError as group:
            self.failure = _first(group)
        finally:
            self.reading = False
            self.news()

    async def _feed(self, receive: trio.MemoryReceiveChannel[list[Event]]) -> None:
        async with receive:
            async for batch in receive:
                for start in range(0, len(batch), _EVENTS_A_TURN):
                    self._learn(batch[start : start + _EVENTS_A_TURN])
                    # Keys and frames get their turn
                    await trio.lowlevel.checkpoint()
                self.news()

    def _learn(self, batch: list[Event]) -> None:
        events = iter(batch)
        while True:
            try:
                self.timeline.feed(events)
            except Exception as error:
                self.failed(error)  # the iterator stands behind the event that could not be taken
            else:
                return


def _first(group: BaseExceptionGroup[TriotraceError]) -> TriotraceError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TriotraceError)
    return error
