"""Which lanes are shown, in what order: the tree of tasks under the tasks that own their nurseries.

A lane that is folded away is drawn on the row it is folded into, so each lane has a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from triotrace.clean import clean
from triotrace.timeline.ends import error_name, interrupted
from triotrace.timeline.lanes import Lane
from triotrace.timeline.names import LIMIT_NAME
from triotrace.timeline.records import Scope
from triotrace.timeline.rolls import Roll
from triotrace.timeline.scope_levels import Levels
from triotrace.timeline.tape import Tape
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.tree import Tree
from triotrace.timeline.widths import fit, width_of
from triotrace.timeline.words import Words

__all__ = ["Row", "RowKind", "Rows", "lay_rows"]


_MANY = 100
"""Lanes that are looked up faster than they are remembered."""


class RowKind(Enum):
    """What a row stands for."""

    RUN = "run"
    """The heading of a run, where there are several."""
    LOOP = "loop"
    TASK = "task"
    SCOPE = "scope"
    """The cancel scopes of the task above it."""
    ROLL = "roll"
    """All that is under the task above it, folded by hand."""
    GONE = "gone"
    """The children of a task that are gone, where those are hidden."""


@dataclass(slots=True)
class Row:
    """A line of the picture. `branch` is its part of the tree: `├ `, `│ └ ` ..."""

    kind: RowKind
    run: int
    """Index in `Timeline.runs`."""
    label: str
    branch: str = ""
    lane: int | None = None
    scopes: Sequence[Scope] = ()
    """The timeline's own list, which grows."""
    roll: Roll | None = None

    @property
    def title(self) -> str:
        """What stands at its left: its part of the tree and its name."""
        return self.branch + self.label

    def fitted(self, width: int, *, slot: int | None = None) -> str:
        """Give that in exactly `width` cells, after a slot: deep in a tree, the name stays and the branches are cut."""
        label = self.label if self.roll is None or slot is None else self.roll.label(slot)
        return fit(self.branch, label, width)


class Woken(NamedTuple):
    """The rows of those whom a step made ready, the first of them and the last."""

    rows: frozenset[int]
    top: int
    bottom: int


@dataclass(frozen=True)
class Rows:
    """The rows, and for each lane the row that shows it; a lane of a hidden run's init task has none."""

    rows: list[Row]
    row_of_lane: dict[int, int]
    loop_row: dict[int, int]
    """Of each run (by index)."""
    hidden: dict[int, list[int]]
    """The lanes that are drawn on the row of another task, or of those that are gone."""
    _woken: dict[tuple[int, int], Woken] = field(default_factory=dict, repr=False, compare=False)

    def row_of(self, lane: int) -> int | None:
        """Give the row of a tape's lane number: a task, or -1 - r for the loop of run r."""
        return self.row_of_lane.get(lane) if lane >= 0 else self.loop_row.get(-1 - lane)

    def woken_in(self, tape: Tape, slot: int) -> Woken:
        """Give the rows of those whom a slot made ready: worked out once, as one step may start a hundred thousand."""
        lanes = tape.woken_in(slot)
        known = self._woken.get((slot, len(lanes)))
        if known is None:
            rows = frozenset(row for row in map(self.row_of, lanes) if row is not None)
            known = Woken(rows, min(rows, default=0), max(rows, default=0))
            if len(lanes) > _MANY:
                self._woken[slot, len(lanes)] = known
        return known

    @cached_property
    def widest(self) -> int:
        """The cells that the widest title needs."""
        return max((width_of(row.branch) + width_of(row.label) for row in self.rows), default=0)

    @cached_property
    def tasks(self) -> int:
        """How many rows are tasks'."""
        return sum(row.kind is RowKind.TASK for row in self.rows)

    def next_task(self, row: int | None, count: int) -> int | None:
        """Give the task row so many further down, or up if `count` is negative, as far as there are any."""
        direction = 1 if count > 0 else -1
        at = row if row is not None else -1 if direction > 0 else len(self.rows)
        found = row if row is not None and self.rows[row].kind is RowKind.TASK else None
        while count and 0 <= at + direction < len(self.rows):
            at += direction
            if self.rows[at].kind is RowKind.TASK:
                found, count = at, count - direction
        return found


def lay_rows(
    timeline: Timeline,
    *,
    system: bool = False,
    folded: Mapping[int, Roll] = {},
    gone_by: int | None = None,
    only: Set[int] | None = None,
    among: Set[int] | None = None,
    loop: bool = True,
    scopes: Words | None = None,
    steps: bool = False,
) -> Rows:
    """Lay the lanes out as a tree.

    Args:
        timeline: what happened.
        system: show trio's own and library tasks too.
        folded: lanes whose descendants are hidden, and those rolled up.
        gone_by: hide the tasks that are gone after this slot; None hides none.
        only: lanes that match a search; None for all.
        among: the tape's lane numbers that matter, others are not looked at: of a hundred thousand, some; None for all.
        loop: give the loop of each run that ever slept a row of its own.
        scopes: give scopes that mattered, and those with deadlines, rows of their own, labelled in these words.
        steps: leave out the deadlines that nobody missed, since steps are no time.
    """
    layout = _Layout(
        timeline, system=system, folded=folded, gone_by=gone_by, only=only, among=among, scopes=scopes, steps=steps
    )
    several = len(timeline.runs) > 1
    for run in layout.tree.runs:
        if several or run.begun.host:
            layout.add(Row(RowKind.RUN, run.index, _run_title(timeline, run.index)))
        if loop and run.slept:
            layout.loop_row[run.index] = len(layout.rows)
            layout.add(Row(RowKind.LOOP, run.index, "(loop)"))
        layout.add_tree(run.index)
    return Rows(layout.rows, layout.row_of_lane, layout.loop_row, layout.hidden)


def _run_title(timeline: Timeline, index: int) -> str:
    run = timeline.runs[index]
    thread = "" if run.thread == "MainThread" else f" in {run.thread}"
    by = f", {error_name(run.error)}" if interrupted(run.error) else ""
    guest = f", guest of {clean(run.begun.host, LIMIT_NAME)}" if run.begun.host else ""
    return f"run {index + 1}: {run.name}{thread}{guest}{by}"


class _Layout:
    def __init__(
        self,
        timeline: Timeline,
        *,
        system: bool,
        folded: Mapping[int, Roll],
        gone_by: int | None,
        only: Set[int] | None,
        among: Set[int] | None,
        scopes: Words | None,
        steps: bool,
    ) -> None:
        self.timeline = timeline
        self.system = system
        self.folded = folded
        self.gone_by = gone_by
        self.only = only
        self.scopes = scopes
        self.levels: dict[int, Levels] = {}
        if scopes is not None:
            self.levels = timeline.mattered if steps else timeline.timed
        self.rows: list[Row] = []
        self.row_of_lane: dict[int, int] = {}
        self.loop_row: dict[int, int] = {}
        self.hidden: dict[int, list[int]] = {}
        self.tree = Tree(timeline, among)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def add_tree(self, run: int) -> None:
        for root in self.tree.roots.get(run, ()):
            if root.role == "init" and not self.system:
                # Nobody wrote <init>: main is the root of what the user sees
                for child in self._shown_children(root, None):
                    self._add(child, run)
            else:
                self._add(root, run)

    def _shows(self, lane: Lane) -> bool:
        if self.only is not None and lane.index not in self.only:
            return False
        return self.system or lane.role in ("main", "user")

    def _shown_children(self, lane: Lane, into: int | None) -> list[Lane]:
        """Give the nearest shown descendants; what lies between is drawn on the row `into`."""
        shown: list[Lane] = []
        waiting = [*self.tree.children_of(lane)][::-1]
        while waiting:
            child = self.timeline.lanes[waiting.pop()]
            if self._shows(child):
                shown.append(child)
            else:
                if into is not None and child.role != "system":
                    self._hide(child, into)
                waiting += [*self.tree.children_of(child)][::-1]
        return shown

    def _add(self, lane: Lane, run: int) -> None:
        # Not recursive: a chain of nurseries may be deeper than Python's stack
        todo = [(lane, "", "")]
        title = self.timeline.title
        while todo:
            lane, branch, below = todo.pop()
            row = self.row_of_lane[lane.index] = len(self.rows)
            self.rows.append(Row(RowKind.TASK, run, title(lane), branch, lane.index))
            if not self.tree.children_of(lane) and lane.index not in self.levels:
                continue
            roll = self.folded.get(lane.index)
            if roll is not None:
                self._add_scopes(lane, run, below + "│ ")
                self._add_roll(lane, run, below + "└ ", roll)
                continue
            children = self._shown_children(lane, row)
            gone: list[Lane] = []
            if self.gone_by is not None:
                gone = [child for child in children if self._is_gone(child)]
                children = [child for child in children if not self._is_gone(child)]
            self._add_scopes(lane, run, below + ("│ " if children or gone else "  "))
            if gone:
                self._add_gone(gone, run, below + ("├ " if children else "└ "))
            corner, rest = below + "└ ", below + "  "
            for child in reversed(children):
                todo.append((child, corner, rest))
                corner, rest = below + "├ ", below + "│ "

    def _add_scopes(self, lane: Lane, run: int, branch: str) -> None:
        """Add as many rows as scopes of a task were ever to be seen at once."""
        levels = self.levels.get(lane.index)
        if levels is not None and self.scopes is not None:
            for level in levels.levels:
                self.rows.append(Row(RowKind.SCOPE, run, self.scopes.scopes(level), branch, scopes=level.scopes))

    def _add_roll(self, lane: Lane, run: int, branch: str, roll: Roll) -> None:
        row = len(self.rows)
        for child in self.tree.below([lane]):
            self.row_of_lane[child.index] = row
        self.rows.append(Row(RowKind.ROLL, run, roll.label(len(self.timeline.tape)), branch, roll=roll))

    def _is_gone(self, lane: Lane) -> bool:
        return lane.result is not None and lane.state == lane.result and lane.slots[-1] <= (self.gone_by or 0)

    def _add_gone(self, gone: list[Lane], run: int, branch: str) -> None:
        row = len(self.rows)
        for lane in gone:
            self._hide(lane, row)
        for lane in self.tree.below(gone):
            self._hide(lane, row)
        self.rows.append(Row(RowKind.GONE, run, f"■ {len(gone)}", branch))

    def _hide(self, lane: Lane, row: int) -> None:
        self.row_of_lane[lane.index] = row
        self.hidden.setdefault(row, []).append(lane.index)
