"""The time axis, cell by cell: against a naive count, and as one would draw it by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from chance import GONE, READY, RUNNING, WAITING, Life, MadeUp, made_up_runs
from hypothesis import given
from hypothesis import strategies as st
from story import MILLISECOND, Story, event

from triotrace import events as e
from triotrace.export.text import picture
from triotrace.timeline.canvas import Ink
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.ruler import ruler_step
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture, TimeView, round_cell

LOOKS = {READY: "░", WAITING: "┈", RUNNING: " ", GONE: " "}


def folded(story: Story | MadeUp) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    return timeline


def naive(life: Life, begin: int, over: int, end: int) -> str:
    """Return the look of a cell from `begin` to `over`, by looking at all that a task ever did."""
    spans = life.spans(end)
    whole, until = over - begin, min(over, end)
    inside = [state for t, state in life.changes if begin <= t < over]
    if inside and inside[-1] == GONE:
        return "■"
    spent = dict.fromkeys((READY, RUNNING, WAITING, GONE), 0)
    for start, stop, state in spans:
        spent[state] += max(0, min(stop, until) - max(start, begin))
    share = Fraction(spent[RUNNING], whole)
    if share > Fraction(1, 16):
        return min(" ▁▂▃▄▅▆▇█", key=lambda glyph: abs(Fraction(" ▁▂▃▄▅▆▇█".index(glyph), 8) - share))
    if any(
        state == RUNNING and begin <= start < over and Fraction(stop - over, whole) <= Fraction(1, 16)
        for start, stop, state in spans
    ):
        return "│"
    if spent[READY] and spent[READY] >= spent[WAITING]:
        return LOOKS[READY]
    here = [state for start, stop, state in spans if start < over and (stop > begin or start >= begin)]
    return LOOKS[WAITING] if WAITING in here else LOOKS[here[-1]] if here else " "


def drawn(shown: TimePicture, row: int) -> str:
    """Return a row without the words on it."""
    line = shown.line(row)
    return "".join("┈" if ink == Ink.LABEL else glyph for glyph, ink in zip(line.glyphs, line.inks, strict=True))


@given(made_up_runs(), st.integers(1, 400), st.integers(-50, 2_000), st.integers(1, 60))
def test_no_cell_is_false(run: MadeUp, cell: int, start: int, width: int) -> None:
    """Whatever cells are looked at, each shows what a count of all that happened says."""
    timeline = folded(run)
    view = TimeView(start, cell, width)
    shown = TimePicture(timeline, lay_rows(timeline, loop=False), view)
    for row, lane in enumerate(timeline.lanes):
        by_hand = "".join(
            naive(run.lives[lane.task], begin, begin + cell, run.end) if begin <= run.end else " "
            for begin in range(start, start + cell * width, cell)
        )
        assert by_hand == drawn(shown, row)


def test_ten_seconds_of_sleep_are_most_of_the_picture() -> None:
    timeline = folded(event())
    drawn = picture(timeline, axis="time", width=80).splitlines()
    assert drawn[1].startswith("main        │ nursery ┈┈┈┈")
    assert drawn[2].rstrip().endswith("┈■")
    assert drawn[3].startswith("├ task_b #1 │ wait ┈┈┈")
    assert drawn[0].split()[:3] == ["0", "s", "2"]


def test_a_long_step_is_solid_and_its_edges_are_shares() -> None:
    """It begins at 46 ms and ends at 76 ms."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="sleep")
    story.sleep(42)
    story.events.append(e.TaskScheduled(story.t, 2, "timer"))
    story.t += MILLISECOND
    story.events.append(e.BeforeTaskStep(story.t, 2))
    story.t += 30 * MILLISECOND
    story.events.append(e.AfterTaskStep(story.t, 2))
    story.sleep(20)
    timeline = folded(story)
    for cell, expected in ((10, "▁┈┈┈▃██▅┈┈"), (20, "│┈▆▆┈"), (30, "│▄▄┈")):
        view = TimeView(0, cell * MILLISECOND, 100 // cell + 1)
        assert expected == drawn(TimePicture(timeline, lay_rows(timeline, loop=False), view), 0).rstrip()


def test_an_edge_of_a_long_step_is_no_short_step() -> None:
    """What is too little for an eighth is left out, where the next cell shows the step."""
    story = Story()
    story.spawn("main")
    story.t = 99 * MILLISECOND
    story.events.append(e.BeforeTaskStep(story.t, 2))
    story.t = 205 * MILLISECOND
    story.events.append(e.AfterTaskStep(story.t, 2))
    story.t = 299 * MILLISECOND
    story.events.append(e.Output(story.t, "stdout", "end"))
    timeline = folded(story)
    shown = TimePicture(timeline, lay_rows(timeline, loop=False), TimeView(0, 100 * MILLISECOND, 3))
    assert "░█┈" == drawn(shown, 0)


@pytest.mark.parametrize(("cell", "step"), [(1, 10), (2, 20), (10, 100), (12, 100), (13, 200), (1_000_000, 10_000_000)])
def test_ruler_numbers_are_round_and_stand_apart(cell: int, step: int) -> None:
    assert step == ruler_step(cell)


@given(st.integers(1, 10**15))
def test_cells_are_rounded_up_by_less_than_double(cell: int) -> None:
    assert cell <= round_cell(cell) < 2 * cell + 1
