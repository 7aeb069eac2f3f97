"""Tasks of libraries beside the user's: those that are promoted, and what of the others is drawn."""

from __future__ import annotations

import pytest
from story import Story

from triotrace import events as e
from triotrace.export.text import picture
from triotrace.timeline.names import short_name
from triotrace.timeline.rolls import Roll
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.timeline import Timeline

ENDS = {"returned": "■", "raised": "!", "cancelled": "╳"}


def told(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    assert [] == timeline.damages
    return timeline


def server() -> Story:
    """Main serves two connections in tasks of a library's; each calls a handler of the user's in its second step."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery")
    for number in (1, 2):
        story.spawn(f"connection#{number}", by="main", role="library")
    for number in (1, 2):
        story.step(f"connection#{number}", waits="read")
    return story


def promote(story: Story, task: str, name: str = "echo", role: e.Role = "user") -> None:
    story.events.append(e.TaskPromoted(story.t, e.TaskId(story.tasks[task]), name, role))


def titles(timeline: Timeline) -> list[str]:
    return [row.label for row in lay_rows(timeline).rows]


def test_a_promoted_task_has_a_row_a_name_and_a_number() -> None:
    story = server()
    assert ["main"] == titles(told(story))
    promote(story, "connection#2")
    assert ["main", "echo"] == titles(told(story))
    promote(story, "connection#1")
    timeline = told(story)
    assert ["main", "echo #2", "echo #1"] == titles(timeline)
    assert {"main", "echo"} == {lane.name for lane in timeline.lanes if lane.role in ("main", "user")}


def test_one_of_two_that_stays_keeps_its_name() -> None:
    story = server()
    promote(story, "connection#2")
    timeline = told(story)
    assert "connection" == timeline.title(next(lane for lane in timeline.lanes if lane.name == "connection"))


def test_a_roll_that_was_there_before_learns_the_name() -> None:
    """However much of its members was read when: the same as a roll that reads all at once."""
    story = server()
    timeline = told(story)
    main = next(lane.index for lane in timeline.lanes if lane.role == "main")
    roll = Roll(timeline, main)
    roll.update()
    assert "connection ×2" == roll.label(9)
    told_so_far = len(story.events)
    promote(story, "connection#1")
    promote(story, "connection#2")
    timeline.feed(story.events[told_so_far:])
    roll.update()
    whole = Roll(timeline, main)
    whole.update()
    assert "echo ×2" == roll.label(9) == whole.label(9)
    assert whole.names == roll.names


def test_a_system_task_counts_from_its_promotion_on() -> None:
    """While it lives the loop's sleep is the user's concern: trio has not closed its shop."""
    story = Story()
    story.spawn("main")
    story.spawn("daemon", by="<init>", role="system")
    story.step("daemon", waits="sleep")
    promote(story, "daemon", "beat")
    story.step("main", exits="returned")
    story.sleep(10, wakes=("daemon",))
    story.step("daemon", exits="returned")
    timeline = told(story)
    assert ["(loop)", "main", "beat"] == titles(timeline)
    assert [1, 3] == [slot for slot in range(1, len(timeline.tape) + 1) if timeline.tape.lanes[slot] >= 0]
    assert 0 == timeline.runs[0].alive


@pytest.mark.parametrize("axis", ["steps", "time"])
@pytest.mark.parametrize("result", ENDS)
def test_what_a_folded_task_did_is_no_deed_of_its_owner(axis: str, result: str) -> None:
    """Its steps are seen on the owner's row; no verb, no `↺` and no end of it."""
    story = server()
    story.sleep(1, wakes=("connection#1", "connection#2"), cause="io")
    story.step("connection#1", stays="checkpoint")
    story.step("connection#2", exits=result)
    timeline = told(story)
    drawn = picture(timeline, axis=axis, width=80)
    [row] = [line for line in drawn.splitlines() if line.startswith("main")]
    assert "▓" in row
    for mark in ("read", "checkpoint", "↺", "return", "raise", "cancel", *ENDS.values()):
        assert mark not in row
    whole = picture(timeline, axis=axis, width=80, system=True)
    assert ENDS[result] in whole, "with --system it is drawn, on a row of its own"


@pytest.mark.parametrize(
    ("name", "function", "shown"),
    [
        ("trio.sleep", "sleep", "sleep"),
        ("trio.to_thread.run_sync", "to_thread_run_sync", "to_thread.run_sync"),
        ("trio.Lock.acquire", "_LockImpl.acquire", "Lock.acquire"),
        ("trio._core._run.Nursery.start", "", "Nursery.start"),
        ("trio._highlevel_open_tcp_stream.open_tcp_stream.<locals>.attempt_connect", "", "attempt_connect"),
        ("anyio.to_thread.run_sync", "TaskHandle._run_coro", "to_thread.run_sync"),
        ("trio.my own", "", "trio.my own"),
        ("trio.", "", "trio."),
        ("App", "App.__call__", "App"),
    ],
)
def test_public_words(name: str, function: str, shown: str) -> None:
    assert shown == short_name(name, function)


def test_a_damaged_log_promotes_nobody_twice() -> None:
    """Whatever is promoted, and whenever, is taken."""
    story = server()
    for name in ("echo", "echo", "other"):
        promote(story, "connection#1", name)
    story.tasks["nobody"] = 99
    promote(story, "nobody")
    timeline = Timeline()
    timeline.feed(story.events)
    assert ["task 99 was never spawned"] == [damage.text for damage in timeline.damages]
    assert "other" in titles(timeline)
