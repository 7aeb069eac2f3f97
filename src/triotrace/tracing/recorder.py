"""One log's worth of tracing, shared by all tracers that write it: serials, places, pending events, and their way out.

Rules:
- Hooks append to `pending` and never take the lock. A batch is the head of that list, cut off under the lock.
- Events that come from outside a run's hooks (`add`) are stamped and appended under the lock.
- While more than one thread appends, each batch is straightened, so that `t` never goes back.
- What `emit` refuses is counted; `dropped` goes before the next batch that gets through, then all places anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import perf_counter_ns
from typing import cast

import msgspec
import trio

from triotrace.events import Dropped, Event, NurseryId, RunId, ScopeId, TaskId
from triotrace.tracing.objects import Objects
from triotrace.tracing.places import Places
from triotrace.tracing.signals import raised_by_handler
from triotrace.tracing.whose import Whose

__all__ = ["BATCH", "PIECE", "Recorder"]

BATCH = 1_190
"""Pending events at which a batch goes out: a hook appends a few more before it looks, and 1,200 is what we promise."""

PIECE = 119
"""Pending events at which who writes them out later takes them: while they are in the processor's cache."""

Emit = Callable[[list[Event]], object]


class Recorder:
    """Collects the events of all runs of one log and hands them over in batches."""

    def __init__(
        self,
        emit: Emit,
        *,
        write: Callable[[], None] | None = None,
        token: trio.lowlevel.TrioToken | None = None,
        now: Callable[[], int] = perf_counter_ns,
        origin: int | None = None,
        source: bool = True,
        mine: Sequence[str] = (),
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._emit = emit
        self._write = write  # what emit took goes out only then; so it may take a little at a time
        self.enough = BATCH if write is None else PIECE
        self.taken = 0  # events that were not written out yet
        self._token = token
        self.now = now
        self.origin = now() if origin is None else origin
        self.pending: list[Event] = []
        self.places = Places(self.pending.append, Whose(mine), folder=_here(), source=source)
        self.objects = Objects()
        self.runs = cast(Iterator[RunId], count())
        self.tasks = cast(Iterator[TaskId], count())
        self.nurseries = cast(Iterator[NurseryId], count())
        self.scopes = cast(Iterator[ScopeId], count())
        self.dropped = 0
        self.failures = 0
        self._on_failure = on_failure
        self.lock = threading.RLock()
        self._flushing = False
        self._alive = 0  # runs
        self._mixed = False  # more than one thread appends
        self._last = 0  # the latest `t` handed over
        self._untold = 0
        self._since = 0
        self.flushed = self.origin
        self.closed = False
        self._collectors: list[Callable[[], None]] = []
        self._notes: list[Callable[[], None]] = []
        self.nudge: Callable[[], None] | None = None  # somebody who flushes soon, when no hook does

    def time(self) -> int:
        """Return `t`, now."""
        return self.now() - self.origin

    def begin_run(self) -> None:
        """A run begins: with a second one alive, events of two threads meet."""
        with self.lock:
            self._alive += 1
            self._mixed = self._mixed or self._alive > 1

    def end_run(self) -> None:
        """A run is over."""
        with self.lock:
            self._alive -= 1

    def add(self, make: Callable[[int], Event]) -> None:
        """Append the event that `make` makes of `t`, from any thread."""
        if self.closed:
            return
        with self.lock:
            self._mixed = True
            self.pending.append(make(self.now() - self.origin))
            soon = self._alive and len(self.pending) < self.enough
        if not soon:
            self.flush()  # no run, no hook that would
        elif self.nudge is not None:
            self.nudge()

    def late(self, make: Callable[[int], Event]) -> None:
        """Append the event that `make` makes of `t`, for a collector: the lock is held, and a batch is about to go."""
        self._mixed = True
        self.pending.append(make(self.now() - self.origin))

    def gather(self, collect: Callable[[], None]) -> None:
        """Call `collect` before each batch is cut: for what appends late, as a line that is not finished yet."""
        self._collectors.append(collect)

    def afterwards(self, note: Callable[[], None]) -> None:
        """Call `note` after each batch."""
        self._notes.append(note)

    def failed(self, error: BaseException) -> None:
        """Count an event that was lost to a bug of ours."""
        self.failures += 1
        self.lose()
        if self._on_failure is not None and self.failures == 1:
            self._on_failure(error)

    def lose(self) -> None:
        """Count an event that may be lost."""
        self._lose([], 1)

    def close(self) -> None:
        """Take nothing more: this process is a fork, or the log is over."""
        self.closed = True
        self.pending.clear()

    def flush(self) -> None:
        """Hand over what is pending. Never raises; does nothing when it is at it already."""
        if self.closed:
            self.pending.clear()
            return
        with self.lock:
            if self._flushing:  # emit woke a task, whose hook brings us here again
                return
            self._flushing = True
            try:
                for collect in self._collectors:
                    collect()
                self._cut()
                self.flushed = self.now()
                self.taken = 0
                if self._write is not None:
                    self._write()
                for note in self._notes:
                    note()
            except Exception as error:
                if raised_by_handler(error):
                    raise
                self.failed(error)
            finally:
                self._flushing = False

    def hand_on(self) -> None:
        """There are `enough` events: hand them over, or flush, if there are enough of those, too."""
        with self.lock:
            if self.taken + len(self.pending) + PIECE > BATCH or self.closed:
                self.flush()
            elif not self._flushing:
                self.taken += len(self.pending)
                self._cut()

    def _cut(self) -> None:
        pending = self.pending
        batch = pending[:]
        del pending[: len(batch)]
        if batch:
            self._send(batch)

    def _send(self, batch: list[Event]) -> None:
        # A hook may have looked at the clock before another thread's batch went out, and appended after it.
        if self._mixed or _first_time(batch, self._last) < self._last:
            self._straighten(batch)
            self._mixed = self._alive > 1
        else:
            self._last = max(self._last, _last_time(batch))
        if self._token is None:
            self._deliver(batch)
            return
        try:
            self._token.run_sync_soon(self._deliver, batch)
        except trio.RunFinishedError:
            self._lose(batch, len(batch))

    def _deliver(self, batch: list[Event]) -> None:
        """Call emit, in whichever run it belongs to."""
        whole = batch
        if self._untold:
            told, time = self._untold, _first_time(batch, self._last)
            whole = [Dropped(time, told, min(self._since, time)), *self.places.sent, *batch]
        try:
            self._emit(whole)
        except BaseException as error:
            # WouldBlock, a closed channel, anything: were it raised, trio would take the instrument away.
            self._lose(batch, len(batch))
            if raised_by_handler(error):
                raise
        else:
            if whole is not batch:
                with self.lock:
                    self._untold -= told

    def _lose(self, batch: list[Event], lost: int) -> None:
        with self.lock:
            if not self._untold:
                self._since = _first_time(batch, self._last)
            self._untold += lost
            self.dropped += lost

    def _straighten(self, batch: list[Event]) -> None:
        last = self._last
        for place, event in enumerate(batch):
            time: int | None = getattr(event, "t", None)
            if time is None:
                continue
            if time < last:
                batch[place] = msgspec.structs.replace(event, t=last)
            else:
                last = time
        self._last = last


def _here() -> str:
    with suppress(OSError):  # the working folder may be gone
        return str(Path.cwd())
    return "/"


def _first_time(batch: list[Event], otherwise: int) -> int:
    for event in batch:
        time: int | None = getattr(event, "t", None)
        if time is not None:
            return time
    return otherwise


def _last_time(batch: list[Event]) -> int:
    return _first_time(batch[::-1], 0)
