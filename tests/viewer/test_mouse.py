"""The mouse: it chooses, scrolls, zooms, pans, folds, and takes the playhead along."""

from __future__ import annotations

import pytest
from driven import Living, Told, drive, mouse, press, screen_of
from story import Story, event, relay
from textual.events import MouseDown, MouseMove, MouseScrollDown, MouseScrollRight, MouseScrollUp, MouseUp
from textual.pilot import Pilot

from triotrace.viewer.app import TraceApp

LABELS = 11
"""Cells of the labels of the relay."""


def cell(step: int) -> int:
    """Give an x within a step of the relay, ten cells a step, the first one at the left edge."""
    return LABELS + 10 * (step - 1) + 5


def test_a_click_chooses_the_task_and_moves_the_playhead() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "home")
        await pilot.click("#lanes", offset=(cell(3), 2))
        await pilot.pause()
        assert (3, "consumer") == (app.scene.playhead, app.scene.chosen_lane.name)

    drive(Told(relay()), act)


@pytest.mark.parametrize("widget", ["#head", "#lanes", "#prints"])
def test_the_playhead_goes_with_a_drag(widget: str) -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "home")
        await mouse(pilot, MouseMove, widget, cell(5), 0, button=1)
        assert 0 == app.scene.playhead, "nobody pressed the button here"
        await mouse(pilot, MouseDown, widget, cell(2), 0, button=1)
        went = [app.scene.playhead]
        for x in (cell(3), cell(4), cell(1), 0):
            await mouse(pilot, MouseMove, widget, x, 0, button=1)
            went.append(app.scene.playhead)
        await mouse(pilot, MouseUp, widget, cell(4), 0, button=1)
        await mouse(pilot, MouseMove, widget, cell(4), 0)
        assert [2, 3, 4, 1, 1, 1] == [*went, app.scene.playhead]

    drive(Told(relay()), act)


def test_a_look_back_with_the_mouse_pauses_the_program() -> None:
    """As the left arrow does; to choose a task does not."""
    program = Living()
    paused = []

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        program.pause = lambda: paused.append(app.scene.playhead)  # type: ignore[method-assign]
        await pilot.click("#lanes", offset=(3, 1))
        assert [] == paused
        await pilot.click("#head", offset=(cell(3), 0))
        assert 1 == len(paused)

    drive(Told(relay()), act, program=program)


def test_a_second_click_on_a_name_folds_the_task_and_a_third_unfolds_it() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        labels = []
        for _ in range(3):
            await pilot.click("#lanes", offset=(2, 0))
            await pilot.pause()
            labels.append(len(app.scene.rows.rows))
        assert [3, 2, 3] == labels, "main, and one lane for both its children"
        await pilot.click("#lanes", offset=(2, 1))
        await pilot.click("#lanes", offset=(2, 1))
        assert app.scene.folds_steps, "a task without children has nothing to fold"

    drive(Told(relay()), act)


def crowd() -> Story:
    story = Story()
    story.spawn("main")
    names = tuple(f"task{i}" for i in range(50))
    story.step("main", waits="nursery", spawns=names)
    for name in names:
        story.step(name, waits="sleep")
    return story


def test_the_wheel_scrolls_the_lanes_and_they_stay_scrolled() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "home", "right")
        await mouse(pilot, MouseScrollDown, "#lanes", 20, 3)
        top = app.lanes.scroll_offset.y
        assert 0 < top
        app.timeline.generation += 1
        app.look()
        await pilot.pause()
        assert top == app.lanes.scroll_offset.y, "what is new does not scroll back"
        assert any("task" in line for line in screen_of(app)[4:6])
        await press(pilot, "right")
        assert app.lanes.scroll_offset.y <= 1, "who moves sees where"

    drive(Told(crowd()), act)


@pytest.mark.parametrize("axis", ["steps", "time"])
@pytest.mark.parametrize("modifier", ["ctrl", "alt"])
def test_the_wheel_zooms_around_the_mouse(axis: str, modifier: str) -> None:
    """What is under it stays there."""

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        scene = app.scene
        await press(pilot, "minus", "home")
        under = scene.slot_at_column(30)
        view = scene.picture.view
        for _ in range(2):
            await mouse(pilot, MouseScrollUp, "#lanes", app.lanes.column + 30, 1, **{modifier: True})
        assert view != scene.picture.view
        assert abs(under - scene.slot_at_column(30)) <= (axis == "time")
        for _ in range(9):
            await mouse(pilot, MouseScrollDown, "#head", app.lanes.column + 30, 0, **{modifier: True})
        assert app.is_running

    drive(Told(crowd()), act, axis=axis)


def test_shift_and_the_wheel_pan_and_so_does_a_wheel_that_turns_sideways() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        steps = app.scene.steps
        await press(pilot, "home")
        first = [steps.first]
        for turn, shift in ((MouseScrollDown, True), (MouseScrollRight, False), (MouseScrollUp, True)):
            await mouse(pilot, turn, "#lanes", 40, 1, shift=shift)
            first.append(steps.first)
        assert [1, 2, 3, 2] == first
        assert 0 == app.scene.playhead

    drive(Told(crowd()), act)


def test_other_buttons_do_nothing() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        before = app.scene.playhead
        await mouse(pilot, MouseDown, "#lanes", cell(1), 1, button=3)
        await mouse(pilot, MouseUp, "#lanes", cell(1), 1, button=3)
        assert (before, None) == (app.scene.playhead, app.scene.chosen)

    drive(Told(event()), act)
