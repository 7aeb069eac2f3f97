"""Logs to test with: one event of every kind, and a strategy that draws any event the vocabulary allows."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect as shapes

from triotrace.events import (
    EVENTS,
    AfterIoWait,
    AfterRun,
    AfterTaskStep,
    BeforeIoWait,
    BeforeRun,
    BeforeTaskStep,
    Clock,
    ClockOrigin,
    Dropped,
    Error,
    Event,
    Footer,
    Header,
    Leaf,
    Mark,
    NurseryClosed,
    NurseryOpened,
    Output,
    Pace,
    Paused,
    Place,
    Resumed,
    ScopeCancelled,
    ScopeChanged,
    ScopeEntered,
    ScopeExited,
    Skipped,
    Source,
    Stack,
    StepSampled,
    TaskExited,
    TaskMoved,
    TaskPromoted,
    TaskReparked,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.log import encode

HEADER = Header(
    format="triotrace",
    version=(1, 1),
    tool="triotrace 0.1.0",
    id="3f2a",
    pid=4242,
    argv=["lesson.py", "--ten"],
    python="3.11.7",
    platform="linux",
    clock=ClockOrigin(unit="ns", source="perf_counter", wall="2024-05-01T12:00:00+00:00", origin=1_000),
    order="started",
)

_BODY: list[Event] = [
    Source(file="/home/ana/lesson.py", text="import trio\n"),
    Place(
        place=1,
        file="/home/ana/lesson.py",
        line=3,
        end_line=3,
        column=4,
        end_column=19,
        function="f",
        call="sleep",
        library=True,
    ),
    BeforeRun(
        t=1,
        run=1,
        name="main",
        loop="trio",
        thread="MainThread",
        trio="0.35.0",
        clock="live",
        trio_time=-5,
        host="asyncio",
    ),
    TaskSpawned(t=2, task=1, run=1, name="main", role="main", parent=0, nursery=0, by=0, place=1),
    TaskScheduled(t=3, task=1, cause="task", waker=0, place=1, scope=1, interrupt=True),
    TaskPromoted(t=3, task=1, name="story.handle", role="user", place=1),
    BeforeTaskStep(t=4, task=1),
    NurseryOpened(t=5, nursery=2, task=1, scope=2, place=1),
    ScopeEntered(t=6, scope=2, task=1, parent=1, deadline=77, shield=True, place=1, library=True),
    ScopeChanged(t=7, scope=2, deadline=88, shield=True, task=1),
    StepSampled(t=8, task=1, place=1),
    Stack(t=9, task=1, places=[1, 1]),
    Output(t=10, stream="stdout", text="olá\n\x1b[2J", task=1),
    Mark(t=11, text="here", task=1),
    AfterTaskStep(t=12, task=1, place=1, until=99, on=3, owner=1, lock=4),
    TaskMoved(t=13, task=1, nursery=2),
    TaskReparked(t=13, task=1, on=4, owner=1),
    BeforeIoWait(t=14, run=1, deadline=99, readers=1, writers=2, threads=3, signals=1, processes=1),
    AfterIoWait(t=15, run=1),
    Clock(t=16, run=1, trio_time=5_000_000_000_000),
    Paused(t=17, run=1, next=1, batch=[1]),
    Resumed(t=18, wall_ns=5, run=1),
    Pace(t=19, steps_per_second=2.0),
    Skipped(t=20, run=1, from_=-5, to=7),
    ScopeCancelled(t=21, scope=2, cause="call", task=1, place=1, reason="enough", interrupt=True, exits=True),
    ScopeExited(t=22, scope=2, caught=True),
    TaskExited(
        t=23, task=1, result="raised", error=Error("ExceptionGroup", "two", leaves=[Leaf("OSError", "no")]), place=1
    ),
    NurseryClosed(t=24, nursery=2, error=Error("Cancelled", "")),
    Dropped(t=25, count=3, since=24),
    AfterRun(t=26, run=1, result="returned"),
]

SMALL_LOG = encode([HEADER, *_BODY, Footer(t=27, events=len(_BODY), dropped=3, exit=-9)])
"""A log with one event of every kind."""

LINES = SMALL_LOG.splitlines(keepends=True)


def any_value(shape: Any) -> st.SearchStrategy[Any]:
    """Draw a value of a msgspec type."""
    match shape:
        case shapes.NoneType():
            return st.none()
        case shapes.BoolType():
            return st.booleans()
        case shapes.IntType():
            return st.integers(shape.ge, shape.le)
        case shapes.FloatType():
            return st.floats(min_value=0.001, max_value=shape.le)
        case shapes.StrType():
            return st.text(st.characters(exclude_categories=["Cs"]), max_size=min(30, shape.max_length))
        case shapes.LiteralType():
            return st.sampled_from(shape.values)
        case shapes.ListType():
            return st.lists(any_value(shape.item_type), max_size=3)
        case shapes.TupleType():
            return st.tuples(*[any_value(item) for item in shape.item_types])
        case shapes.UnionType():
            return st.one_of(*[any_value(kind) for kind in shape.types])
        case shapes.StructType():
            return st.builds(shape.cls, **{field.name: any_value(field.type) for field in shape.fields})
    raise TypeError(shape)


any_event: st.SearchStrategy[Event] = st.one_of(
    *[any_value(shape) for shape in shapes.multi_type_info(EVENTS) if shape.cls not in (Header, Footer)]
)

_IDS = ("task", "run", "nursery", "scope", "parent", "by", "waker", "place", "on", "owner", "next", "eventual")


def meeting(event: Event) -> Event:
    """The event, about the few tasks, runs and scopes that all others are about, too."""
    few = {name: getattr(event, name) % 4 for name in _IDS if isinstance(getattr(event, name, None), int)}
    if isinstance(getattr(event, "t", None), int):
        few["t"] = event.t % 10**12
    return msgspec.structs.replace(event, **few)


any_meeting_event: st.SearchStrategy[Event] = any_event.map(meeting)


def header(**changes: Any) -> Header:
    """The header with other fields."""
    return msgspec.structs.replace(HEADER, **changes)
