"""Every mark stands in its column, whatever tasks are called; and in seven bits there are seven bits."""

from __future__ import annotations

import pytest
import trio
from rich.cells import cell_len
from textual.pilot import Pilot

from lessons import NAMES as LESSONS
from lessons import Lesson
from recorded import NAMES as CASES
from recorded import Cases, read
from triotrace.events import Event
from triotrace.export.text import page
from triotrace.language import LANGUAGES, catalogue
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import cells
from triotrace.timeline.words import Words
from triotrace.viewer.app import TraceApp
from viewer.driven import drive, press

AXES = ("steps", "time")
LEADS = {"┓": (1, "┗"), "┗": (-1, "┓"), "┛": (-1, "┏"), "┏": (1, "┛")}
"""Where a corner of the baton leads to, and to what."""
WORDS = {language: Words(catalogue(language)) for language in LANGUAGES}


class Log:
    """A source that tells a log at once."""

    def __init__(self, log: list[Event]) -> None:
        self.log = log
        self.warnings: list[str] = []
        self.progress = (0, 0)

    async def send_to(self, channel: trio.MemorySendChannel[list[Event]]) -> None:
        async with channel:
            await channel.send(self.log)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("size", [(140, 30), (100, 28), (41, 20)])
def test_each_line_of_the_screen_is_as_wide_as_the_window(cases: Cases, size: tuple[int, int], axis: str) -> None:
    """Names that are wide, joined and combined: in the picture, the sentence, the inspector and the prints."""

    async def look(app: TraceApp, pilot: Pilot[None]) -> None:
        for key in ("g", "i", "j", "j", "j", "j", "j", "j", "right", "right", "o", "enter", "z", "minus"):
            await press(pilot, key)
            for strip in app.screen._compositor.render_strips():
                assert size[0] == strip.cell_length, strip.text
                assert size[0] == sum(cell_len(segment.text) for segment in strip), strip.text

    drive(Log(cases["wide_names"].events), look, size=size, axis=axis)


def test_the_baton_is_unbroken_beside_any_name(cases: Cases) -> None:
    """Each corner leads through ┃ of the very same cell to another corner."""
    lines = list(page(cases["wide_names"].timeline, width=100))
    assert all(cell_len(line) <= 100 for line in lines)
    corners = 0
    for band in "\n".join(lines).split("\n\n"):
        grid = [cells(line.ljust(200)) for line in band.split("\n")]
        for row, line in enumerate(grid):
            for column, glyph in enumerate(line):
                if glyph in LEADS:
                    step, other = LEADS[glyph]
                    at = row + step
                    while grid[at][column] == "┃":
                        at += step
                    assert other == grid[at][column], (band, row, column)
                    corners += 1
    assert corners > 20


def seven_bits(timeline: Timeline) -> None:
    for words in WORDS.values():
        for axis in AXES:
            for width in (20, 21, 27, 34, 58, 100, 200):
                for line in page(timeline, axis=axis, width=width, seven_bits=True, words=words):
                    assert line.isascii(), (axis, width)
                    assert len(line) <= width, (axis, width, line)


@pytest.mark.parametrize("name", CASES)
def test_seven_bits_of_every_case(cases: Cases, name: str) -> None:
    seven_bits(cases[name].timeline)


@pytest.mark.parametrize("name", [*LESSONS, "tests"])
def test_seven_bits_of_every_lesson(lessons: dict[str, Lesson], name: str) -> None:
    seven_bits(read(lessons[name].logs[0]))
