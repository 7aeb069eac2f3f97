"""Which shield holds a cancellation off, and when: the fold's reckoning, beside one made anew at each change."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from triotrace import events as e
from triotrace.timeline.timeline import Timeline

TASKS = 3


@dataclass
class Naive:
    """A scope as trio's rules have it, without memory."""

    parent: int | None
    shield: bool
    cancelled: bool = False


@dataclass
class Model:
    """The open scopes, each task's own, innermost last; task 1 has a nursery in whose scope the others live."""

    scopes: dict[int, Naive] = field(default_factory=dict)
    open: dict[int, list[int]] = field(default_factory=lambda: {task: [] for task in range(1, TASKS + 1)})

    def is_cancelled(self, scope: int | None) -> bool:
        """Tell whether what is in a scope is cancelled."""
        if scope is None:
            return False
        known = self.scopes[scope]
        return known.cancelled or (not known.shield and self.is_cancelled(known.parent))

    def source(self, scope: int) -> int:
        """Return the outermost cancelled scope that reaches what is in a scope."""
        found, at = scope, scope
        while self.is_cancelled(at):
            known = self.scopes[at]
            found = at if known.cancelled else found
            if known.shield or known.parent is None:
                break
            at = known.parent
        return found

    def holding(self) -> dict[int, int]:
        """Return the shields that hold a cancellation off, and whose."""
        found = {}
        for task in self.open.values():
            for scope in task:
                known = self.scopes[scope]
                above = known.parent
                if known.shield and not known.cancelled and above is not None and self.is_cancelled(above):
                    found[scope] = self.source(above)
        return found


@st.composite
def made_up(draw: st.DrawFn) -> list[tuple[e.Event, dict[int, int]]]:
    """Make up what happens to scopes; with each event goes what holds after it."""
    model, told, t, number = Model(), [], 0, 0

    def tell(event: e.Event) -> None:
        told.append((event, model.holding()))

    def enter(task: int, *, shield: bool) -> int:
        nonlocal number
        number += 1
        own = model.open[task]
        parent = own[-1] if own else None if task == 1 else nursery
        model.scopes[number] = Naive(parent, shield)
        own.append(number)
        tell(e.ScopeEntered(t, number, task, parent=parent, shield=shield or None))
        return number

    outer = enter(1, shield=False)
    nursery = enter(1, shield=draw(st.booleans()))
    tell(e.NurseryOpened(t, 1, 1, scope=nursery))
    for task in range(2, TASKS + 1):
        tell(e.TaskSpawned(t, task, 1, "child", "user", parent=1, nursery=1))
    for _ in range(draw(st.integers(0, 40))):
        t += 1
        task = draw(st.integers(1, TASKS))
        own = model.open[task]
        what = draw(st.sampled_from(["enter", "shield", "leave", "cancel", "flip"]))
        if what in ("enter", "shield"):
            enter(task, shield=what == "shield")
        elif what == "leave":
            if own and own[-1] not in (outer, nursery):
                scope = own.pop()
                tell(e.ScopeExited(t, scope))
        else:
            scope = draw(st.sampled_from(sorted(scope for task in model.open.values() for scope in task)))
            known = model.scopes[scope]
            if what == "flip":
                known.shield = not known.shield
                tell(e.ScopeChanged(t, scope, shield=known.shield))
            elif not known.cancelled:
                known.cancelled = True
                tell(e.ScopeCancelled(t, scope, "call"))
    return told


@given(made_up())
def test_the_same_shields_hold_as_by_trios_rules(told: list[tuple[e.Event, dict[int, int]]]) -> None:
    """What a shield holds off is what was cancelled outermost when it began to hold."""
    timeline = Timeline()
    timeline.feed(
        [e.BeforeRun(0, 1, "main", "trio", "MainThread", "0", "live", 0), e.TaskSpawned(0, 1, 1, "main", "main")]
    )
    began: dict[int, int] = {}
    for event, expected in told:
        timeline.feed([event])
        began = {shield: began.get(shield, source) for shield, source in expected.items()}
        holding = {scope.scope: scope.holds.scope for scope in timeline.scopes.values() if scope.holds is not None}
        assert began == holding
    assert [] == timeline.damages


@given(made_up())
def test_a_task_has_as_many_rows_as_it_needs_at_once(told: list[tuple[e.Event, dict[int, int]]]) -> None:
    timeline = Timeline()
    timeline.feed(
        [e.BeforeRun(0, 1, "main", "trio", "MainThread", "0", "live", 0), e.TaskSpawned(0, 1, 1, "main", "main")]
    )
    most = dict.fromkeys(range(TASKS), 0)
    for event, _ in told:
        timeline.feed([event])
        for lane in most:
            shown = [s for s in timeline.scopes.values() if s.lane == lane and s.exited is None and s.mattered >= 0]
            most[lane] = max(most[lane], len(shown))
    for lane, levels in timeline.mattered.items():
        assert len(levels.levels) <= most[lane]
        for level in levels.levels:
            ends = [scope.exited for scope in level.scopes[:-1]]
            begins = [scope.shown for scope in level.scopes[1:]]
            assert all(end is not None and end <= begin for end, begin in zip(ends, begins, strict=True))


def test_a_task_that_moves_takes_its_shield_along() -> None:
    """After `started()` it is in the scope of its new nursery: what was cancelled around the old one is not its own."""
    timeline = Timeline()
    timeline.feed(
        [
            e.BeforeRun(0, 1, "main", "trio", "MainThread", "0", "live", 0),
            e.TaskSpawned(0, 1, 1, "main", "main"),
            e.ScopeEntered(0, 1, 1),
            e.NurseryOpened(0, 1, 1, scope=1),
            e.ScopeEntered(0, 2, 1, parent=1),
            e.ScopeEntered(0, 3, 1, parent=2, library=True),
            e.NurseryOpened(0, 2, 1, scope=3),
            e.TaskSpawned(0, 2, 1, "engine", "user", parent=1, nursery=2, eventual=1, by=1),
            e.ScopeEntered(1, 4, 2, parent=3, shield=True),
            e.ScopeCancelled(2, 2, "deadline"),
        ]
    )
    held = timeline.scopes[4].holds
    assert held is not None
    assert (2, 2) == (held.scope, held.t)
    timeline.feed([e.TaskMoved(5, 2, 1)])
    assert timeline.scopes[4].holds is None
    assert 5 == held.until


def test_damaged_logs_raise_nothing() -> None:
    timeline = Timeline()
    timeline.feed(
        [
            e.BeforeRun(0, 1, "main", "trio", "MainThread", "0", "live", 0),
            e.TaskSpawned(0, 1, 1, "main", "main"),
            e.ScopeEntered(0, 1, 1, parent=1, shield=True),
            e.ScopeEntered(0, 1, 1, parent=1),
            e.ScopeEntered(0, 2, 1, parent=1),
            e.NurseryOpened(0, 1, 1, scope=2),
            e.TaskMoved(0, 1, 1),
            e.ScopeCancelled(0, 2, "call"),
            e.ScopeExited(0, 1),
            e.ScopeExited(0, 1),
            e.ScopeCancelled(0, 1, "call"),
            e.ScopeChanged(0, 1, shield=True),
            e.ScopeExited(0, 2),
        ]
    )
    assert "scope 1 was entered twice" in [damage.text for damage in timeline.damages]
