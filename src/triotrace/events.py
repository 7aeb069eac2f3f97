"""What can happen in a traced program: one frozen Struct an event.

These Structs are the vocabulary of the tracer, the input of the timeline and the schema of the log (version 1.1).

Rules:
- `event`, the tag, is trio's own hook name wherever there is one.
- `t` is in nanoseconds of the program's own time since the header. Deadlines are nanoseconds of the run's trio clock.
- Ids are serials per log, never `id()`.
- An absent optional field is None here and is left out of the log.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, NewType, TypeAlias

import msgspec
from msgspec import Meta

__all__ = [
    "BIGGEST",
    "EVENTS",
    "KINDS",
    "LIMIT_LEAVES",
    "LIMIT_NAME",
    "LIMIT_OUTPUT",
    "LIMIT_SOURCE",
    "LIMIT_STACK",
    "VERSION",
    "AfterIoWait",
    "AfterRun",
    "AfterTaskStep",
    "BeforeIoWait",
    "BeforeRun",
    "BeforeTaskStep",
    "Cause",
    "Clock",
    "ClockOrigin",
    "Dropped",
    "Error",
    "Event",
    "Footer",
    "Header",
    "Leaf",
    "Mark",
    "Nanoseconds",
    "NurseryClosed",
    "NurseryId",
    "NurseryOpened",
    "ObjectId",
    "Output",
    "Pace",
    "Paused",
    "Place",
    "PlaceId",
    "Result",
    "Resumed",
    "Role",
    "RunId",
    "ScopeCancelled",
    "ScopeCause",
    "ScopeChanged",
    "ScopeEntered",
    "ScopeExited",
    "ScopeId",
    "Skipped",
    "Source",
    "Stack",
    "StepSampled",
    "Stream",
    "TaskExited",
    "TaskId",
    "TaskMoved",
    "TaskPromoted",
    "TaskReparked",
    "TaskScheduled",
    "TaskSpawned",
    "TrioTime",
]

VERSION = (1, 1)

BIGGEST = 2**53 - 1
"""The largest integer of a log: above it JavaScript and jq change digits silently."""

# Characters of a field, counted after lone surrogates were escaped; a longer text is cut with a mark.
LIMIT_NAME = 4096
LIMIT_OUTPUT = 65_536
LIMIT_SOURCE = 262_144
LIMIT_STACK = 1000
LIMIT_LEAVES = 100

_WHOLE = Meta(ge=0, le=BIGGEST)
_SIGNED = Meta(ge=-BIGGEST, le=BIGGEST)

RunId = NewType("RunId", int)
TaskId = NewType("TaskId", int)
NurseryId = NewType("NurseryId", int)
ScopeId = NewType("ScopeId", int)
PlaceId = NewType("PlaceId", int)
ObjectId = NewType("ObjectId", int)
"""A lock, an event, a channel: what a task waits on."""

_Run: TypeAlias = Annotated[RunId, _WHOLE]
_Task: TypeAlias = Annotated[TaskId, _WHOLE]
_Nursery: TypeAlias = Annotated[NurseryId, _WHOLE]
_Scope: TypeAlias = Annotated[ScopeId, _WHOLE]
_Place: TypeAlias = Annotated[PlaceId, _WHOLE]
_Object: TypeAlias = Annotated[ObjectId, _WHOLE]
_Count: TypeAlias = Annotated[int, _WHOLE]
Nanoseconds: TypeAlias = Annotated[int, _WHOLE]
TrioTime: TypeAlias = Annotated[int, _SIGNED]
"""Nanoseconds of one run's own trio clock; its origin is arbitrary, below zero even under a clock of the user's."""
_Name: TypeAlias = Annotated[str, Meta(max_length=LIMIT_NAME)]

Role: TypeAlias = Literal["init", "main", "system", "library", "user"]
Cause: TypeAlias = Literal["spawned", "checkpoint", "task", "io", "timer", "cancel", "thread", "idle", "other"]
ScopeCause: TypeAlias = Literal["deadline", "call", "nursery", "other"]
Result: TypeAlias = Literal["returned", "raised", "cancelled"]
Stream: TypeAlias = Literal["stdout", "stderr"]


def _hook_name(class_name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


class Event(
    msgspec.Struct,
    frozen=True,
    gc=False,  # no event can be part of a cycle, and the collector would walk each of them
    omit_defaults=True,
    forbid_unknown_fields=True,  # the reader then takes its slow road, which counts them
    tag_field="event",
    tag=_hook_name,
):
    """What all events have in common: `event`, their tag."""


class ClockOrigin(msgspec.Struct, frozen=True, gc=False):
    """Where `t` begins: `origin` is what `source` showed (ns), `wall` the ISO time of day."""

    unit: Literal["ns"]
    source: _Name
    wall: _Name
    origin: int


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """One exception of a group."""

    type: _Name
    text: _Name


class Error(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An exception; `leaves` are those in a group, flattened. `status`: what a SystemExit makes of the program."""

    type: _Name
    text: _Name
    leaves: Annotated[list[Leaf], Meta(max_length=LIMIT_LEAVES)] | None = None
    status: Annotated[int, _SIGNED] | None = None


class Header(Event, frozen=True, gc=False):
    """The first line: written before the program's own first line."""

    format: Literal["triotrace"]
    version: tuple[_Count, _Count]
    tool: _Name
    id: _Name
    pid: _Count
    argv: list[Annotated[str, Meta(max_length=LIMIT_OUTPUT)]]
    python: _Name
    platform: _Name
    clock: ClockOrigin
    order: _Name


class Source(Event, frozen=True, gc=False):
    """A source file of the user's own, sent before the first place in it."""

    file: _Name
    text: Annotated[str, Meta(max_length=LIMIT_SOURCE)]


class Place(Event, frozen=True, gc=False):
    """A point in the code, interned; `call` is the trio operation called there. Columns count UTF-8 bytes from 0.

    Of an `async with` or `with` it is the one of its items that is entered or left, where that is known. `library`: it
    is a package, called there, that calls `call`.
    """

    place: _Place
    file: _Name
    line: _Count
    end_line: _Count | None = None
    column: _Count | None = None
    end_column: _Count | None = None
    function: _Name = ""
    call: _Name | None = None
    library: bool = False


class BeforeRun(Event, frozen=True, gc=False):
    """A trio run begins. `trio_time` ties its trio clock to `t`; `host` names the other loop whose guest it is."""

    t: Nanoseconds
    run: _Run
    name: _Name
    loop: Literal["trio", "asyncio"]
    thread: _Name
    trio: _Name
    clock: Literal["live", "system", "mock", "other"]
    trio_time: TrioTime
    host: _Name | None = None


class TaskSpawned(Event, frozen=True, gc=False):
    """A task is born. `parent` owns its nursery, `by` spawned it, `eventual` is where `start` will move it."""

    t: Nanoseconds
    task: _Task
    run: _Run
    name: _Name
    role: Role
    parent: _Task | None = None
    nursery: _Nursery | None = None
    eventual: _Nursery | None = None
    by: _Task | None = None
    place: _Place | None = None


class TaskMoved(Event, frozen=True, gc=False):
    """`task_status.started()` was called: the task moves to its eventual nursery."""

    t: Nanoseconds
    task: _Task
    nursery: _Nursery


class TaskPromoted(Event, frozen=True, gc=False):
    """A task that was taken for a library's is the user's: code of the user's own runs in it. All fields are new."""

    t: Nanoseconds
    task: _Task
    name: _Name
    role: Role
    place: _Place | None = None


class TaskReparked(Event, frozen=True, gc=False):
    """A task that waits is moved, not woken, as by `notify`: it waits for `on` from now on, which `owner` has."""

    t: Nanoseconds
    task: _Task
    on: _Object
    owner: _Task | None = None


class TaskScheduled(Event, frozen=True, gc=False):
    """A task is made ready; `place` is the waker's line and call. `interrupt`: it is to raise KeyboardInterrupt."""

    t: Nanoseconds
    task: _Task
    cause: Cause
    waker: _Task | None = None
    place: _Place | None = None
    scope: _Scope | None = None
    interrupt: bool = False


class BeforeTaskStep(Event, frozen=True, gc=False):
    """A task begins to run."""

    t: Nanoseconds
    task: _Task


class StepSampled(Event, frozen=True, gc=False):
    """Where a step that runs too long stands now."""

    t: Nanoseconds
    task: _Task
    place: _Place


class Stack(Event, frozen=True, gc=False):
    """The whole await chain of a task, innermost first."""

    t: Nanoseconds
    task: _Task
    places: Annotated[list[_Place], Meta(max_length=LIMIT_STACK)]


class AfterTaskStep(Event, frozen=True, gc=False):
    """A task gives way, at `place`. `on` is what it waits for, `until` the deadline of that wait, `owner` who has it.

    `lock`: what it gave up to wait for a condition, and must have again before it can go on.
    """

    t: Nanoseconds
    task: _Task
    place: _Place | None = None
    until: TrioTime | None = None
    on: _Object | None = None
    owner: _Task | None = None
    lock: _Object | None = None


class TaskExited(Event, frozen=True, gc=False):
    """A task ends, at `place`: the user's line that raised or returned. Its last `after_task_step` comes after that."""

    t: Nanoseconds
    task: _Task
    result: Result
    error: Error | None = None
    place: _Place | None = None


class NurseryOpened(Event, frozen=True, gc=False):
    """A nursery was opened by `task`."""

    t: Nanoseconds
    nursery: _Nursery
    task: _Task
    scope: _Scope | None = None
    place: _Place | None = None


class NurseryClosed(Event, frozen=True, gc=False):
    """A nursery was left; `error` is what it raised."""

    t: Nanoseconds
    nursery: _Nursery
    error: Error | None = None


class ScopeEntered(Event, frozen=True, gc=False):
    """A cancel scope of the user's (`library`: of a package's) was entered."""

    t: Nanoseconds
    scope: _Scope
    task: _Task
    parent: _Scope | None = None
    deadline: TrioTime | None = None
    shield: bool | None = None
    place: _Place | None = None
    library: bool = False


class ScopeExited(Event, frozen=True, gc=False):
    """A cancel scope was left; `caught`: it swallowed the cancellation."""

    t: Nanoseconds
    scope: _Scope
    caught: bool | None = None


class ScopeChanged(Event, frozen=True, gc=False):
    """Deadline or shield moved, by `task`; both values after the change."""

    t: Nanoseconds
    scope: _Scope
    deadline: TrioTime | None = None
    shield: bool = False
    task: _Task | None = None


class ScopeCancelled(Event, frozen=True, gc=False):
    """A scope was cancelled, by `task` where a task did it.

    `interrupt`, `exits`: its nursery was given a KeyboardInterrupt, a SystemExit.
    """

    t: Nanoseconds
    scope: _Scope
    cause: ScopeCause
    task: _Task | None = None
    place: _Place | None = None
    reason: _Name | None = None
    interrupt: bool = False
    exits: bool = False


class BeforeIoWait(Event, frozen=True, gc=False):
    """No task is ready: the loop sleeps, at most until `deadline`. The counts are of tasks that wait for the outside.

    `readers` and `writers` are trio's own counts, without its own wake-up socket; a process is waited for as a reader.
    `threads` counts those that are at work for a task, `signals` and `processes` the tasks that wait for one.
    """

    t: Nanoseconds
    run: _Run
    deadline: TrioTime | None = None
    readers: _Count = 0
    writers: _Count = 0
    threads: _Count = 0
    signals: _Count = 0
    processes: _Count = 0


class AfterIoWait(Event, frozen=True, gc=False):
    """The loop woke."""

    t: Nanoseconds
    run: _Run


class Output(Event, frozen=True, gc=False):
    """The program printed; `task` is the one whose step it was."""

    t: Nanoseconds
    stream: Stream
    text: Annotated[str, Meta(max_length=LIMIT_OUTPUT)]
    task: _Task | None = None


class Mark(Event, frozen=True, gc=False):
    """`triotrace.mark(text)` in the program."""

    t: Nanoseconds
    text: _Name
    task: _Task | None = None


class Clock(Event, frozen=True, gc=False):
    """The relation of a run's trio clock to `t` changed."""

    t: Nanoseconds
    run: _Run
    trio_time: TrioTime


class Paused(Event, frozen=True, gc=False):
    """The gate holds the program. `batch` are the tasks ready in this turn of the loop, in order."""

    t: Nanoseconds
    run: _Run | None = None
    next: _Task | None = None
    batch: list[_Task] | None = None


class Resumed(Event, frozen=True, gc=False):
    """The gate opened for `run`, after `wall_ns` of real time."""

    t: Nanoseconds
    wall_ns: Nanoseconds
    run: _Run | None = None


class Pace(Event, frozen=True, gc=False):
    """Steps a second from here on; absent: real time."""

    t: Nanoseconds
    steps_per_second: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None


class Skipped(Event, frozen=True, gc=False, rename={"from_": "from"}):
    """A sleep of the whole loop was skipped on request: the trio clock moved."""

    t: Nanoseconds
    run: _Run
    from_: TrioTime
    to: TrioTime


class Dropped(Event, frozen=True, gc=False):
    """`count` events since `since` were lost; places and sources are sent anew after it."""

    t: Nanoseconds
    count: _Count
    since: Nanoseconds


class AfterRun(Event, frozen=True, gc=False):
    """A trio run ended; `result` is that of its main task. Without one the tracer was removed, and no more is told."""

    t: Nanoseconds
    run: _Run
    result: Result | None = None
    error: Error | None = None


class Footer(Event, frozen=True, gc=False):
    """The last line, by the parent: `events` lines stand between header and footer. `exit`: -N for signal N."""

    t: Nanoseconds
    events: _Count
    dropped: _Count
    exit: Annotated[int, _SIGNED] | None = None


EVENTS: tuple[type[Event], ...] = tuple(Event.__subclasses__())
KINDS: dict[str, type[Event]] = {_hook_name(kind.__name__): kind for kind in EVENTS}
"""The Struct of each `event` word."""
