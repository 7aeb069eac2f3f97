"""A trio that lacks a private name which we read: its field is left out, and nothing breaks. One name at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Union

import msgspec
import pytest
import trio

from triotrace import Tracer
from triotrace.events import (
    EVENTS,
    AfterRun,
    AfterTaskStep,
    BeforeIoWait,
    BeforeRun,
    Event,
    NurseryClosed,
    NurseryOpened,
    ScopeEntered,
    TaskExited,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.timeline.timeline import Timeline
from triotrace.tracing import births, dispatch, privates, resting, scopes, signals, tracer

MODULES = (births, dispatch, privates, resting, scopes, signals, tracer)


async def helper(*, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await trio.sleep_forever()


async def fails(event: trio.Event) -> None:
    await event.wait()
    raise KeyError("on purpose")


async def program() -> str:
    event, lock = trio.Event(), trio.Lock()
    with trio.move_on_after(0.02):
        async with lock:
            await trio.sleep(60)
    await trio.sleep(0.001)
    await trio.to_thread.run_sync(int)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(helper)
            nursery.start_soon(fails, event)
            await trio.lowlevel.checkpoint()
            event.set()
            await trio.sleep_forever()
    except* KeyError:
        pass
    with trio.CancelScope() as scope:
        scope.cancel()
        await trio.lowlevel.checkpoint()
    return "done"


def watched() -> list[Event]:
    """Run the program; what is told folds, and nothing was lost."""
    events: list[Event] = []
    watcher = Tracer(events.extend)
    assert "done" == trio.run(program, instruments=[watcher])
    assert (0, 0) == (watcher.dropped, watcher._recorder.failures)
    timeline = Timeline()
    timeline.feed(events)
    assert [] == list(timeline.damages)
    return events


def hide(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    """Let none of our modules find a name on any object, though trio itself does."""

    def find(thing: Any, name: str, *default: Any) -> Any:
        if name != hidden:
            return getattr(thing, name, *default)
        if default:
            return default[0]
        raise AttributeError(name)

    for module in MODULES:
        monkeypatch.setattr(module, "getattr", find, raising=False)
        monkeypatch.setattr(
            module, "hasattr", lambda thing, name: name != hidden and hasattr(thing, name), raising=False
        )


def of(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


# Which field goes, for want of a name. `None`: there is a public way to the same, or one that costs more.
NAMES: dict[str, Callable[[list[Event]], bool] | None] = {
    "runner": lambda events: "returned" == of(events, AfterRun)[0].result,
    "instruments": None,
    "_child_nurseries": None,
    "deadlines": None,
    "_active": None,
    "next_deadline": None,
    "runq": None,
    "io_manager": None,
    "force_wakeup": None,
    "_parent_nursery": None,
    "_pending_excs": None,
    "main_task": None,
    "main_task_outcome": None,
    "_cancel_status": lambda events: all(event.scope is None for event in of(events, TaskScheduled)),
    "effectively_cancelled": lambda events: all(event.scope is None for event in of(events, TaskScheduled)),
    "_scope": lambda events: all(event.scope is None for event in of(events, TaskScheduled)),
    "_parent": None,
    "_shield": None,
    "_cancel_called": lambda events: all(event.scope is None for event in of(events, TaskScheduled)),
    "_counter": None,
    "ki_pending": None,
    "wakeup_sock": None,
}


@pytest.mark.parametrize("name", NAMES)
def test_without(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The tree, the order of its events, and how each task ended are told all the same."""
    whole = watched()
    hide(monkeypatch, name)
    events = watched()
    for kind in (BeforeRun, TaskSpawned, TaskExited, NurseryOpened, NurseryClosed, AfterRun):
        assert len(of(whole, kind)) == len(of(events, kind)), kind
    roles = [event.role for event in of(whole, TaskSpawned)]
    assert roles == [event.role for event in of(events, TaskSpawned)]
    gone = NAMES[name]
    if gone is not None:
        assert gone(events)


def test_deadlines_by_the_public_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a task's cancel status the nearest deadline is asked of trio."""
    kept: list[tuple[object, object]] = []

    class Bare:
        """A task that has no private name at all."""

    async def main() -> None:
        with trio.move_on_after(7):
            await trio.lowlevel.checkpoint()
            task: Any = trio.lowlevel.current_task()
            kept.append((privates.wait_deadline(task), privates.wait_deadline(Bare())))  # type: ignore[arg-type]

    trio.run(main)
    [(private, public)] = kept
    assert private is not None
    assert private == public


@pytest.mark.parametrize(
    "name",
    ["_cancel_status", "_cancel_called", "_deadline", "_shield", "_close", "CancelStatus", "__attrs_post_init__"],
)
def test_what_scopes_need(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Without any one of these names scopes are not wrapped."""
    assert scopes._can_watch()
    hide(monkeypatch, name)
    assert not scopes._can_watch()


UNWRAPPED = """
import sys
import msgspec
import trio
from test_hidden_names import program
from triotrace import Tracer
from triotrace.tracing import scopes
scopes._can_watch = lambda: False
events = []
tracer = Tracer(events.extend)
assert "done" == trio.run(program, instruments=[tracer])
sys.stdout.buffer.write(msgspec.json.encode([events, tracer.dropped]))
"""


def test_without_scopes() -> None:
    """Where scopes cannot be wrapped they are not told; nurseries are, found by difference, and all else folds."""
    command = [sys.executable, "-c", UNWRAPPED]
    told = subprocess.run(command, cwd=Path(__file__).parent, check=True, stdout=subprocess.PIPE).stdout
    kinds: Any = Union[EVENTS]  # noqa: UP007  # made of a tuple
    events, dropped = msgspec.json.decode(told, type=tuple[list[kinds], int])
    assert 0 == dropped
    assert [] == of(events, ScopeEntered)
    whole = watched()
    for kind in (NurseryOpened, NurseryClosed, TaskSpawned, TaskExited, AfterRun):
        assert len(of(whole, kind)) == len(of(events, kind)), kind
    timeline = Timeline()
    timeline.feed(events)
    assert [] == list(timeline.damages)


def test_what_is_hidden_was_there() -> None:
    """A field that goes with its name is there with it: else the tests above could not fail."""
    events = watched()
    assert [event for event in of(events, TaskScheduled) if event.scope is not None]
    assert [event for event in of(events, AfterTaskStep) if event.until is not None]
    assert [event for event in of(events, BeforeIoWait) if event.deadline is not None]
    assert 2 <= len(of(events, ScopeEntered))
    assert {"returned", "raised", "cancelled"} == {event.result for event in of(events, TaskExited)}
