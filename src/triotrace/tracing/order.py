"""The order in which tasks that are ready in one turn of the loop run.

trio shuffles on purpose: half of the time it reverses a turn's batch, and takes tasks from its end. A batch that is
always reversed runs in the order in which its tasks became ready. Behind that stand sets of tasks and scopes, which
Python walks by address: those become ordered, too, and deadlines at the same instant get a serial.

Every private name is guarded: where trio lacks one, its part of the order stays trio's own.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable, Iterator, MutableSequence
from itertools import count
from types import ModuleType
from typing import Any, Generic, TypeVar

import trio

from triotrace.tracing.patches import Patches

__all__ = ["StepCounter", "arrange"]

T = TypeVar("T")


class InOrder(dict[T, None], Generic[T]):
    """A set that is walked in the order in which things were added; as much of one as trio asks for."""

    def add(self, thing: T) -> None:
        """Add `thing`, unless it is in."""
        self[thing] = None

    def remove(self, thing: T) -> None:
        """Remove `thing`. Raises KeyError."""
        del self[thing]

    def discard(self, thing: T) -> None:
        """Remove `thing` if it is in."""
        self.pop(thing, None)

    def __iter__(self) -> Iterator[T]:
        # trio changes a set while it walks its tasks in one place; a set bears what a dict does not.
        return iter(list(super().keys()))


class _Started(random.Random):
    """Draws what trio draws, but for the coin that decides whether a batch is reversed."""

    def random(self) -> float:
        """Say yes to the one question that trio asks so: tasks run in the order in which they became ready."""
        return 0.1

    def uniform(self, a: float, b: float) -> float:
        """Draw where trio really wants chance: the offset of its clock."""
        return a + (b - a) * super().random()

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Leave a batch that trio sorted by age as it is: its tasks are taken from the end."""
        x.reverse()


class _Seeded(random.Random):
    """Draws the coin from a number and the count of steps: the loop turns without a step, too, as often as it likes."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._number = number

    def random(self) -> float:
        """Toss the coin of this step."""
        return random.Random(f"{self._number}/{_steps.count}").random()

    def uniform(self, a: float, b: float) -> float:
        """Draw where trio really wants chance: the offset of its clock."""
        return a + (b - a) * super().random()


class _Steps(threading.local):
    count = 0


_steps = _Steps()


class StepCounter(trio.abc.Instrument):
    """Counts the steps of the run in this thread, for an order that is given as a number."""

    def before_run(self) -> None:
        """Begin at none: each run has the order that its number says."""
        _steps.count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Count one more."""
        _steps.count += 1


def arrange(run: ModuleType, order: str, patches: Patches) -> bool:
    """Make the runs of this process have `order`; return whether they need a StepCounter."""
    if order == "shuffled" or not isinstance(getattr(run, "_r", None), random.Random):
        return False
    _order_sets(run, patches)
    _order_deadlines(run, patches)
    patches.replace(run, "_r", _Started() if order == "started" else _Seeded(int(order)))
    return order != "started"


def _order_sets(run: ModuleType, patches: Patches) -> None:
    _after_init(patches, trio.Event, ("_tasks",))
    _after_init(patches, trio.MemorySendChannel, ("_tasks",))
    _after_init(patches, trio.MemoryReceiveChannel, ("_tasks",))
    status = getattr(run, "CancelStatus", None)
    if status is not None:
        # Its __init__ hangs it into its parent as it ends, so the sets must be ordered before that.
        _after_init(patches, status, ("_tasks", "_children"), name="__attrs_post_init__", first=True)


def _after_init(
    patches: Patches, kind: Any, fields: tuple[str, ...], *, name: str = "__init__", first: bool = False
) -> None:
    original: Callable[..., None] | None = getattr(kind, name, None)
    if original is None:
        return

    def replaced(self: object, *args: object, **kwargs: object) -> None:
        if not first:
            original(self, *args, **kwargs)
        for field in fields:
            if type(getattr(self, field, None)) is set:
                setattr(self, field, InOrder())
        if first:
            original(self, *args, **kwargs)

    replaced.__name__ = name
    patches.replace(kind, name, replaced)


def _order_deadlines(run: ModuleType, patches: Patches) -> None:
    deadlines = getattr(run, "Deadlines", None)
    if deadlines is None or not {"_heap", "_active"} <= set(getattr(deadlines, "__slots__", ())):
        return
    serial = count()

    def add(self: Any, deadline: float, cancel_scope: trio.CancelScope) -> None:
        heapq.heappush(self._heap, (deadline, next(serial), cancel_scope))
        self._active += 1

    patches.replace(deadlines, "add", add)
