"""Small programs, traced in this process, and what their events tell."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import trio

from triotrace import Tracer
from triotrace.events import (
    AfterTaskStep,
    BeforeTaskStep,
    Event,
    NurseryId,
    NurseryOpened,
    Place,
    PlaceId,
    TaskExited,
    TaskId,
    TaskScheduled,
    TaskSpawned,
)

run_module: ModuleType = trio._core._run


@contextmanager
def started_order() -> Iterator[None]:
    """Let tasks run in the order in which they became ready: a list of events can then be compared."""
    old = run_module._r
    coin = random.Random()
    coin.random = lambda: 0.1  # type: ignore[method-assign]
    coin.shuffle = lambda batch: batch.reverse()  # type: ignore[method-assign]  # where pytest-trio sorts the batch
    run_module._r = coin
    try:
        yield
    finally:
        run_module._r = old


@dataclass
class Told:
    """The events of a run, and ways to ask them."""

    events: list[Event]
    tracer: Tracer

    def __post_init__(self) -> None:
        self.places: dict[PlaceId, Place] = {e.place: e for e in self.events if isinstance(e, Place)}
        self.spawned: dict[TaskId, TaskSpawned] = {e.task: e for e in self.events if isinstance(e, TaskSpawned)}

    def name(self, task: TaskId | None) -> str | None:
        """Return the short name of a task."""
        return None if task is None else self.spawned[task].name.rpartition(".")[2]

    def task(self, name: str) -> TaskId:
        """Return the one task of that name."""
        [found] = [number for number in self.spawned if self.name(number) == name]
        return found

    def story(self, *kinds: type[Event]) -> list[tuple[str, str | None]]:
        """Return what happened to the tasks of main's, as (event, task)."""
        kinds = kinds or (TaskSpawned, TaskScheduled, BeforeTaskStep, AfterTaskStep, TaskExited)
        return [
            (type(e).__name__, self.name(e.task))
            for e in self.events
            if isinstance(e, kinds) and self.spawned[e.task].role not in ("init", "system")
        ]

    def of(self, kind: type, task: str) -> list:
        """Return the events of one kind that are about one task."""
        return [e for e in self.events if isinstance(e, kind) and self.name(e.task) == task]

    def stands(self, task: str) -> list[tuple[str, str | None, str | None]]:
        """Return where a task stood after each of its steps but the last: function, call, source line's function."""
        return [
            (place.function.rpartition(".")[2], place.call, type(e).__name__)
            for e in self.of(AfterTaskStep, task)
            if e.place is not None
            for place in [self.places[e.place]]
        ]

    def calls(self, task: str) -> list[str | None]:
        """Return what a task stood in after each of its steps but the last."""
        return [self.places[e.place].call for e in self.of(AfterTaskStep, task) if e.place is not None]

    def wakes(self, task: str) -> list[tuple[str, str | None]]:
        """Return why a task was scheduled, and by whom."""
        return [(e.cause, self.name(e.waker)) for e in self.of(TaskScheduled, task)]

    def nurseries(self) -> dict[NurseryId, TaskId]:
        """Return the owner of each nursery."""
        return {e.nursery: e.task for e in self.events if isinstance(e, NurseryOpened)}


def watch(
    main: Callable[..., Awaitable[object]],
    *args: object,
    clock: trio.abc.Clock | None = None,
    instruments: Sequence[trio.abc.Instrument] = (),
    raises: type[BaseException] | None = None,
) -> Told:
    """Run `main` under a Tracer and return what it told."""
    events: list[Event] = []
    tracer = Tracer(events.extend)
    with started_order():
        try:
            trio.run(main, *args, clock=clock, instruments=[tracer, *instruments])
        except BaseException as error:
            if raises is None or not isinstance(error, raises):
                raise
        else:
            assert raises is None, f"{raises} was not raised"
    assert tracer.dropped == 0
    return Told(events, tracer)
