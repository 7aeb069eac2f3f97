"""The events of one task: those of its log, told from its lane alone."""

from __future__ import annotations

import pytest
from story import Story, event, relay

from triotrace import events as e
from triotrace.language import catalogue
from triotrace.timeline.describe import describe
from triotrace.timeline.history import Happening, History, last_wake
from triotrace.timeline.states import State
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words


def history_of(story: Story, name: str, words: Words | None = None) -> History:
    timeline = Timeline()
    timeline.feed(story.events)
    lane = timeline.lane(story.tasks[name])
    assert lane is not None
    return History(timeline, lane, words or Words())


@pytest.mark.parametrize("story", [relay(), event()], ids=["relay", "event"])
def test_it_is_the_log(story: Story) -> None:
    """Every hook of the task is there, in order; those that no change stands for are told with the step they end."""
    for name, task in story.tasks.items():
        logged = [
            (told.__struct_config__.tag, told.t)
            for told in story.events
            if getattr(told, "task", None) == task
            and not isinstance(told, e.Output | e.TaskExited)
            and getattr(told, "cause", "") != "checkpoint"
        ]
        told = history_of(story, name)
        assert logged == list(zip([entry.hook for entry in told], told.lane.times, strict=True))


def test_a_line_says_when_where_and_why() -> None:
    told = history_of(relay(), "producer")
    assert Happening("0.002 000 s", 1, "task_spawned", "user") == told[0]
    assert Happening("0.002 000 s", 1, "task_scheduled", "spawned · by main") == told[1]
    assert Happening("0.004 000 s", 2, "after_task_step", "MemorySendChannel.send line 1") == told[3]
    assert Happening("0.006 000 s", 3, "task_scheduled", "task · by consumer") == told[4]
    assert Happening("0.012 000 s", 6, "after_task_step", "task_exited returned") == told[-1]
    assert ("after_task_step", "checkpoint · MemoryReceiveChannel.receive line 1") == (
        history_of(relay(), "consumer")[3].hook,
        history_of(relay(), "consumer")[3].details,
    )
    assert told[2:4] == [told[2], told[3]]
    with pytest.raises(IndexError):
        told[len(told)]


def test_it_speaks_the_users_language() -> None:
    told = history_of(relay(), "producer", Words(catalogue("pt")))
    assert ("0,006 000 s", "task · por consumer") == (told[4].when, told[4].details)


def test_an_exception_is_named() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", exits="raised", error=e.Error("builtins.ValueError", "no"))
    assert "task_exited raised · builtins.ValueError" == history_of(story, "main")[-1].details


def test_the_playhead_divides_it() -> None:
    told = history_of(relay(), "producer")
    assert [0, 2, 4, 5, 7, 8, 10, 10] == [told.before(slot) for slot in range(8)]


def test_a_life_of_a_million_events_is_asked_like_a_short_one() -> None:
    """Any line, the last wake and the facts are there at once: nothing is told that is not asked for."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("busy",))
    timeline = Timeline()
    timeline.feed(story.events)
    lane = timeline.lane(story.tasks["busy"])
    assert lane is not None
    for i in range(500_000):
        lane.change(story.t + 2 * i, 1, State.RUNNING)
        lane.change(story.t + 2 * i + 1, 1, State.READY)
    told = History(timeline, lane, Words())
    assert 1_000_002 == len(told)
    assert ("before_task_step", "after_task_step", "checkpoint") == (
        told[700_000].hook,
        told[700_001].hook,
        told[-1].details,
    )
    assert 1 == last_wake(lane, len(told) - 1)
    assert -1 == last_wake(lane, 0)
    facts = dict(describe(timeline, lane, 1, Words()))
    assert facts["steps"].startswith("500000, ")
    assert "by main, step 1" == facts["made ready"]


def test_a_task_that_was_made_ready_still_stands_where_it_stood() -> None:
    """Not at the line that woke it, which is another task's."""
    story = event()
    timeline = Timeline()
    call = story.place("Event.set", 7)
    woken = story.tasks["task_b#1"]
    for i, told in enumerate(story.events):
        if isinstance(told, e.TaskScheduled) and told.task == woken and told.cause == "task":
            story.events[i] = e.TaskScheduled(told.t, told.task, told.cause, waker=told.waker, place=call)
    timeline.feed([told for told in story.events if isinstance(told, e.Place)])
    timeline.feed([told for told in story.events if not isinstance(told, e.Place)])
    lane = timeline.lane(woken)
    assert lane is not None
    assert "Event.wait" == dict(describe(timeline, lane, 6, Words()))["trio's word"]
