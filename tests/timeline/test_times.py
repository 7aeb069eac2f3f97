"""The time axis, cell by cell: against a naive count, and as one would draw it by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from chance import GONE, READY, RUNNING, WAITING, Life, MadeUp, made_up_runs
from hypothesis import given, settings
from hypothesis import strategies as st
from story import MILLISECOND, Story, event

from log_samples import any_event
from triotrace import events as e
from triotrace.export.text import picture
from triotrace.timeline.canvas import Ink
from triotrace.timeline.folded_time import FOLD, FoldedTime, cell_to_fit
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.ruler import ruler_step
from triotrace.timeline.scale import REAL_TIME, Scale
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture, TimeView, round_cell
from triotrace.timeline.trio_time import TrioTime
from triotrace.timeline.widths import width_of
from triotrace.timeline.words import Words

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
    here = here or [state for t, state in life.changes if t < begin][-1:]
    return LOOKS[WAITING if spent[WAITING] else here[-1]] if here else " "


def naive_in_trios_time(run: MadeUp, life: Life, begin: int, over: int) -> str:
    """Return the look of a cell from `begin` to `over` of a mock clock, which stands still while tasks run."""
    inside = [state for t, state in life.changes if begin <= run.trio_time(t) < over]
    if inside and inside[-1] == GONE:
        return "■"
    if RUNNING in inside:
        return "│"
    before = [state for t, state in life.changes if run.trio_time(t) < begin]
    if not inside and before[-1:] == [RUNNING]:
        return "█"  # the task itself set the clock
    spent, here = dict.fromkeys((READY, RUNNING, WAITING, GONE), 0), []
    for start, stop, state in life.spans(run.end):
        first, last = run.trio_time(start), run.trio_time(stop)
        spent[state] += max(0, min(last, over) - max(first, begin))
        if first < over and (last > begin or first >= begin):
            here.append(state)
    here = here or before[-1:]
    if spent[READY] and spent[READY] >= spent[WAITING]:
        return LOOKS[READY]
    return LOOKS[WAITING if spent[WAITING] else here[-1]] if here else " "


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


@given(made_up_runs("mock"), st.integers(1, 400), st.integers(0, 2_000), st.integers(1, 60))
def test_no_cell_is_false_in_trios_time(run: MadeUp, cell: int, start: int, width: int) -> None:
    """The same on the ruler of a mock clock, which stands still and leaps."""
    timeline = folded(run)
    scale = TrioTime(timeline)
    if not scale.update():
        assert 0 == run.trio_time(run.end)
        return
    shown = TimePicture(timeline, lay_rows(timeline, loop=False), TimeView(start, cell, width, 0, None, scale))
    for row, lane in enumerate(timeline.lanes):
        by_hand = "".join(
            naive_in_trios_time(run, run.lives[lane.task], begin, begin + cell)
            if begin <= run.trio_time(run.end)
            else " "
            for begin in range(start, start + cell * width, cell)
        )
        assert by_hand == drawn(shown, row)


@given(made_up_runs(), st.integers(1, 60), st.integers(0, 20), st.integers(1, 60))
def test_no_cell_is_false_where_idle_stretches_are_folded(run: MadeUp, cell: int, first: int, width: int) -> None:
    """The same; of a fold, the cells at the break show that there is one."""
    timeline = folded(run)
    scale = FoldedTime(timeline.quiet.stretches(run.end), origin=0, cell=cell, width=width)
    view = TimeView(first * cell, cell, width, 0, None, scale)
    shown = TimePicture(timeline, lay_rows(timeline, loop=False), view)
    edges = view.edges()
    for row, lane in enumerate(timeline.lanes):
        by_hand = "".join(
            naive(run.lives[lane.task], begin, over, run.end) if begin <= run.end else " "
            for begin, over in pairwise(edges)
        )
        assert all(by_hand[i] in "┈░│" for i, glyph in enumerate(drawn(shown, row)) if glyph == "╱")
        assert by_hand == "".join(by_hand[i] if glyph == "╱" else glyph for i, glyph in enumerate(drawn(shown, row)))


@given(made_up_runs(), st.integers(1, 60), st.integers(1, 200))
def test_folds_hide_nothing_but_sleep(run: MadeUp, cell: int, width: int) -> None:
    """Where a fold begins a cell begins; nobody runs or is ready in it; all the rest is as long as it was."""
    timeline = folded(run)
    scale = FoldedTime(timeline.quiet.stretches(run.end), origin=0, cell=cell, width=width)
    for t in range(run.end + 1):
        assert t == scale.moment(scale.at(t)) or scale.at(t - 1) == scale.at(t)
    gaps = scale.gaps(0, scale.at(run.end) + 1)
    for gap in gaps:
        assert (0, FOLD * cell) == (gap.start % cell, gap.end - gap.start)
        begin, end = scale.moment(gap.start), scale.moment(gap.end)
        assert gap.length == end - begin >= 2 * FOLD * cell
        for life in run.lives.values():
            assert not any(
                state in (READY, RUNNING) and start < end and begin < stop
                for start, stop, state in life.spans(run.end)
                if start < stop
            )
    assert run.end == scale.at(run.end) - len(gaps) * FOLD * cell + sum(gap.length for gap in gaps)


@given(made_up_runs(), st.integers(20, 120))
def test_what_is_folded_makes_the_rest_larger_and_all_fits(run: MadeUp, width: int) -> None:
    timeline = folded(run)
    stretches = timeline.quiet.stretches(run.end)
    cell = cell_to_fit(stretches, origin=0, end=run.end, cells=width, width=width, least=1)
    assert cell <= round_cell(-(-(run.end + 1) // width))
    scale = FoldedTime(stretches, origin=0, cell=cell, width=width)
    assert scale.at(run.end) // cell < width


def test_ten_seconds_of_sleep_are_folded_and_their_length_is_said() -> None:
    timeline = folded(event())
    stretches, end = timeline.quiet.stretches(timeline.horizon), timeline.horizon
    cell = cell_to_fit(stretches, origin=0, end=end, cells=60, width=60, least=100)
    assert 500_000 == cell
    scale = FoldedTime(stretches, origin=0, cell=cell, width=60)
    shown = TimePicture(timeline, lay_rows(timeline, loop=False), TimeView(0, cell, 60, 0, None, scale))
    assert [
        "0 ms      5       ╱10.0 s╱  10010     10015     10020",
        "░░██┈ nursery ┈┈┈┈┈┈┈╱╱┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈░░██■",
        "    ░░██┈ sleep ┈┈┈┈┈╱╱┈┈┈░░██■",
    ] == [shown.head().text.rstrip(), shown.line(0).text.rstrip(), shown.line(1).text.rstrip()]
    assert "idle ╱╱" == shown.title


@settings(deadline=None)
@given(made_up_runs("mock"), st.integers(0, 3_000))
def test_trios_time_goes_there_and_back(run: MadeUp, x: int) -> None:
    timeline = folded(run)
    scale = TrioTime(timeline)
    if scale.update():
        moments = range(run.end + 1)
        assert all(run.trio_time(t) == scale.at(t) for t in moments)
        assert next((t for t in moments if scale.at(t) >= x), None) == (
            scale.moment(x) if scale.moment(x) <= run.end else None
        )


def mock_test(*sleeps: int, t: int = 0, run: int = 1, first_task: int = 2) -> list[e.Event]:
    """Tell a test whose main sleeps for so many seconds of trio's time, again and again, in 2 ms each."""
    second, events = 10**9, [e.BeforeRun(t, run, f"test_{run}", "trio", "MainThread", "0", "mock", 0)]
    events.append(e.TaskSpawned(t, first_task, run, "main", "main"))
    events.append(e.TaskScheduled(t, first_task, "spawned"))
    shown = 0
    events.append(e.Place(run, "test.py", 1, function="main", call="sleep"))
    for length in sleeps:
        events += [e.BeforeTaskStep(t, first_task), e.AfterTaskStep(t + MILLISECOND, first_task, run)]
        t, shown = t + 2 * MILLISECOND, shown + length * second
        events += [e.BeforeIoWait(t, run), e.Clock(t, run, shown), e.AfterIoWait(t, run)]
        events.append(e.TaskScheduled(t, first_task, "timer"))
    events += [e.BeforeTaskStep(t, first_task), e.TaskExited(t, first_task, "returned")]
    return [*events, e.AfterTaskStep(t, first_task), e.AfterRun(t, run, "returned")]


def in_trios_time(*runs: list[e.Event], cell: int, width: int) -> list[str]:
    timeline = Timeline()
    for events in runs:
        timeline.feed(events)
    scale = TrioTime(timeline)
    assert scale.update()
    rows = lay_rows(timeline, loop=False)
    shown = TimePicture(timeline, rows, TimeView(0, cell * 10**9, width, 0, None, scale))
    return [shown.head().text.rstrip(), *(shown.line(row).text.rstrip() for row in range(len(rows.rows)))]


def test_a_mock_clock_jumps_on_a_ruler_of_trios_time() -> None:
    assert in_trios_time(mock_test(5_000), cell=100, width=76) == [
        "0 s       1000      »» jump »»          4000      5000        5000 s in 2 ms",
        "│ sleep " + "┈" * 42 + "■",
    ]


def test_of_a_part_of_trios_time_the_part_is_said() -> None:
    """The leap lies behind the part: all that led to it is within."""
    assert in_trios_time(mock_test(5_000), cell=50, width=60)[0].endswith(" 3000 s in 2 ms")


def test_runs_under_mock_clocks_follow_one_another_with_numbers_of_their_own() -> None:
    drawn = in_trios_time(mock_test(100), mock_test(50, 150, t=3 * MILLISECOND, run=2, first_task=5), cell=10, width=60)
    assert drawn[2] == "│ sleep ┈┈■"
    assert drawn[4] == " " * 10 + "│┈┈┈┈│ sleep ┈┈┈┈┈┈┈■"


@pytest.mark.parametrize(
    "other",
    [mock_test(5, t=MILLISECOND, run=2, first_task=5), [e.BeforeRun(10**9, 2, "m", "trio", "T", "0", "live", 0)]],
)
def test_clocks_that_disagree_are_shown_in_real_time(other: list[e.Event]) -> None:
    timeline = Timeline()
    timeline.feed(mock_test(5_000))
    scale = TrioTime(timeline)
    assert scale.update()
    timeline.feed(other)
    assert not scale.update()


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


def test_what_was_said_stands_at_its_moment() -> None:
    """Of two the first is cut; what is said within a few cells is one text; the last one ends at the edge."""
    story = Story()
    story.spawn("main")
    for t, text in ((0, "one and much more"), (15, "two\n"), (17, "three"), (50, "the last words")):
        story.t = t * MILLISECOND
        story.events += [e.Output(story.t, "stdout", text), e.Mark(story.t, text)]
    timeline = folded(story)
    shown = TimePicture(timeline, lay_rows(timeline, loop=False), TimeView(0, MILLISECOND, 56))
    assert "one and much … two three                  the last words" == shown.prints().text
    assert "◆ one and muc… ◆ two ◆ three                      ◆ the…" == shown.marks().text


@given(
    st.lists(st.tuples(st.integers(0, 500), st.text(max_size=20)), max_size=20), st.integers(1, 20), st.integers(1, 80)
)
def test_whatever_is_said_can_be_drawn(said: list[tuple[int, str]], cell: int, width: int) -> None:
    timeline = Timeline()
    timeline.feed([e.BeforeRun(0, 1, "main", "trio", "T", "0", "live", 0)])
    timeline.feed(e.Output(t, "stdout", text) for t, text in sorted(said))
    shown = TimePicture(timeline, lay_rows(timeline, loop=False), TimeView(0, cell, width))
    assert width_of(shown.prints().text) <= width


@given(made_up_runs(), st.integers(1, 400), st.integers(0, 500), st.integers(0, 25))
def test_what_the_frame_before_knew_changes_nothing(run: MadeUp, cell: int, playhead: int, cut: int) -> None:
    """A frame made after another one is the frame that would have been made without it, though a log grew meanwhile."""
    timeline, before = Timeline(), None
    for events in (run.events[:cut], [], run.events[cut:]):
        if events:
            timeline.feed(events)
        rows = lay_rows(timeline, loop=False)
        for moment in (None, playhead):
            view = TimeView(0, cell, 40, 0, moment)
            alone = TimePicture(timeline, rows, view)
            before = TimePicture(timeline, rows, view, before=before)
            for row in range(len(rows.rows)):
                expected, line = alone.line(row), before.line(row)
                assert (expected.glyphs, expected.inks) == (line.glyphs, line.inks)


def test_a_cell_that_is_rounded_up_hides_no_stretch_that_is_worth_folding() -> None:
    """Three stretches of 700 are a third of the screen each, though 14 cells only of the length that fits unfolded."""
    stretches = [(50, 750), (760, 1460), (1470, 2170)]
    cell = cell_to_fit(stretches, origin=0, end=2_171, cells=70, width=88, least=1)
    assert 3 == len(FoldedTime(stretches, origin=0, cell=cell, width=88).gaps(0, 10**9))


@settings(max_examples=60, deadline=None)
@given(st.lists(any_event, max_size=30), st.integers(1, 120), st.sampled_from(["live", "mock"]))
def test_any_log_can_be_drawn_on_each_ruler(events: list[e.Event], width: int, clock: str) -> None:
    timeline = Timeline()
    timeline.feed([e.BeforeRun(0, 1, "main", "trio", "T", "0", clock, 0), *events])  # type: ignore[arg-type]
    end = timeline.horizon
    stretches = [stretch for stretch in timeline.quiet.stretches(end) if 0 <= stretch[0] < end]
    cell = cell_to_fit(stretches, origin=0, end=end, cells=width, width=width, least=1)
    scales: list[Scale] = [REAL_TIME, FoldedTime(stretches, origin=0, cell=cell, width=width)]
    trios = TrioTime(timeline)
    scales += [trios] if trios.update() else []
    rows = lay_rows(timeline, system=True, scopes=Words())
    for scale in scales:
        shown = TimePicture(timeline, rows, TimeView(0, cell, width, 0, end, scale))
        lines = [shown.head(), shown.prints(), shown.marks(), *(shown.line(row) for row in range(len(rows.rows)))]
        assert {width} == {len(line.glyphs) for line in lines}
