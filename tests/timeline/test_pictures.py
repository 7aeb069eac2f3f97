"""The drawings, cell by cell: both axes, from stories told by hand."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from story import Story, event, relay

from log_samples import any_event
from triotrace import events as e
from triotrace.clean import clean
from triotrace.export.part import Part
from triotrace.export.text import picture
from triotrace.timeline.canvas import FUTURE, PLAYHEAD
from triotrace.timeline.columns import StepsView
from triotrace.timeline.rolls import Roll
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import fit, width_of


def folded(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    return timeline


def rolled(timeline: Timeline, lane: int) -> Roll:
    roll = Roll(timeline, lane)
    roll.update()
    return roll


def expected(drawing: str) -> str:
    return "\n".join(line.rstrip() for line in dedent(drawing).strip("\n").splitlines()) + "\n"


def test_relay_in_ten_columns_a_step() -> None:
    assert expected(
        """
                       1        ╷2         3        ╷4         5        ╷6         7        ╷8
            main       █nursery█┓┈ waits for 2 children ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▲░░┏█return█■
            ├ producer       ▼░░┗█send████┓┈┈┈┈┈┈▲░░┏█send████┓┈┈┈┈┈┈▲░░┏█return█■┓      ╎  ┃
            └ consumer       ▼░░░░░░░░░░░░┗█receive↺┛░░░░░░░░░┗█receive↺┛░░░░░░░░░┗█return█■┛
            prints                                   sent      got value message 0
            """
    ) == picture(folded(relay()))


def test_event_in_three_columns_a_step() -> None:
    """The loop's sleep is one column in its own lane, and its wake reaches down to the task."""
    drawn = picture(folded(event()), width=60)
    assert (
        expected(
            """
                    1 ╷2  3  4 ╷5  6 ╷7  8 ╷9
        (loop)                 ┏██┓
        main        ██┓┈┈┈┈┈┈┈┈┃╎┈┃┈┈┈┈┈┈▲░┏█■
        ├ task_a    ▼░┗██┓┈┈┈┈┈┃▼░┗█■┓   ╎ ┃
        ├ task_b #1 ▼░░░░┗██┓┈┈┃┈┈┈▼░┗█■┓╎ ┃
        └ task_b #2 ▼░░░░░░░┗██┛┈┈┈▼░░░░┗█■┛
        """
        ).splitlines()
        == drawn.splitlines()[:6]
    )


def test_one_column_a_step_is_a_staircase() -> None:
    timeline = folded(relay())
    rows = lay_rows(timeline)
    drawn = StepsPicture(timeline, rows, StepsView(1, 8, 1))
    assert ["█┈┈┈┈┈▲■", "▼█▲█▲■╎ ", "▼░↺░↺░■ "] == [drawn.line(row).text for row in range(3)]


def test_how_a_task_ended_is_its_last_character() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("a", "b"))
    story.step("a", exits="raised", error=e.Error("builtins.ValueError", "no"))
    story.step("b", exits="cancelled")
    drawn = picture(folded(story)).splitlines()
    assert drawn[2].endswith("█raise██!┓ ValueError")
    assert drawn[3].endswith("█cancel█╳")


def test_a_step_of_a_folded_task_is_drawn_on_the_row_it_is_folded_into() -> None:
    timeline = folded(relay())
    rows = lay_rows(timeline, folded={1: rolled(timeline, 1)})
    assert ["main", "└ producer… ×0 ■ 2"] == [row.title for row in rows.rows]
    drawn = StepsPicture(timeline, rows, StepsView(1, 80, 10))
    assert drawn.line(0).text.startswith("█nursery█┓┈ waits for 2 children ┈┈")
    assert drawn.line(1).text.startswith("      ▼░░┗▓send▓▓▓▓━▓receive↺━")


def test_a_library_task_hides_in_its_nearest_shown_ancestor() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("fetch",))
    story.spawn("attempt", by="fetch", role="library")
    story.step("attempt", exits="returned")
    timeline = folded(story)
    assert ["main", "fetch"] == [row.label for row in lay_rows(timeline).rows]
    assert 1 == lay_rows(timeline).row_of(3)
    assert ["<init>", "main", "fetch", "attempt"] == [row.label for row in lay_rows(timeline, system=True).rows]


def test_tree_of_the_rows() -> None:
    story = Story()
    story.spawn("main")
    for child in ("a", "b"):
        story.spawn(child, by="main")
    story.spawn("a1", by="a")
    story.spawn("b1", by="b")
    assert [("", "main"), ("├ ", "a"), ("│ └ ", "a1"), ("└ ", "b"), ("  └ ", "b1")] == [
        (row.branch, row.label) for row in lay_rows(folded(story)).rows
    ]


def test_a_deep_tree_needs_no_stack() -> None:
    story = Story()
    story.spawn("t0")
    for i in range(1, 3000):
        story.spawn(f"t{i}", by=f"t{i - 1}")
    assert 3000 == len(lay_rows(folded(story)).rows)


@pytest.mark.parametrize(
    ("branch", "label", "width", "fitted"),
    [
        ("├ ", "fetch", 12, "├ fetch     "),
        ("", "x" * 20, 8, "xxx…xxx "),
        ("│ │ │ │ │ └ ", "level #9", 14, "…│ └ level #9 "),
        ("                    └ ", "level #99", 13, "…└ level #99 "),
        ("  " * 40 + "└ ", "a long name indeed", 12, "… a lo…deed "),
        ("", "日本語", 6, "日…語 "),
        ("", "日本語", 5, "…語  "),
    ],
)
def test_deep_in_a_tree_the_name_stays(branch: str, label: str, width: int, fitted: str) -> None:
    drawn = fit(branch, label, width)
    assert width == width_of(drawn)
    assert fitted == drawn


def test_the_playhead_marks_its_column_and_what_follows_is_faint() -> None:
    timeline = folded(relay())
    line = StepsPicture(timeline, lay_rows(timeline), StepsView(1, 80, 10, playhead=3)).line(0)
    assert all(ink & PLAYHEAD for ink in line.inks[20:29])
    assert not any(ink & (PLAYHEAD | FUTURE) for ink in line.inks[:20])
    assert all(ink & FUTURE for ink in line.inks[30:])


def test_what_was_printed_is_no_future_under_later_steps() -> None:
    timeline = folded(relay())
    prints = StepsPicture(timeline, lay_rows(timeline), StepsView(1, 80, 10, playhead=5)).prints()
    assert "got value message 0" in prints.text
    assert not any(ink & FUTURE for ink in prints.inks[: prints.text.index("message 0") + 9])
    before = StepsPicture(timeline, lay_rows(timeline), StepsView(1, 80, 10, playhead=4)).prints()
    assert before.inks[before.text.index("got")] & FUTURE


def test_only_as_many_steps_as_were_asked_for() -> None:
    assert ["7", "╷8"] == picture(folded(relay()), part=Part(last=2)).splitlines()[0].split()


def test_nothing_to_draw_is_said() -> None:
    assert "no step of trio was recorded\n" == picture(Timeline())


@settings(max_examples=40, deadline=None)
@given(st.lists(any_event, max_size=30), st.integers(1, 200), st.sampled_from(["steps", "time"]))
def test_any_log_can_be_drawn(events: list[e.Event], width: int, axis: str) -> None:
    timeline = Timeline()
    timeline.feed([e.BeforeRun(0, 1, "main", "trio", "T", "0", "live", 0), *events])
    for line in picture(timeline, axis=axis, width=width, system=True).splitlines():  # type: ignore[arg-type]
        assert line == clean(line)


def _locks() -> Story:
    """A task that gives way three times inside one await of its source, as HTTP clients do, and then waits there."""
    story = Story("await client.get(url)\n")
    for call in ("Lock.acquire", "Semaphore.acquire", "SocketStream.receive_some"):
        story.place(call)
    story.spawn("main")
    story.step("main", stays="Lock.acquire")
    story.step("main", stays="Semaphore.acquire")
    story.step("main", waits="SocketStream.receive_some")
    story.sleep(5, wakes=("main",))
    story.step("main", exits="returned")
    return story


def test_steps_inside_one_await_are_one_block() -> None:
    """The next block bears the number of its own step: none is lost."""
    drawn = picture(folded(_locks()), width=60).splitlines()
    assert ["1", "╷4", "5"] == drawn[0].split()
    assert "█get ×3██┛" in drawn[2]


def test_unfolded_each_step_has_its_block() -> None:
    timeline = folded(_locks())
    drawn = StepsPicture(timeline, lay_rows(timeline), StepsView(1, 60, 10, folded=False))
    assert ["1", "╷2", "╷3", "╷4", "5"] == drawn.head().text.split()
    assert drawn.line(1).text.startswith("█get████↺━█get████↺━█get█████┛")


def test_a_step_that_wakes_somebody_keeps_its_block() -> None:
    """A mark belongs to one step: a wake would be lost in a block of several."""
    story = Story("await client.get(url)\n")
    story.spawn("main")
    story.step("main", waits="Lock.acquire", spawns=("other",))
    story.step("other", stays="Lock.acquire")
    story.step("other", stays="Lock.acquire", wakes=("main",))
    story.step("main", exits="returned")
    timeline = folded(story)
    assert len(timeline.tape) == timeline.tape.count_columns()
