"""The viewer over every step of every case and lesson, on both axes, in both languages, forwards and back."""

from __future__ import annotations

from itertools import cycle

import pytest
from driven import drive, key, screen_of, settle
from textual.pilot import Pilot

from lessons import NAMES as LESSONS
from lessons import Lesson
from recorded import NAMES as CASES
from recorded import Cases
from triotrace.language import LANGUAGES, catalogue
from triotrace.source import FileSource
from triotrace.viewer.app import TraceApp

MOST = 12
"""Steps from each end of a longer tape."""


@pytest.mark.parametrize(("name", "language"), list(zip([*CASES, *LESSONS], cycle(LANGUAGES), strict=False)))
def test_each_step_is_shown(cases: Cases, lessons: dict[str, Lesson], name: str, language: str) -> None:
    """Forwards on one axis, back on the other; the inspector is open. (Nothing fails: see conftest.)"""
    log = cases[name].log if name in CASES else lessons[name].logs[0]

    async def walk(app: TraceApp, pilot: Pilot[None], name: str, steps: int) -> None:
        for _ in range(min(steps, MOST)):
            app.post_message(key(name))
            await settle(pilot)

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        for name in ("i", "home") if language == "en" else ("i", "x", "home"):
            app.post_message(key(name))
            await settle(pilot)
        end = app.scene.end
        await walk(app, pilot, "right", end)
        assert min(end, MOST) == app.scene.playhead
        for name in ("end", "x"):
            app.post_message(key(name))
            await settle(pilot)
        await walk(app, pilot, "left", end)
        assert max(0, end - MOST) == app.scene.playhead
        assert screen_of(app)[0].strip()

    drive(FileSource(log), act, catalogue=catalogue(language), size=(100, 28))
