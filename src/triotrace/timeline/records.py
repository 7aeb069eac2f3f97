"""What the fold remembers beside lanes and tape: runs, prints, scopes, nurseries, damages."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import itemgetter

from triotrace.events import (
    BeforeIoWait,
    BeforeRun,
    Error,
    NurseryId,
    PlaceId,
    Result,
    RunId,
    ScopeCause,
    ScopeId,
    Stream,
)

__all__ = ["Cancellation", "Damage", "Held", "Nursery", "Print", "Run", "Scope"]

_moment_of = itemgetter(0)


@dataclass(slots=True)
class Run:
    """One `trio.run`. `ties` relate its trio clock to `t`: (t, trio time) in ns, ascending."""

    index: int
    run: RunId
    begun: BeforeRun
    name: str
    thread: str
    ties: list[tuple[int, int]]
    ended: int | None = None
    result: Result | None = None
    error: Error | None = None
    last_slot: int = 0
    alive: int = 0
    """How many main, user and library tasks live; without one, a sleep of the loop is trio's own affair."""
    running: int | None = None
    """The lane that runs now."""
    slept: bool = False
    waits: BeforeIoWait | None = None
    """What its loop waits for, while it sleeps."""
    asleep_since: int | None = None
    sleep_slot: int = 0
    """The slot of the sleep that nothing numbered has followed yet; 0 if there is none."""
    turn: int = 0
    """Where in `Timeline.changes` the present turn of the loop began."""
    names: dict[str, int] = field(default_factory=dict)
    """How many tasks bear each name."""

    def trio_time(self, t: int) -> int:
        """Give the run's trio time (ns) at `t`."""
        at, time = self.ties[max(0, bisect_right(self.ties, t, key=_moment_of) - 1)]
        # A mock clock stands still between its jumps
        return time if self.begun.clock == "mock" else time + t - at

    def moment(self, trio_time: int) -> int:
        """Give the `t` at which the run's trio clock shows `trio_time`, by its newest tie."""
        at, time = self.ties[-1]
        return at + trio_time - time


@dataclass(slots=True)
class Nursery:
    """A nursery and the lane that owns it."""

    nursery: NurseryId
    owner: int
    opened: int
    place: PlaceId | None
    scope: ScopeId | None
    closed: int | None = None
    error: Error | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A scope was cancelled at `t`, in `slot`, by the lane `by` if a task did it."""

    t: int
    slot: int
    cause: ScopeCause
    by: int | None
    place: PlaceId | None
    reason: str | None
    interrupt: bool = False
    """Ctrl+C came."""
    exits: bool = False
    """A SystemExit came through its nursery."""


@dataclass(slots=True)
class Scope:
    """A cancel scope. `deadlines`: (t, slot, deadline in trio time or None), ascending; the last one holds."""

    scope: ScopeId
    lane: int
    parent: ScopeId | None
    entered: int
    entered_slot: int
    place: PlaceId | None
    library: bool
    shield: bool
    deadlines: list[tuple[int, int, int | None]]
    cancelled: Cancellation | None = None
    exited: int | None = None
    exited_slot: int | None = None
    caught: bool | None = None

    @property
    def deadline(self) -> int | None:
        """The deadline that holds now, in the run's trio time (ns)."""
        return self.deadlines[-1][2]


@dataclass(frozen=True, slots=True)
class Print:
    """What the program printed; `lane` is the task whose step it was."""

    t: int
    slot: int
    stream: Stream
    text: str
    lane: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """The program stands at the gate. `queue`: the lanes ready in this turn of the loop, the next one first."""

    t: int
    run: int | None
    next: int | None
    queue: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Damage:
    """An event that cannot follow what came before: the log is damaged there."""

    t: int
    text: str
