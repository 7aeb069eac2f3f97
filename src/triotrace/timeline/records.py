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

__all__ = ["Cancellation", "Damage", "Held", "HeldOff", "Nursery", "Print", "Run", "Scope"]

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
    alive: dict[int, None] = field(default_factory=dict)
    """The lanes of its tasks that live."""


@dataclass(slots=True)
class HeldOff:
    """A shield holds a cancellation off, from `t` on, in `slot`."""

    shield: ScopeId
    scope: ScopeId
    """What was cancelled: the outermost scope, where there are several."""
    t: int
    slot: int
    until: int | None = None
    until_slot: int | None = None

    @property
    def passing(self) -> bool:
        """Tell whether it came and went within one step, so that no task can have noticed."""
        return self.until_slot == self.slot


@dataclass(slots=True)
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
    around: bool = False
    """Whether all in it was cancelled already, with a scope around it."""
    reached: dict[int, int] = field(default_factory=dict)
    """How often it was raised in each lane."""
    deaf: dict[int, int] = field(default_factory=dict)
    """The lanes that waited in it and were not woken, each with the change that began the wait."""
    queued: list[int] = field(default_factory=list)
    """The lanes in it that were ready: they meet it at a checkpoint."""
    running: int | None = None
    """The lane in it that ran."""
    within: bool = False
    """Whether all in it was cancelled already, with scopes in it."""
    shields: list[HeldOff] = field(default_factory=list)
    """Who held it off, in order."""


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
    nursery: bool = False
    cancelled: Cancellation | None = None
    exited: int | None = None
    exited_slot: int | None = None
    caught: bool | None = None
    effectively_cancelled: bool = False
    """Whether what is in it is cancelled now: it is, or a scope around it, and no shield between."""
    held: list[HeldOff] | None = None
    """What it held off as a shield, in order."""
    given: str | None = None
    """How much time it had when it first got a deadline, in short."""
    shown: int = -1
    """The `t` from which on it is in the picture of time; -1 if it never matters."""
    mattered: int = -1
    """The slot from which on it is in the picture of steps."""

    @property
    def deadline(self) -> int | None:
        """The deadline that holds now, in the run's trio time (ns)."""
        return self.deadlines[-1][2]

    @property
    def echoes(self) -> bool:
        """Tell whether a child made it so that a scope around it had cancelled: it changed nothing."""
        return self.cancelled is not None and self.cancelled.around and self.cancelled.cause == "nursery"

    @property
    def due(self) -> int | None:
        """The deadline that cancelled it, in the run's trio time (ns); None if that was something else."""
        if self.cancelled is None or self.cancelled.cause != "deadline":
            return None
        return self._last[1]

    @property
    def set_at(self) -> int:
        """The `t` at which the deadline was set that held when it was cancelled, or that holds now."""
        return self._last[0]

    @property
    def _last(self) -> tuple[int, int | None]:
        t = None if self.cancelled is None else self.cancelled.t
        found = ((at, deadline) for at, _, deadline in reversed(self.deadlines) if t is None or at <= t)
        return next(found, (self.entered, None))

    def held_after(self, slot: int) -> HeldOff | None:
        """Give what it held off after a slot, as a shield."""
        at = bisect_right(self.held, slot, key=lambda held: held.slot) if self.held else 0
        held = self.held[at - 1] if self.held and at else None
        return held if held is not None and (held.until_slot is None or held.until_slot > slot) else None

    @property
    def holds(self) -> HeldOff | None:
        """What it holds off now, as a shield."""
        return self.held[-1] if self.held and self.held[-1].until is None else None


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
