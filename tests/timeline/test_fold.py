"""The fold: what the timeline knows after events that trio sends, and after events that it never could."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from story import Story, event, relay

from log_samples import any_event
from triotrace import events as e
from triotrace.timeline.describe import describe
from triotrace.timeline.states import State
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words


def folded(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    return timeline


def steps(timeline: Timeline) -> list[str]:
    return ["(loop)" if lane < 0 else timeline.title(timeline.lanes[lane]) for lane in timeline.tape.lanes[1:]]


def test_relay_is_eight_steps() -> None:
    timeline = folded(relay())
    assert [] == timeline.damages
    assert ["main", "producer", "consumer", "producer", "consumer", "producer", "consumer", "main"] == steps(timeline)


def test_a_sleep_of_the_loop_is_a_numbered_step() -> None:
    timeline = folded(event())
    assert ["main", "task_a", "task_b #1", "task_b #2", "(loop)"] == steps(timeline)[:5]
    assert 10_000 * 1_000_000 == timeline.tape.ends[5] - timeline.tape.starts[5]
    assert [timeline.lane(3).index] == list(timeline.tape.woken_in(5))


def test_one_set_frees_both_in_one_step() -> None:
    timeline = folded(event())
    woken = [timeline.title(timeline.lanes[i]) for i in timeline.tape.woken_in(6)]
    assert ["task_b #1", "task_b #2"] == woken


def test_endings() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("a", "b", "c"))
    story.step("a", exits="returned")
    story.step("b", exits="raised", error=e.Error("builtins.ValueError", "no"))
    story.step("c", exits="cancelled", wakes=("main",))
    story.step("main", stays="checkpoint")
    timeline = folded(story)
    endings = [Ending(ending) for ending in timeline.tape.endings[1:]]
    assert [Ending.WAITS, Ending.RETURNED, Ending.RAISED, Ending.CANCELLED, Ending.STAYS] == endings
    assert "ValueError" == timeline.error_of(timeline.lanes[3])
    assert 0 == timeline.lanes[1].alive_children


def test_steps_of_trios_own_tasks_are_not_numbered() -> None:
    story = Story()
    story.spawn("main")
    story.spawn("<system>", role="system")
    story.step("<system>", waits="park")
    story.step("main", waits="sleep")
    story.sleep(5)
    story.step("<system>", waits="park", wakes=("main",))
    story.sleep(5)
    story.step("main", exits="returned")
    timeline = folded(story)
    assert ["main", "(loop)", "main"] == steps(timeline)
    assert 12 * 1_000_000 < timeline.tape.ends[2] - timeline.tape.starts[2], "two sleeps with only trio's work between"


def test_when_the_last_task_is_gone_no_sleep_is_numbered() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", exits="returned")
    story.sleep(1)
    timeline = folded(story)
    assert ["main"] == steps(timeline)
    assert not timeline.runs[0].slept


def test_time_adds_up() -> None:
    """What a lane ran and queued is never more than it lived."""
    timeline = folded(event())
    for lane in timeline.lanes:
        lived = timeline.now - lane.times[0]
        assert lane.ran_until(timeline.now) + lane.queued_until(timeline.now) <= lived
    assert 4 * 1_000_000 // 2 == timeline.lanes[1].ran_until(timeline.now)


def test_dropped_events_leave_unknown_states() -> None:
    story = relay()
    half = story.events[:12]
    timeline = Timeline()
    timeline.feed([*half, e.Dropped(story.t, 7, 0), e.BeforeTaskStep(story.t, e.TaskId(99))])
    assert 7 == timeline.dropped
    assert [] == timeline.damages
    assert State.RUNNING == timeline.lane(99).state
    assert State.UNKNOWN == timeline.lanes[1].state


IDS = {"task", "run", "nursery", "scope", "place", "parent", "by", "waker", "owner", "on", "eventual"}

IMPOSSIBLE: list[tuple[str, list[e.Event]]] = [
    ("steps without being ready", [e.BeforeTaskStep(1, e.TaskId(1))]),
    ("spawned twice", [e.TaskSpawned(1, e.TaskId(1), e.RunId(1), "again", "user")]),
    ("never spawned", [e.TaskScheduled(1, e.TaskId(77), "task")]),
    ("closed a nursery that was never opened", [e.NurseryClosed(1, e.NurseryId(5))]),
    ("slept in no run", [e.BeforeIoWait(1, e.RunId(9))]),
    ("left no scope", [e.ScopeExited(1, e.ScopeId(3))]),
]


@pytest.mark.parametrize(("name", "events"), IMPOSSIBLE, ids=[name for name, _ in IMPOSSIBLE])
def test_what_cannot_be_is_a_damage_not_a_crash(name: str, events: list[e.Event]) -> None:
    timeline = folded(Story())
    timeline.feed(events)
    assert 1 == len(timeline.damages)


def test_a_task_that_exits_again_and_again_is_counted_once() -> None:
    """In a damaged log; its parent, which waits for children, is not thought to wait for a lock then."""
    story = Story()
    story.spawn("main")
    story.step("main", stays="checkpoint", spawns=("child",))
    story.step("child", exits="returned")
    story.events += [e.TaskExited(story.t, e.TaskId(story.tasks["child"]), "returned")] * 3
    story.step("main", waits="nursery")
    timeline = folded(story)
    main = timeline.lane(story.tasks["main"])
    assert [] != timeline.damages
    assert 0 == main.alive_children
    assert main.thing_at(len(main.times) - 1) is None
    assert describe(timeline, main, len(timeline.tape), Words())


def test_a_moved_task_hangs_under_its_new_nursery() -> None:
    story = Story()
    story.spawn("main")
    story.spawn("server", by="main")
    story.spawn("starter", by="main")
    timeline = folded(story)
    timeline.feed(
        [e.NurseryOpened(1, e.NurseryId(8), e.TaskId(4)), e.TaskMoved(1, e.TaskId(3), e.NurseryId(8))],
    )
    server, starter, main = (timeline.lane(task) for task in (3, 4, 2))
    assert starter.index == server.parent
    assert [starter.index] == list(main.children)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_event, max_size=25))
def test_any_order_of_any_events_is_taken(events: list[e.Event]) -> None:
    """Whatever the log says, the fold ends, and every lane's changes ascend in time and in step."""
    timeline = Timeline()
    for t, drawn in enumerate(events):
        fields = {name: getattr(drawn, name) for name in drawn.__struct_fields__}
        # A reader of ours gives times that ascend; ids are few, so that events meet
        few = {name: value % 4 for name, value in fields.items() if name in IDS and isinstance(value, int)}
        timeline.feed([type(drawn)(**{**fields, **few, **({"t": t} if "t" in fields else {})})])
    for lane in timeline.lanes:
        assert list(lane.times) == sorted(lane.times)
        assert list(lane.slots) == sorted(lane.slots)
    assert len(timeline.tape.starts) == len(timeline.tape.lanes) == len(timeline.tape.first_woken)


def test_a_test_bears_its_own_name_not_that_of_its_runner() -> None:
    runner = "pytest_trio.plugin._trio_test_runner_factory.<locals>._bootstrap_fixtures_and_run_test"
    timeline = Timeline()
    timeline.feed(
        [
            e.BeforeRun(0, 1, "test_x[1]", "trio", "MainThread", "0.35.0", "mock", 0),
            e.TaskSpawned(0, 1, 1, "<init>", "init"),
            e.TaskSpawned(0, 2, 1, runner, "main", parent=1),
        ]
    )
    assert ["<init>", "test_x[1]"] == [lane.name for lane in timeline.lanes]


def test_each_release_is_that_of_its_run() -> None:
    """Whoever was held first need not go first; a log of version 1.0 does not say who went."""
    timeline = folded(relay())
    timeline.feed([e.BeforeRun(99, 2, "other", "trio", "Thread-1", "0.35.0", "system", 0)])
    timeline.feed([e.Paused(100, 1), e.Paused(100, 2)])
    assert timeline.stands
    timeline.feed([e.Resumed(100, 5, 2)])
    assert [1] == [held.run for held in timeline.held]
    assert not timeline.stands
    timeline.feed([e.Paused(100, 2), e.Resumed(100, 5)])
    assert [2] == [held.run for held in timeline.held]
    timeline.feed([e.Resumed(100, 5, 1), e.Resumed(100, 5, 7)])
    assert [2] == [held.run for held in timeline.held]


def test_a_hold_before_a_step_ends_the_sleep_before_it() -> None:
    """Whom it woke and how far the clock jumped is known then, not only with the step; one within it ends none."""
    story = Story(clock="mock")
    main = story.spawn("main")
    story.step("main", waits="sleep")
    story.t += 1000
    story.events += [e.BeforeIoWait(story.t, 1), e.Paused(story.t, 1)]
    timeline = folded(story)
    assert (Ending.OPEN, None) == (timeline.tape.endings[2], timeline.jump_in(2))
    timeline.feed(
        [
            e.Resumed(story.t, 5, 1),
            e.Clock(story.t + 5, 1, 7_000_000_000),
            e.AfterIoWait(story.t + 5, 1),
            e.TaskScheduled(story.t + 5, main, "timer"),
            e.Paused(story.t + 6, 1, main, [main]),
        ]
    )
    assert (Ending.WOKE, 7_000_000_000) == (timeline.tape.endings[2], timeline.jump_in(2))
    assert [timeline.lane(main).index] == list(timeline.tape.woken_in(2))  # type: ignore[union-attr]
    timeline.feed([e.Resumed(story.t + 6, 5, 1), e.BeforeTaskStep(story.t + 7, main)])
    assert (3, story.t + 5) == (len(timeline.tape), timeline.tape.ends[2])
