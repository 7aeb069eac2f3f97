"""The title: what the program does, which step it is, what just happened and what is next, at any width."""

from __future__ import annotations

import pytest
from driven import Living, Told, drive, press, screen_of
from hypothesis import given
from hypothesis import strategies as st
from story import Story, event, relay
from textual.pilot import Pilot

from triotrace import events as e
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import width_of
from triotrace.timeline.words import Words
from triotrace.viewer.app import TraceApp
from triotrace.viewer.panels import lay_words
from triotrace.viewer.player import Player
from triotrace.viewer.scene import Scene
from triotrace.viewer.status import Status


class Paused(Living):
    paused = True


def status_of(story: Story, program: Living, **options: object) -> str:
    timeline = Timeline()
    timeline.feed(story.events)
    scene = Scene(timeline)
    scene.update()
    return Status(Player(scene, program), Words()).said(**{"reading": True, **options})  # type: ignore[arg-type]


def held(story: Story) -> Story:
    story.events.append(e.Paused(story.t, 1))
    return story


def asleep(**waits: int) -> Story:
    story = Story()
    story.spawn("main")
    story.step("main", waits="receive_some")
    story.events.append(e.BeforeIoWait(story.t, 1, **waits))
    return story


def busy() -> Story:
    story = Story()
    story.spawn("main")
    story.events.append(e.BeforeTaskStep(story.t, story.tasks["main"]))
    return story


def beside(story: Story) -> Story:
    """Let another run be held meanwhile."""
    story.events.append(e.BeforeRun(story.t, 2, "other", "trio", "Thread-1", "0.35.0", "system", 0))
    story.events.append(e.Paused(story.t, 2))
    return story


@pytest.mark.parametrize(
    ("expected", "story"),
    [
        ("❚❚ PAUSED", held(relay())),
        ("❚❚ PAUSING", relay()),
        ("❚❚ PAUSING", busy()),
        ("❚❚ PAUSING · waits for I/O", asleep(readers=1)),
        ("❚❚ PAUSING · waits for I/O", asleep(writers=1, threads=1)),
        ("❚❚ PAUSING · waits for a process", asleep(readers=1, processes=1)),
        ("❚❚ PAUSING · waits for a process", asleep(threads=1, processes=1)),
        ("❚❚ PAUSING · waits for I/O", asleep(readers=2, processes=1)),
        ("❚❚ PAUSING · waits for a signal", asleep(signals=1)),
        ("❚❚ PAUSING · waits for a thread", asleep(threads=2)),
        ("❚❚ PAUSED · run 1 is in a step", beside(busy())),
        ("❚❚ PAUSING", asleep()),
    ],
)
def test_a_pause_says_what_it_waits_for(expected: str, story: Story) -> None:
    assert expected == status_of(story, Paused())


@pytest.mark.parametrize(
    ("expected", "read", "size"),
    [("● RUNNING", 0, 0), ("● RUNNING", 5, 900_000), ("● RUNNING · 12 MB behind", 1_000_000, 13_500_000)],
)
def test_a_picture_that_lags_behind_says_how_far(expected: str, read: int, size: int) -> None:
    assert expected == status_of(relay(), Living(), progress=(read, size))


def test_a_log_that_is_read_says_how_much_of_it_is() -> None:
    ended = Living()
    ended.living = False
    said = status_of(relay(), ended, progress=(25, 100))
    assert (True, True) == (said.startswith("… reading"), said.endswith(" 25 %"))
    assert "■ ENDED" == status_of(relay(), ended, progress=(100, 100), reading=False)


def test_who_follows_is_at_the_end() -> None:
    """Though the tape has grown since the last look."""

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        app.timeline.tape.begin(1, app.timeline.now, before=0)
        assert "step 8 of 8" in str(app.title_bar.render())
        app.scene.following = False
        assert "step 8 of 9" in str(app.title_bar.render())

    drive(Told(relay()), act, program=Living())


def test_long_sentences_are_not_cut_in_a_narrow_window() -> None:
    """The title grows by a line for them, and stays so."""
    story = event()
    long = "a_task_with_a_rather_long_name"
    told = [
        e.TaskSpawned(told.t, told.task, told.run, long, told.role, parent=told.parent, nursery=told.nursery)
        if isinstance(told, e.TaskSpawned) and told.name == "task_a"
        else told
        for told in story.events
    ]
    story.events[:] = told

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "home", *["right"] * 6)
        lines = screen_of(app)
        said = " ".join(" ".join(lines[1:4]).replace("next ▸ task_b #1", "").split())
        assert f"{long} wakes task_b #1 and task_b #2. {long} returns." == said
        assert lines[2].endswith("next ▸ task_b #1")
        assert "6" in lines[4]
        await press(pilot, "right")
        assert "6" in screen_of(app)[4], "the picture stays where it is"

    drive(Told(story), act, size=(72, 24))


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 160])
def test_the_first_line_fits(width: int) -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        first = screen_of(app)[0]
        assert width_of(first) <= width
        if width >= 40:
            assert "ENDED" in first
            assert "step 8 of 8" in first

    drive(Told(relay()), act, size=(width, 24))


@given(st.text(max_size=300), st.lists(st.integers(1, 80), min_size=3, max_size=3))
def test_words_fill_two_lines_or_three_and_no_more_cells_than_there_are(text: str, widths: list[int]) -> None:
    lines = lay_words(text, widths)
    assert 2 <= len(lines) <= 3
    assert all(width_of(line) <= width for line, width in zip(lines, widths, strict=False))
    if all("…" not in line for line in lines) and "…" not in text:
        assert text.split() == " ".join(lines).split()
