"""The panels: which are shown in a window of which size, whose prints, which events."""

from __future__ import annotations

import pytest
from driven import Told, drive, mouse, press, screen_of
from story import Story, event
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

from triotrace.viewer.app import TraceApp


@pytest.mark.parametrize(
    ("width", "at_first", "after_i", "after_o"),
    [
        (80, "", "inspector", "prints"),
        (100, "prints", "inspector", "prints"),
        (160, "prints inspector", "prints", ""),
    ],
)
def test_as_many_panels_as_there_is_room_for(width: int, at_first: str, after_i: str, after_o: str) -> None:
    """Beside the source there is room for one, and for both in a wide window; the newest wins."""

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        def shown() -> str:
            panels = {"prints": app.prints_panel, "inspector": app.inspector}
            return " ".join(name for name, panel in panels.items() if panel.display)

        seen = [shown()]
        for name in ("i", "o"):
            await press(pilot, name)
            seen.append(shown())
        assert [at_first, after_i, after_o] == seen

    drive(Told(event()), act, size=(width, 30))


def side(app: TraceApp) -> list[str]:
    return [line.rpartition("│ ")[2] for line in screen_of(app) if "│ " in line]


def test_prints_of_one_task_alone() -> None:
    """The heading says so; another task's come when that is chosen, and all again by the same key or by esc."""

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        assert ["   3 task_b #1 Esperando", "   4 task_b #2 Esperando"] == side(app)[1:3]
        await press(pilot, "up", "O")  # from main, the last that ran, there is none above it
        assert "prints of main alone" == side(app)[0]
        assert not any("Esperando" in line for line in side(app))
        await press(pilot, "down", "down")
        assert "prints of task_b #1 alone" == side(app)[0]
        assert ["   3 task_b #1 Esperando", "   7 task_b #1 liberado"] == side(app)[1:3]
        await press(pilot, "left", "left", "left")
        assert ["   3 task_b #1 Esperando"] == [line for line in side(app)[1:] if line], "what came later is not yet"
        await press(pilot, "O")
        assert "prints" == side(app)[0]
        await press(pilot, "O", "escape")
        assert "prints" == side(app)[0]

    drive(Told(event()), act)


def busy() -> Story:
    story = Story()
    story.spawn("main")
    for _ in range(200):
        story.step("main", stays="checkpoint", prints="tick\n")
    return story


def test_events_go_with_the_playhead_and_the_wheel_looks_further() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "i", "home", *["right"] * 100)
        here = next(line for line in side(app) if line.startswith("▸"))
        assert here.split()[:2] == ["▸100", "after_task_step"]
        assert any(line.split()[:2] == ["101", "before_task_step"] for line in side(app))
        for _ in range(4):
            await mouse(pilot, MouseScrollUp, "#inspector", 5, 3)
        assert not any(line.startswith("▸") for line in side(app))
        for _ in range(300):
            app.inspector.on_mouse_scroll_down(MouseScrollDown(None, 0, 0, 0, 0, 0, False, False, False))
        await mouse(pilot, MouseScrollDown, "#inspector", 5, 3)
        last = next(line for line in reversed(side(app)) if line)
        assert last.split()[:2] == ["200", "after_task_step"], "and no further"
        await press(pilot, "right")
        assert any(line.startswith("▸101") for line in side(app))

    drive(Told(busy()), act, size=(120, 30))


def test_a_click_on_an_event_goes_to_its_step() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "i", "home", *["right"] * 100)
        lines = screen_of(app)
        y = next(i for i, line in enumerate(lines) if "101 before_task_step" in line)
        await pilot.click("#inspector", offset=(10, y - app.inspector.region.y))
        await pilot.pause()
        assert 101 == app.scene.playhead

    drive(Told(busy()), act, size=(120, 30))
