"""Which lanes are shown, in what order: the tree of tasks under the tasks that own their nurseries.

A lane that is folded away is drawn on the row it is folded into.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import Enum

from triotrace.timeline.canvas import fit
from triotrace.timeline.lanes import Lane
from triotrace.timeline.records import Scope
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

__all__ = ["Row", "RowKind", "Rows", "lay_rows"]


class RowKind(Enum):
    """What a row stands for."""

    RUN = "run"
    """The heading of a run, where there are several."""
    LOOP = "loop"
    TASK = "task"
    SCOPE = "scope"
    """The cancel scopes with deadlines of the task above it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the picture. `branch` is its part of the tree: `├ `, `│ └ ` ..."""

    kind: RowKind
    run: int
    """Index in `Timeline.runs`."""
    label: str
    branch: str = ""
    lane: int | None = None
    folded: int = 0
    """How many lanes are folded into it by hand."""
    scopes: tuple[Scope, ...] = ()

    @property
    def title(self) -> str:
        """What stands at its left: its part of the tree and its name."""
        return self.branch + self._name

    def fitted(self, width: int) -> str:
        """Give that in exactly `width` cells: deep in a tree, the name stays and the branches are cut."""
        return fit(self.branch, self._name, width)

    @property
    def _name(self) -> str:
        return f"{self.label} +{self.folded}" if self.folded else self.label


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows, and for each lane the row that shows it; a lane of a hidden run's init task has none."""

    rows: tuple[Row, ...]
    row_of_lane: dict[int, int]
    loop_row: dict[int, int]
    """Of each run (by index)."""

    def row_of(self, lane: int) -> int | None:
        """Give the row of a tape's lane number: a task, or -1 - r for the loop of run r."""
        return self.row_of_lane.get(lane) if lane >= 0 else self.loop_row.get(-1 - lane)


def lay_rows(
    timeline: Timeline,
    *,
    system: bool = False,
    folded: Set[int] = frozenset(),
    only: Set[int] | None = None,
    loop: bool = True,
    scopes: Words | None = None,
) -> Rows:
    """Lay the lanes out as a tree.

    Args:
        timeline: what happened.
        system: show trio's own and library tasks too.
        folded: lanes whose children are hidden.
        only: lanes that match a search; None for all.
        loop: give the loop of each run that ever slept a row of its own.
        scopes: give scopes with deadlines rows of their own, labelled in these words.
    """
    layout = _Layout(timeline, system=system, folded=folded, only=only, scopes=scopes)
    several = len(timeline.runs) > 1
    for run in timeline.runs:
        if several:
            layout.add(Row(RowKind.RUN, run.index, _run_title(timeline, run.index)))
        if loop and run.slept:
            layout.loop_row[run.index] = len(layout.rows)
            layout.add(Row(RowKind.LOOP, run.index, "(loop)"))
        layout.add_tree(run.index)
    return Rows(tuple(layout.rows), layout.row_of_lane, layout.loop_row)


def _run_title(timeline: Timeline, index: int) -> str:
    run = timeline.runs[index]
    thread = "" if run.thread == "MainThread" else f" in {run.thread}"
    return f"run {index + 1}: {run.name}{thread}"


class _Layout:
    def __init__(
        self, timeline: Timeline, *, system: bool, folded: Set[int], only: Set[int] | None, scopes: Words | None
    ) -> None:
        self.timeline = timeline
        self.system = system
        self.folded = folded
        self.only = only
        self.scopes = scopes
        self.rows: list[Row] = []
        self.row_of_lane: dict[int, int] = {}
        self.loop_row: dict[int, int] = {}
        self._roots: dict[int, list[Lane]] = {run.index: [] for run in timeline.runs}
        for lane in timeline.lanes:
            if lane.parent is None:
                run = timeline.run_of(lane)
                if run is not None:
                    self._roots[run.index].append(lane)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def add_tree(self, run: int) -> None:
        for root in self._roots[run]:
            if root.role == "init" and not self.system:
                # Nobody wrote <init>: main is the root of what the user sees
                for child in self._shown_children(root, None):
                    self._add(child, run, branch="", below="")
            else:
                self._add(root, run, branch="", below="")

    def _shows(self, lane: Lane) -> bool:
        if self.only is not None and lane.index not in self.only:
            return False
        return self.system or lane.role in ("main", "user")

    def _shown_children(self, lane: Lane, into: int | None) -> list[Lane]:
        """Give the nearest shown descendants; what lies between is drawn on the row `into`."""
        shown: list[Lane] = []
        waiting = list(reversed(lane.children))
        while waiting:
            child = self.timeline.lanes[waiting.pop()]
            if self._shows(child):
                shown.append(child)
            else:
                if into is not None and child.role != "system":
                    self.row_of_lane[child.index] = into
                waiting.extend(reversed(child.children))
        return shown

    def _add(self, lane: Lane, run: int, *, branch: str, below: str) -> None:
        # Not recursive: a chain of nurseries may be deeper than Python's stack
        todo = [(lane, branch, below)]
        while todo:
            lane, branch, below = todo.pop()
            row = len(self.rows)
            self.row_of_lane[lane.index] = row
            title = self.timeline.title(lane)
            if lane.index in self.folded and lane.children:
                hidden = self._fold_into(lane, row)
                self.add(Row(RowKind.TASK, run, title, branch, lane.index, hidden))
                continue
            self.add(Row(RowKind.TASK, run, title, branch, lane.index))
            children = self._shown_children(lane, row)
            self._add_scopes(lane, run, below + ("│ " if children else "  "))
            for i, child in enumerate(reversed(children)):
                corner, rest = ("└ ", "  ") if i == 0 else ("├ ", "│ ")
                todo.append((child, below + corner, below + rest))

    def _add_scopes(self, lane: Lane, run: int, branch: str) -> None:
        """Add as many rows as scopes of a task were ever open at once."""
        if self.scopes is None:
            return
        levels: list[list[Scope]] = []
        for scope in self.timeline.timed.get(lane.index, ()):
            for level in levels:
                if level[-1].exited is not None and level[-1].exited <= scope.entered:
                    level.append(scope)
                    break
            else:
                levels.append([scope])
        for level in levels:
            label = self.scopes.limit(self.timeline, level)
            self.add(Row(RowKind.SCOPE, run, label, branch, scopes=tuple(level)))

    def _fold_into(self, lane: Lane, row: int) -> int:
        waiting = list(lane.children)
        count = 0
        while waiting:
            child = self.timeline.lanes[waiting.pop()]
            self.row_of_lane[child.index] = row
            waiting.extend(child.children)
            count += 1
        return count
