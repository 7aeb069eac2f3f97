"""What is too long to be drawn whole: its outline and its last steps, and how to get the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from story import Story
from test_rolls import moves

from triotrace import events as e
from triotrace.export.digest import LONGEST, outline, within
from triotrace.export.part import Part, parse_bound
from triotrace.export.text import page, picture
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import width_of


def folded(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    return timeline


def long_run(tasks: int = 100, rounds: int = 6) -> Timeline:
    story = Story()
    story.spawn("main")
    names = tuple(f"task#{i}" for i in range(tasks))
    story.step("main", waits="nursery", spawns=names)
    for _ in range(rounds):
        for name in names:
            story.step(name, stays="checkpoint")
    return folded(story)


def test_what_is_short_is_drawn_whole() -> None:
    timeline = long_run(10)
    drawn = picture(timeline, width=90)
    assert len(drawn) <= LONGEST
    assert drawn.splitlines() == list(page(timeline, width=90))[1:]


def test_what_is_long_is_an_outline_and_its_last_steps() -> None:
    timeline = long_run()
    assert len(picture(timeline, width=90)) > LONGEST
    drawn = list(page(timeline, width=90))[1:]
    assert "└ task ×100" == drawn[2][:11]
    assert {"595", "601"} <= set(drawn[4].split())
    assert "--all" in " ".join(drawn[-2:])
    assert len(drawn) < 40


def test_so_is_time_if_its_rows_are_too_many() -> None:
    assert 100 < len(list(page(long_run(100, 1), axis="time", width=90))) < 110
    assert len(list(page(long_run(900, 1), axis="time", width=90))) < 40


def test_what_was_asked_for_is_drawn_however_long_it_is() -> None:
    timeline = long_run()
    whole = picture(timeline, width=90).splitlines()
    assert whole == list(page(timeline, width=90, everything=True))[1:]
    for part in (Part(start=parse_bound("1")), Part(end=parse_bound("601")), Part(last=601)):
        assert whole == list(page(timeline, width=90, part=part))[1:]


def test_the_limit_is_exact() -> None:
    assert ["ab", "c"] == within(["ab", "c"], 5)
    assert within(["ab", "c"], 4) is None
    assert within((line for line in iter(lambda: "x", None)), 100) is None


@pytest.mark.parametrize("width", [20, 33, 90, 200])
def test_a_digest_fits_into_its_width_and_into_seven_bits(width: int) -> None:
    timeline = long_run(250)
    assert all(width_of(line) <= width for line in page(timeline, width=width))
    assert all(line.isascii() and len(line) <= width for line in page(timeline, width=width, seven_bits=True))


def test_large_families_are_rolled_up_and_small_ones_are_not() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("server", "clients"))
    story.step("server", waits="nursery", spawns=tuple(f"handle#{i}" for i in range(50)))
    story.step("clients", waits="nursery", spawns=("a", "b"))
    timeline = folded(story)
    few = outline(timeline, lambda lane: lane.role in ("main", "user"))
    names = {timeline.lanes[index].name for index in few.lanes}
    assert {"main", "server", "clients", "a", "b"} == names
    assert ([50], 0) == ([roll.members for roll in few.rolls.values()], few.left_out)


def test_of_very_many_runs_some_have_a_row_and_the_rest_is_counted() -> None:
    story = Story()
    events = []
    for run in range(1, 101):
        events += [
            e.BeforeRun(run, run, f"test_{run}", "trio", "MainThread", "0.35.0", "system", 0),
            e.TaskSpawned(run, run, run, f"test_{run}", "main"),
            e.TaskScheduled(run, run, "spawned"),
        ]
    story.events[:] = events
    few = outline(folded(story), lambda lane: True)
    assert (24, 76) == (len(few.lanes), few.left_out)


@settings(max_examples=100, deadline=None)
@given(events=moves(), picked=st.sets(st.integers(1, 6), min_size=1))
def test_rows_of_some_are_those_of_all_without_the_others(events: list[e.Event], picked: set[int]) -> None:
    """However tasks moved: a band of a long drawing looks only at those who are in it."""
    timeline = Timeline()
    timeline.feed(events)
    only = {index for index in picked if index < len(timeline.lanes)}
    whole, some = lay_rows(timeline, only=only), lay_rows(timeline, only=only, among=only)
    assert whole.rows == some.rows
    assert {index: whole.row_of_lane.get(index) for index in only} == {
        index: some.row_of_lane.get(index) for index in only
    }
