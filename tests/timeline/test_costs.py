"""What is read, kept or looked at grows with what happened, and not with its square. Counted, never timed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from story import Story

from triotrace import events as e
from triotrace.timeline.lanes import Lane
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.states import State
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.trio_time import TrioTime
from triotrace.timeline.words import Words


def crowd(count: int) -> Story:
    """A main that starts so many tasks in one step."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=tuple(f"task#{i}" for i in range(count)))
    return story


def test_a_gap_is_told_once_to_those_of_whom_nothing_was_heard_since_the_last() -> None:
    story = crowd(20)
    timeline = Timeline()
    timeline.feed(story.events)
    told = len(timeline.changes)
    timeline.feed([e.Dropped(story.t, 1, story.t)])
    first = len(timeline.changes)
    assert {State.UNKNOWN} == {lane.state for lane in timeline.lanes}
    assert told + len(timeline.lanes) == first
    timeline.feed([e.Dropped(story.t, 1, story.t)] * 1_000)
    assert first == len(timeline.changes)
    story.events.clear()
    story.step("task#3", waits="Event.wait")
    timeline.feed([*story.events, e.Dropped(story.t, 1, story.t)])
    assert first + 3 == len(timeline.changes)
    assert State.UNKNOWN is timeline.lane(story.tasks["task#3"]).state


def test_of_those_that_are_next_all_are_counted_and_the_first_are_named() -> None:
    story = crowd(9)
    story.spawn("reader", role="system")
    timeline = Timeline()
    timeline.feed(story.events)
    assert "task #1, task #2, task #3 and 6 more" == Words().following(timeline, 1)
    timeline.feed([e.TaskPromoted(story.t, e.TaskId(story.tasks["reader"]), "user", None)])
    assert "task #1, task #2, task #3 and 7 more" == Words().following(timeline, 1)


@given(
    st.lists(st.sampled_from([0, 1, 3, 50_000, 10**9]), min_size=1, max_size=30),
    st.integers(0, 3 * 10**9),
    st.integers(1, 5 * 10**9),
)
def test_the_leaps_that_can_be_seen_are_found(leaps: list[int], start: int, span: int) -> None:
    story = Story(clock="mock")
    timeline = Timeline()
    timeline.feed(story.events)
    now = 0
    for t, leap in enumerate(leaps):
        now += leap
        timeline.feed([e.Clock(t + 1, 1, now)])
    scale = TrioTime(timeline)
    if not scale.update():
        return
    least, now, expected = span // 6_000, 0, []
    for leap in leaps:
        if leap > least and now < start + span and now + leap > start:
            expected.append((now, now + leap, leap))
        now += leap
    assert expected == scale.gaps(start, start + span)


def test_whom_a_step_made_ready_is_looked_up_once_for_all_its_frames() -> None:
    timeline = Timeline()
    timeline.feed(crowd(200).events)
    rows = lay_rows(timeline)
    woken = rows.woken_in(timeline.tape, 1)
    assert (frozenset(range(1, 201)), 1, 200) == woken
    assert woken is rows.woken_in(timeline.tape, 1)


def test_a_sentence_is_made_once_a_moment_until_more_is_known() -> None:
    class Counting(Words):
        steps = 0

        def _step(self, timeline: Timeline, slot: int, lane: Lane) -> str:
            self.steps += 1
            return super()._step(timeline, slot, lane)

    timeline, words = Timeline(), Counting()
    timeline.feed(crowd(3).events)
    said = [words.happened(timeline, 1) for _ in range(3)]
    assert (1, said[0]) == (words.steps, said[2])
    timeline.feed([])
    words.happened(timeline, 1)
    assert 2 == words.steps
