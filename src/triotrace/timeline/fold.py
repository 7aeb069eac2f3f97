"""The fold: events become lanes, a tape of steps, and what stands beside them. No I/O here.

`feed` is total: whatever order the events come in, it takes them, and what cannot be is a `Damage`.
`generation` grows with each batch, `shape` whenever a task is born or moves: who draws compares, and redraws.
Its parts stand on one another: runs (`run_fold.py`), scopes (`scope_fold.py`), tasks (`task_fold.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from triotrace import events as e
from triotrace.clean import clean
from triotrace.timeline.records import Print
from triotrace.timeline.states import GONE, State
from triotrace.timeline.task_fold import TaskFold

__all__ = ["Fold"]


class Fold(TaskFold):
    """Takes events, and holds what they tell. `Timeline` adds what its readers ask."""

    def __init__(self) -> None:
        super().__init__()
        self.header: e.Header | None = None
        self.footer: e.Footer | None = None
        self.prints: list[Print] = []
        self.marks: list[Print] = []
        self.generation = 0
        self._gap = 0
        """Where in `changes` the last gap of the log ended."""
        self._fold: dict[type[e.Event], Callable[[Any], None]] = {
            e.Header: self._header,
            e.Source: self._source,
            e.Place: self._place,
            e.BeforeRun: self._before_run,
            e.TaskSpawned: self._task_spawned,
            e.TaskMoved: self._task_moved,
            e.TaskPromoted: self._task_promoted,
            e.TaskReparked: self._task_reparked,
            e.TaskScheduled: self._task_scheduled,
            e.BeforeTaskStep: self._before_task_step,
            e.StepSampled: self._step_sampled,
            e.AfterTaskStep: self._after_task_step,
            e.TaskExited: self._task_exited,
            e.NurseryOpened: self._nursery_opened,
            e.NurseryClosed: self._nursery_closed,
            e.ScopeEntered: self._scope_entered,
            e.ScopeExited: self._scope_exited,
            e.ScopeChanged: self._scope_changed,
            e.ScopeCancelled: self._scope_cancelled,
            e.BeforeIoWait: self._before_io_wait,
            e.AfterIoWait: self._after_io_wait,
            e.Output: self._output,
            e.Mark: self._mark,
            e.Clock: self._clock,
            e.Paused: self._paused,
            e.Resumed: self._resumed,
            e.Skipped: self._skipped,
            e.Dropped: self._dropped,
            e.AfterRun: self._after_run,
            e.Footer: self._footer,
        }

    def feed(self, events: Iterable[e.Event]) -> None:
        """Take the next events of the log, in their order."""
        fold = self._fold
        for event in events:
            handler = fold.get(type(event))
            if handler is not None:
                handler(event)
        self.generation += 1

    # -- what belongs to no run, scope or task -------------------------------------------------

    def _header(self, event: e.Header) -> None:
        self.header = event

    def _source(self, event: e.Source) -> None:
        self.verbs.add_source(event.file, event.text)

    def _place(self, event: e.Place) -> None:
        self.verbs.add_place(event)

    def _output(self, event: e.Output) -> None:
        self.now = event.t
        self.prints.append(self._said(event.t, event.stream, event.text, event.task))

    def _mark(self, event: e.Mark) -> None:
        self.now = event.t
        self.marks.append(self._said(event.t, "stdout", event.text, event.task))

    def _said(self, t: int, stream: e.Stream, text: str, task: e.TaskId | None) -> Print:
        lane = self._lane_of.get(task) if task is not None else None
        harmless = "\n".join(clean(line) for line in text.split("\n"))
        return Print(t, len(self.tape), stream, harmless, lane)

    def _dropped(self, event: e.Dropped) -> None:
        self.now = event.t
        self.dropped += event.count
        self.holders.forget(len(self.tape))
        # Of whom nothing was heard since the gap before this one, no more can be unknown
        for index in self.changes[self._gap :]:
            lane = self.lanes[index]
            if lane.state is not State.UNKNOWN and lane.state not in GONE:
                lane.state = State.UNKNOWN
                lane.change(event.t, len(self.tape), State.UNKNOWN)
        self._gap = len(self.changes)

    def _footer(self, event: e.Footer) -> None:
        self.now = max(self.now, event.t)
        self.footer = event
        self.dropped = max(self.dropped, event.dropped)
