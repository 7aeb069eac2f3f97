"""A part of a log: which steps, which time, whose lanes; what stands above them; and how wide all that is."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from story import Story, event, relay

from log_samples import any_event, header
from triotrace import events as e
from triotrace.errors import UsageError
from triotrace.export.heading import packed, program_of
from triotrace.export.part import Part, parse_bound
from triotrace.export.text import page, picture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import width_of

Axis = Literal["steps", "time"]


def folded(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    return timeline


def part(start: str = "", end: str = "", *, last: int | None = None, tasks: tuple[str, ...] = ()) -> Part:
    bounds = [parse_bound(text) if text else None for text in (start, end)]
    return Part(bounds[0], bounds[1], last, tasks)


def steps_of(drawn: str) -> list[str]:
    """Return the numbers over a picture."""
    return [word.strip("╷") for line in drawn.splitlines() if line.startswith("  ") for word in line.split()]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("12", None), ("1.5s", 1_500_000_000), ("20 ms", 20_000_000), ("7us", 7_000), ("7µs", 7_000), ("0.5NS", 0.5),
     (" 2 min ", 120_000_000_000), ("1h", 3_600_000_000_000)],
)  # fmt: skip
def test_a_bound_is_a_number_and_perhaps_a_unit(text: str, nanoseconds: float | None) -> None:
    bound = parse_bound(text)
    assert nanoseconds == (None if bound.unit is None else bound.value * bound.unit)


@pytest.mark.parametrize("text", ["", "s", "-1", "1.2.3", "1e9", "12 years", "٣", "1_000", "0x10", "\x1b[2J", "9" * 99])
def test_what_is_no_bound_is_said(text: str) -> None:
    with pytest.raises(UsageError, match=r"is neither a step \(12\) nor a time \(1.5s, 20ms\)") as caught:
        parse_bound(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("wish", "steps"),
    [
        (part("3", "5"), "3 4 5"),
        (part("7"), "7 8"),
        (part(end="2"), "1 2"),
        (part("8", "99"), "8"),
        (part("3", "3"), "3"),
        (part(last=2), "7 8"),
        (part(end="4", last=2), "3 4"),
        (part(last=99), "1 2 3 4 5 6 7 8"),
    ],
)
def test_a_span_of_steps(wish: Part, steps: str) -> None:
    assert steps.split() == steps_of(picture(folded(relay()), part=wish))


@pytest.mark.parametrize(
    ("axis", "wish", "message"),
    [
        ("steps", part("9"), "--from 9 is behind the end: the log has 8 steps"),
        ("steps", part("5", "4"), "nothing lies between --from 5 and --to 4"),
        ("steps", part("0"), "--from 0 is no step: they are numbered 1, 2, 3, ..."),
        ("steps", part(end="2.5"), "--to 2.5 is no step"),
        ("steps", part("2ms"), "--from 2ms is a time, and this axis has steps; --axis time has times"),
        ("steps", part("2", last=1), "--last counts back from the end, or from --to: leave out --from"),
        ("steps", part(tasks=("x",)), "no task is called 'x'; there are main, producer, consumer"),
        ("steps", part(tasks=("",)), "no task is called ''"),
        ("steps", part(tasks=("main", "\x1b[2J")), r"no task is called '\x1b[2J'"),
        ("time", part("17ms"), "--from 17ms is behind the end: it took 16 ms in all"),
        ("time", part("5ms", "4ms"), "nothing lies between --from 5ms and --to 4ms"),
        ("time", part(end="0"), "nothing lies between the beginning and --to 0"),
        ("time", part("0.001", last=1), "--last counts back"),
    ],
)
def test_what_cannot_be_drawn_is_said(axis: Axis, wish: Part, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        picture(folded(relay()), axis=axis, part=wish)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("wish", "first", "last"),
    [
        (part("4ms", "9ms"), "4.0 ms", "8.5"),
        (part("0.004", "0.009"), "4.0 ms", "8.5"),
        (part(last=1), "15.0 ms", "15.9"),
    ],
)
def test_a_span_of_time_has_its_own_ruler(wish: Part, first: str, last: str) -> None:
    head = picture(folded(relay()), axis="time", width=100, part=wish).splitlines()[0]
    assert head.strip().startswith(first)
    assert head.endswith(last)


def test_under_a_mock_clock_a_span_is_of_trios_time() -> None:
    story = Story(clock="mock")
    story.spawn("main")
    story.step("main", waits="sleep")
    story.sleep(1)
    story.events.append(e.Clock(story.t, 1, 5_000 * 1_000_000_000))
    story.events.append(e.TaskScheduled(story.t, 2, "timer"))
    story.step("main", exits="returned")
    head, _ = picture(folded(story), axis="time", width=80, part=part("4000s")).splitlines()
    assert "4000 s" in head
    with pytest.raises(UsageError, match="--from 6000s is behind the end: it took 5000 s in all"):
        picture(folded(story), axis="time", part=part("6000s"))


def test_the_end_of_a_span_is_the_end_of_its_picture() -> None:
    """What comes after --to is not drawn, not even half."""
    until = picture(folded(event()), axis="time", width=80, part=part(end="10ms")).splitlines()
    assert max(map(len, until)) <= 80
    assert not any("■" in line for line in until)


def test_only_those_who_live_in_a_band_have_a_row() -> None:
    drawn = picture(folded(event()), width=32, zoom=10).split("\n\n")
    assert [["(loop)", "main", "task_a", "task_b", "task_b"], ["main", "task_b", "task_b"]] == [
        [line.strip("├└ ").split(" ")[0] for line in band.splitlines()[1:] if not line.startswith("prints")]
        for band in (drawn[2], drawn[3])
    ]


@pytest.mark.parametrize("axis", ["steps", "time"])
@pytest.mark.parametrize(
    ("tasks", "shown"),
    [
        (("producer",), ["main", "producer", "consumer"]),  # which wakes it
        (("main",), ["main", "consumer"]),
        (("PROD",), ["main", "producer", "consumer"]),
        (("main", "producer"), ["main", "producer", "consumer"]),
    ],
)
def test_some_tasks_and_who_wakes_them(axis: Axis, tasks: tuple[str, ...], shown: list[str]) -> None:
    drawn = picture(folded(relay()), axis=axis, part=part(tasks=tasks)).splitlines()
    assert shown == [line.strip("├└ ").split(" ")[0] for line in drawn[1:] if not line.startswith("prints")]


def test_a_whole_name_is_not_also_a_part_of_one() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("get", "get_all", "fetch#1", "fetch#2"))
    for name in ("get", "get_all", "fetch#1", "fetch#2"):
        story.step(name, exits="returned")
    timeline = folded(story)
    for asked, found in {
        "get": ["get"], "GET_": ["get_all"], "et": ["get", "get_all", "fetch #1", "fetch #2"],
        "fetch": ["fetch #1", "fetch #2"], "fetch #2": ["fetch #2"],
    }.items():  # fmt: skip
        drawn = picture(timeline, part=part(tasks=(asked,))).splitlines()
        assert found == [
            timeline.title(lane) for lane in timeline.lanes if f" {timeline.title(lane)} " in "".join(drawn)
        ]


def test_steps_in_which_nothing_happens_to_them_are_left_out() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("busy", "lazy"))
    story.step("lazy", waits="Event.wait")
    for _ in range(40):
        story.step("busy", stays="checkpoint")
        story.sleep(1)
    story.step("busy", exits="returned", wakes=("lazy",))
    story.step("lazy", exits="returned", wakes=("main",))
    story.step("main", exits="returned")
    drawn = picture(folded(story), width=60, zoom=10, part=part(tasks=("lazy",)))
    assert "(steps 6 to 82 are left out)" in drawn
    assert ["1", "2", "3", "4", "5", "83", "84", "85"] == [step for step in steps_of(drawn) if step.isdigit()]


def test_of_very_many_tasks_those_who_do_something_have_a_row() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=tuple(f"idle#{number}" for number in range(100)))
    for number in range(100):
        story.step(f"idle#{number}", waits="sleep")
    story.step("idle#7", stays="checkpoint")
    drawn = picture(folded(story), width=60, zoom=10, part=part(last=3)).splitlines()
    assert ["main", "├ idle #8", "├ idle #99", "└ idle #100"] == [line[:11].strip() for line in drawn[1:5]]
    assert ["(and 97 tasks that do nothing here)"] == drawn[5:]


def test_who_sees_only_main_is_told_where_the_others_are() -> None:
    story = Story()
    story.spawn("main")
    story.spawn("handler#1", by="main", role="library")
    story.spawn("handler#2", by="main", role="library")
    story.step("main", waits="nursery")
    timeline = folded(story)
    assert "(2 tasks of libraries: --system)" == list(page(timeline))[-1]
    assert "libraries" not in "".join(page(timeline, system=True))
    assert any("handler #2" in line for line in page(timeline, part=part(tasks=("handler #2",))))
    story.spawn("mine", by="main")
    assert "libraries" not in "".join(page(folded(story)))


def test_the_heading_says_whose_log_it_is() -> None:
    timeline = Timeline()
    timeline.feed([header(argv=["/home/ana/lesson.py", "--ten"]), *relay().events, e.AfterRun(99, 1, "returned")])
    first, second = list(page(timeline, width=100))[:2]
    assert "lesson.py --ten: 8 steps, 3 tasks; trio 0.35.0, Python 3.11.7, order: started" == first
    assert "returned, the log has no end" == second
    timeline.feed([e.Dropped(99, 3, 98), e.Footer(99, 1, 3, -9)])
    assert "returned, signal 9, 3 events lost" == list(page(timeline, width=100))[1]


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ([], "?"),
        (["/x/lesson.py"], "lesson.py"),
        (["/x/pytest/__main__.py", "-q", "tests"], "-m pytest -q tests"),
        (["/x/\x1b[2J.py", "a\nb"], "\\x1b[2J.py a\\nb"),
    ],
)
def test_a_program_is_named_as_it_was_started(argv: list[str], name: str) -> None:
    assert name == program_of(argv)


def test_parts_are_packed_into_lines() -> None:
    assert ["a; b", "cc; d", "ee…efg"] == packed(["a", "b", "", "cc", "d", "eeeeeeefg"], 6, "; ")


NAMES = st.text(min_size=1, max_size=40) | st.sampled_from(
    ["日本", "naïve", "a\u0301", "\x1b[2J", "█▲", "\u202e", "|" * 99]
)


@settings(max_examples=60, deadline=None)
@given(NAMES, NAMES, st.integers(20, 120), st.sampled_from(["steps", "time"]), st.booleans())
def test_hostile_names_are_drawn_within_the_width(
    one: str, other: str, width: int, axis: Axis, seven_bits: bool
) -> None:
    story = Story()
    story.tasks["main"] = 2
    story.events.append(e.TaskSpawned(0, 2, 1, one, "main", parent=1, nursery=1))
    story.events.append(e.TaskSpawned(0, 3, 1, other, "user", parent=2, nursery=2))
    story.step("main", waits="nursery", prints=other)
    timeline = Timeline()
    timeline.feed([header(argv=[one, other]), *story.events])
    for line in page(timeline, axis=axis, width=width, seven_bits=seven_bits):
        assert not seven_bits or line.isascii()
        assert line == line.rstrip()
        assert width_of(line) <= width
        assert line.isprintable() or not seven_bits


@settings(max_examples=60, deadline=None)
@given(
    st.lists(any_event, max_size=20), st.integers(20, 90), st.sampled_from(["steps", "time"]),
    st.integers(1, 5), st.none() | st.integers(1, 3), st.booleans(),
)  # fmt: skip
def test_any_part_of_any_log_is_drawn_or_refused(
    events: list[e.Event], width: int, axis: Axis, end: int, last: int | None, system: bool
) -> None:
    timeline = Timeline()
    timeline.feed(events)
    wish = part(end=str(end), last=last)
    try:
        drawn = list(page(timeline, axis=axis, width=width, part=wish, system=system, seven_bits=True))
    except UsageError:
        assert axis == "time"
    else:
        assert all(len(line) <= width and line.isascii() for line in drawn)
