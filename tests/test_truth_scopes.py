"""Scopes without a deadline, shields and cancellations on real programs: in the log, in words, on both axes."""

from __future__ import annotations

import pytest

from recorded import Cases, Recorded
from triotrace.events import ScopeEntered
from triotrace.export.text import picture
from triotrace.log import read_log
from triotrace.timeline.describe import describe
from triotrace.timeline.history import History
from triotrace.timeline.rows import RowKind, lay_rows
from triotrace.timeline.tape import Ending
from triotrace.timeline.words import Words


def said(case: Recorded) -> list[str]:
    """Return the sentences of all steps, the first one at 0."""
    words = Words()
    return [words.happened(case.timeline, slot) for slot in range(1, len(case.timeline.tape) + 1)]


def saying(case: Recorded, text: str) -> int:
    """Return the first slot whose sentence has `text` in it."""
    return 1 + next(index for index, sentence in enumerate(said(case)) if text in sentence)


def rows(case: Recorded, axis: str) -> dict[str, str]:
    """Return what is drawn on the rows of scopes, by their label; `deadline` where that is a time."""
    lines = picture(case.timeline, width=110, axis=axis, zoom=3).splitlines()  # type: ignore[arg-type]
    labels = {
        row.label
        for steps in (True, False)
        for row in lay_rows(case.timeline, scopes=Words(), steps=steps).rows
        if row.kind is RowKind.SCOPE
    }
    found = {}
    for line in lines:
        for label in labels:
            if line.lstrip(" │├└").startswith(label + " "):
                # What a scope was given, less what it took to enter it, is a little less on a busy machine
                found["deadline" if label.startswith("≤") else label] = line
    return found


def facts(case: Recorded, title: str, slot: int) -> dict[str, str]:
    """Return what the inspector says of a task after a slot."""
    return dict(describe(case.timeline, case.lane(title), slot, Words()))


def test_a_shield_that_holds_is_named_drawn_and_inspected(cases: Cases) -> None:
    case = cases["shield_holds"]
    slot = saying(case, "Time is up")
    line = case.line("shield=True")
    assert f"engine is shielded (line {line}) and goes on." in said(case)[slot - 1]
    assert facts(case, "engine", slot)["shielded"].startswith(f"by line {line}, for ")
    assert "from the time-out of main" == facts(case, "engine", slot)[""]
    assert "shielded" not in facts(case, "engine", slot - 1)
    for axis in ("steps", "time"):
        drawn = rows(case, axis)
        assert "═══" in drawn["shield"]
        assert "╳" in drawn["deadline"]


def test_a_clean_up_behind_a_shield_is_drawn_with_how_long_and_an_idle_shield_is_not(cases: Cases) -> None:
    case = cases["cleans_up_in_shield"]
    slot = saying(case, "Time is up")
    assert "patient is in a thread call and goes on." in said(case)[slot - 1]
    assert "═══" in rows(case, "steps")["shield"]
    assert rows(case, "time")["shield"].rstrip().endswith("ms"), "how long it held"
    assert 1 == picture(case.timeline, width=110, axis="time").count("shield")
    assert "shielded" in facts(case, "careful", slot + 1)
    assert "shielded" not in facts(case, "main", slot + 1)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cancels_nobody", "A scope of main's (line {line}) is cancelled. It reaches nobody: nobody waits in it."),
        ("time_out_reaches_nobody", "(line {line}) is cancelled. It reaches nobody: main is in a thread call."),
        ("body_raises", "The nursery of main is cancelled. It reaches nobody: nobody waits in it."),
    ],
)
def test_a_cancellation_that_reaches_nobody_is_told_as_such(cases: Cases, name: str, sentence: str) -> None:
    case = cases[name]
    source = {"cancels_nobody": "CancelScope()", "time_out_reaches_nobody": "move_on_after"}.get(name)
    line = case.line(source) if source is not None else 0
    assert any(sentence.format(line=line) in told for told in said(case))
    for axis in ("steps", "time"):
        [drawn] = rows(case, axis).values()
        assert "╳" in drawn


def test_scopes_cancelled_beforehand_or_within_another_say_so(cases: Cases) -> None:
    case = cases["cancelled_beforehand"]
    first = said(case)[0]
    assert f"main enters a scope (line {case.line('with scope:')}) that is cancelled already. main comes to" in first
    assert "All in it was cancelled before, with a scope around it." in first


def test_a_swallowed_cancellation_is_told_each_time(cases: Cases) -> None:
    case = cases["swallows"]
    told = [sentence for sentence in said(case) if "cancelled again at `sleep`" in sentence]
    assert [f"{times} times now" for times in (2, 3, 4, 5)] == [text.partition("`, ")[2][:11] for text in told]
    slots = [
        slot for slot in range(1, len(case.timeline.tape) + 1) if case.timeline.tape.endings[slot] == Ending.INTERRUPTED
    ]
    assert 4 == len(slots) == len({case.timeline.tape.column_of(slot) for slot in slots}), "each is an await of its own"
    assert 4 == picture(case.timeline, width=110).count("█▽")
    hooks = [entry.details for entry in History(case.timeline, case.lane("worker"), Words())]
    assert 4 == sum(details.startswith("cancel · sleep") for details in hooks)
    assert not any("checkpoint" in details for details in hooks)


def test_a_clean_up_that_is_cancelled_says_where(cases: Cases) -> None:
    case = cases["goodbye_in_finally"]
    assert any("session is cancelled again at `wire.send`, 2 times now" in sentence for sentence in said(case))
    assert "send ×2▽" in picture(case.timeline, width=110, zoom=10)
    assert "╳━" in rows(case, "steps")["nursery"]
    assert "╳" in rows(case, "time")["nursery"]


def test_steps_that_do_not_notice_a_time_out_say_for_how_long(cases: Cases) -> None:
    case = cases["empty_nurseries"]
    unnoticed = [sentence for sentence in said(case) if "and has not noticed." in sentence]
    assert len(unnoticed) > 20
    assert any("main comes to `sleep` and is cancelled there." in sentence for sentence in said(case))


def test_a_late_time_out_says_how_late_and_shows_where_it_was_due(cases: Cases) -> None:
    case = cases["late_time_out"]
    [late] = [sentence for sentence in said(case) if "Time is up, " in sentence]
    assert " ms late: `fail_" in late  # before trio 0.27, `fail_after` calls `fail_at`
    assert f"of main (line {case.line('fail_after')}) is cancelled." in late
    drawn = rows(case, "time")["deadline"]
    assert drawn.index("┊") + 10 < drawn.index("╳")


def test_what_mattered_to_nobody_has_no_row(cases: Cases) -> None:
    for name in ("takes_turns", "walks"):
        timeline = cases[name].timeline
        assert timeline.scopes
        for steps in (True, False):
            assert not any(row.scopes for row in lay_rows(timeline, scopes=Words(), steps=steps).rows)


def test_a_shield_of_trios_own_is_told_and_drawn_where_a_task_waits_behind_it(cases: Cases) -> None:
    """A Condition takes its lock back before its `wait` may end."""
    case = cases["condition_takes_lock"]
    shields = [
        event for batch in read_log(case.log) for event in batch if isinstance(event, ScopeEntered) and event.shield
    ]
    assert [True] == [event.library for event in shields]
    for axis in ("steps", "time"):
        assert "══" in rows(case, axis)["shield"]
    waits = case.lane("waits")
    slot = next(
        slot for slot in range(len(case.timeline.tape)) if case.timeline.cancelled_around(waits, slot) is not None
    )
    assert any("shielded" in facts(case, "waits", later) for later in range(slot, len(case.timeline.tape)))
