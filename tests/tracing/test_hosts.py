"""Which host a guest run has: by names alone, and in the run's heading."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from functools import partial
from types import ModuleType

import outcome
import pytest
import trio
from watched import watch

from triotrace import Tracer
from triotrace.events import BeforeRun, Event
from triotrace.timeline.rows import RowKind, lay_rows
from triotrace.timeline.timeline import Timeline
from triotrace.tracing.hosts import host_of

Soon = Callable[[Callable[[], object]], object]


async def main() -> None:
    await trio.sleep(0.01)


def begin(soon: Soon, done: Callable[[outcome.Outcome[None]], object]) -> list[Event]:
    events: list[Event] = []
    trio.lowlevel.start_guest_run(
        main,
        run_sync_soon_threadsafe=soon,
        done_callback=done,
        host_uses_signal_set_wakeup_fd=True,
        instruments=[Tracer(events.extend)],
    )
    return events


def host(events: list[Event]) -> str | None:
    [begun] = [event for event in events if isinstance(event, BeforeRun)]
    timeline = Timeline()
    timeline.feed(events)
    rows = lay_rows(timeline, system=False, folded={}, gone_by=None, only=None, loop=True, scopes=None).rows
    headings = [row.label.partition(", ")[2] for row in rows if row.kind is RowKind.RUN]
    guest = f"guest of {begun.host}"
    assert ([guest] if begun.host else []) == headings
    return begun.host


def test_asyncio() -> None:
    async def beside() -> list[Event]:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        events = begin(loop.call_soon_threadsafe, over.set_result)
        await over
        return events

    assert "asyncio" == host(asyncio.run(beside()))


class Toolkit:
    """A loop that somebody wrote, as a binding of a toolkit is one."""

    def __init__(self) -> None:
        self.calls: queue.Queue[Callable[[], object]] = queue.Queue()
        self.over = False

    def end(self, result: outcome.Outcome[None]) -> None:
        self.over = True

    def run(self) -> None:
        while not self.over:
            self.calls.get()()


def own_loop(wrap: Callable[[Soon], Soon]) -> list[Event]:
    toolkit = Toolkit()
    events = begin(wrap(toolkit.calls.put), toolkit.end)
    toolkit.run()
    return events


def in_module(name: str, soon: Soon, **names: object) -> Soon:
    """Make a function that a module of that name would have."""
    module = ModuleType(name)
    vars(module).update(soon=soon, **names)
    exec("def wake(call): soon(call)", vars(module))
    return module.wake


class Reenters:
    """An object that is called; it says otherwise where it comes from, and nobody asks it."""

    __module__ = "hosts.kit"

    def __init__(self, soon: Soon) -> None:
        self.soon = soon

    def __call__(self, call: Callable[[], object]) -> None:
        self.soon(call)

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was asked for")


@pytest.mark.parametrize(
    ("expected", "wrap"),
    [
        ("queue", lambda soon: soon),
        ("kit", lambda soon: in_module("kit.core.loop", soon)),
        ("kit", lambda soon: partial(partial(in_module("kit.core", soon)))),
        ("window", lambda soon: in_module("__main__", soon, __file__="/home/ana/window.py")),
        (None, lambda soon: in_module("__main__", soon)),
        ("hosts", lambda soon: Reenters(soon)),
    ],
)
def test_another_loop(expected: str | None, wrap: Callable[[Soon], Soon]) -> None:
    assert expected == host(own_loop(wrap))


def test_nobodys_guest() -> None:
    """A run of its own has none, though it may be asked in an asyncio loop."""
    told = watch(main)
    assert host(told.events) is None
    assert host_of(object(), None) is None
