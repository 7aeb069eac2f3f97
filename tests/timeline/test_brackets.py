"""Scopes with deadlines on the time axis: `[━━━]···┊`."""

from __future__ import annotations

import pytest

from triotrace import events as e
from triotrace.timeline.rows import RowKind, lay_rows
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture, TimeView
from triotrace.timeline.trio_time import TrioTime
from triotrace.timeline.words import Words

ENTER, EXIT, MOVE, TIME_IS_UP, CALLED = "enter", "exit", "move", "time is up", "called"


def brackets(*told: tuple[int, str, int], end: int, start: int = 0, clock: str = "live", width: int = 30) -> list[str]:
    """Tell (when, what, scope or deadline) of a task's scopes; return their rows, one ns a cell."""
    timeline = Timeline()
    events: list[e.Event] = [
        e.BeforeRun(0, 1, "main", "trio", "MainThread", "0", clock, 0),  # type: ignore[arg-type]
        e.TaskSpawned(0, 1, 1, "main", "main"),
        e.TaskScheduled(0, 1, "spawned"),
        e.BeforeTaskStep(0, 1),
        e.AfterTaskStep(0, 1),
    ]
    deadlines: dict[int, int] = {}
    scope = 0
    for t, what, number in told:
        if what == ENTER:
            scope += 1
            deadlines[scope] = number
            events.append(e.ScopeEntered(t, scope, 1, deadline=number))
        elif what == EXIT:
            events.append(e.ScopeExited(t, number))
        elif what == MOVE:
            events.append(e.ScopeChanged(t, scope, number))
        elif what == "clock":
            events.append(e.Clock(t, 1, number))
        else:
            events.append(e.ScopeCancelled(t, number, "deadline" if what == TIME_IS_UP else "call"))
    timeline.feed([*events, e.Output(end, "stdout", "")])
    rows = lay_rows(timeline, loop=False, scopes=Words())
    trios = TrioTime(timeline)
    view = TimeView(start, 1, width, 0, None, trios) if trios.update() else TimeView(start, 1, width)
    shown = TimePicture(timeline, rows, view)
    return [shown.line(i).text.rstrip() for i, row in enumerate(rows.rows) if row.kind is RowKind.SCOPE]


@pytest.mark.parametrize(
    ("told", "end", "drawn"),
    [
        ([(2, ENTER, 12), (6, EXIT, 1)], 20, ["  [━━━]·····┊"]),
        ([(2, ENTER, 12)], 6, ["  [━━━━·····┊"]),
        ([(2, ENTER, 6), (6, TIME_IS_UP, 1), (8, EXIT, 1)], 20, ["  [━━━╳━━ time is up"]),
        ([(2, ENTER, 9), (4, CALLED, 1), (6, EXIT, 1)], 20, ["  [━╳━━"]),
        ([(2, ENTER, 5), (4, MOVE, 9), (6, MOVE, 14), (8, EXIT, 1)], 20, ["  [━━━━━]·····┊"]),
        ([(2, ENTER, 12), (6, EXIT, 1), (8, ENTER, 18), (10, EXIT, 2)], 20, ["  [━━━]·[━]·······┊"]),
        ([(2, ENTER, 6), (6, TIME_IS_UP, 1), (6, EXIT, 1), (6, ENTER, 9), (8, EXIT, 2)], 20, ["  [━━━╳━]┊"]),
        ([(2, ENTER, 12), (4, ENTER, 8), (6, EXIT, 2), (9, EXIT, 1)], 20, ["  [━━━━━━]··┊", "    [━]·┊"]),
        ([(2, ENTER, 1), (4, EXIT, 1)], 20, ["  [━]"]),
    ],
)
def test_in_real_time(told: list[tuple[int, str, int]], end: int, drawn: list[str]) -> None:
    assert drawn == brackets(*told, end=end)


def test_what_was_left_is_seen_in_a_window_further_right() -> None:
    assert ["···┊"] == brackets((2, ENTER, 12), (6, EXIT, 1), end=20, start=9)


def test_in_trios_time_the_deadline_stands_where_it_was_set() -> None:
    """The clock leaps from 0 to 5 at 3, and to 8 at 4; the scope's deadline is at 20."""
    told = ((1, ENTER, 20), (3, "clock", 5), (4, "clock", 8), (4, EXIT, 1))
    assert ["[━━━━━━━]···········┊"] == brackets(*told, end=6, clock="mock")


def test_a_deadline_of_a_mock_clock_is_nowhere_in_real_time() -> None:
    """The clock has not moved yet, so the ruler is real time."""
    assert ["  [━━━]"] == brackets((2, ENTER, 12), (6, EXIT, 1), end=20, clock="mock")


def test_a_loop_of_many_scopes_shows_in_each_cell_the_first_and_the_last() -> None:
    told = [(t, what, number) for t in range(40) for what, number in ((ENTER, 1_000), (EXIT, t + 1))]
    assert ["[" * 30] == brackets(*told, end=50)
