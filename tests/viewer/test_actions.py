"""Every action of the table does what it says, in the app, by its key. A new action needs a case here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from driven import Living, Told, key, press, settle
from story import Story, event
from textual.command import CommandPalette
from textual.widgets import Input

from triotrace.source import Source
from triotrace.viewer.actions import ACTIONS
from triotrace.viewer.app import TraceApp
from triotrace.viewer.program import Program, StillTape
from triotrace.viewer.screens import HelpScreen, KeepScreen

Sees = Callable[[TraceApp], object]


@dataclass(frozen=True)
class Case:
    """What is pressed before, and what is seen of the app before the key and after it."""

    expected: tuple[object, object]
    sees: Sees
    before: tuple[str, ...] = ("home", "right", "right", "right")  # step 3, a task_b's


def playhead(app: TraceApp) -> int:
    return app.scene.playhead


def chosen(app: TraceApp) -> str:
    lane = app.scene.chosen_lane
    return "" if lane is None else app.timeline.title(lane)


def zoom(app: TraceApp) -> int:
    return app.scene.steps.view(app.scene.moment).zoom


def rows(app: TraceApp) -> int:
    return sum(row.lane is not None for row in app.scene.rows.rows)


CASES = {
    "next": Case((3, 4), playhead),
    "previous": Case((3, 2), playhead),
    "play": Case((False, True), lambda app: app.scene.playing),
    "slower": Case((None, 8.0), lambda app: app.player.program.pace),
    "faster": Case((4.0, 8.0), lambda app: app.player.program.pace, ("comma", "comma")),
    "home": Case((3, 0), playhead),
    "now": Case((False, True), lambda app: app.scene.following),
    "next_of_task": Case((3, 7), playhead),
    "previous_of_task": Case((7, 3), playhead, ("home", *["right"] * 7)),
    "to_waker": Case((6, 5), playhead, ("home", *["right"] * 6)),
    "back_from_waker": Case((5, 6), playhead, ("home", *["right"] * 6, "w")),
    "down": Case(("task_b #1", "task_b #2"), chosen),
    "up": Case(("task_b #1", "task_a"), chosen),
    "down_more": Case(("main", "task_b #2"), chosen, ("home", "right")),
    "up_more": Case(("task_b #1", "main"), chosen),
    "nobody": Case((True, False), lambda app: app.scene.chosen is not None, ("down",)),
    "fold": Case(
        (set(), {"main"}), lambda app: {app.timeline.lanes[i].name for i in app.scene.folded}, ("home", "right")
    ),
    "gone": Case((4, 1), rows, ("end",)),
    "find": Case((False, True), lambda app: app.find_bar.has_class("open") and app.focused is app.find_bar),
    "system": Case((4, 6), rows),
    "axis": Case(("steps", "time"), lambda app: app.scene.axis),
    "idle": Case((False, True), lambda app: app.scene.axis == "time" and app.scene.folds_idle),
    "zoom_in": Case((3, 10), zoom, ("minus",)),
    "zoom_out": Case((10, 3), zoom),
    "fit": Case((10, 3), zoom),
    "pan_left": Case((True, False), lambda app: app.scene.steps.first > 1, ("end",)),
    "pan_right": Case((False, True), lambda app: app.scene.steps.first > 1, ("home",)),
    "prints": Case((True, False), lambda app: app.prints_panel.display),
    "prints_of_task": Case((False, True), lambda app: app.prints_panel.of_task),
    "inspector": Case((False, True), lambda app: app.inspector.display),
    "again": Case((0, 1), lambda app: len(RAN)),
    "keep": Case((False, True), lambda app: isinstance(app.screen, KeepScreen) and isinstance(app.focused, Input)),
    "interrupt": Case((True, False), lambda app: app.player.program.living),
    "command_palette": Case((False, True), lambda app: isinstance(app.screen, CommandPalette)),
    "help": Case((False, True), lambda app: isinstance(app.screen, HelpScreen)),
    "leave": Case((False, True), lambda app: app._exit),
}
RAN: list[bool] = []
LIVES = {"again", "interrupt"}
"""Actions that need a living program."""


def story() -> Story:
    """The lesson on an event, with a task of trio's own."""
    told = event()
    told.spawn("<worker>", by="<init>", role="system")
    return told


def run_again(paused: bool) -> tuple[Source, Program]:
    RAN.append(paused)
    return Told(story()), StillTape()


@pytest.mark.parametrize("name", [action.name for action in ACTIONS])
def test_the_key_of_an_action_does_it(name: str) -> None:
    RAN.clear()
    case = CASES[name]
    action = next(action for action in ACTIONS if action.name == name)
    program = Living() if name in LIVES else StillTape()
    app = TraceApp(Told(story()), program=program, title="story.py", again=run_again)

    async def run() -> None:
        # Too narrow for nine steps of ten cells: one can pan and fit
        async with app.run_test(size=(100, 28)) as pilot:
            while app.reader.reading:
                await pilot.pause(0.01)
            app.look()
            app.scene.width = 60
            await press(pilot, *(() if name in LIVES else case.before))
            seen = [case.sees(app)]
            app.post_message(key(action.keys.split(",")[0]))
            for _ in range(200):
                await settle(pilot)
                if app._exit or case.sees(app) == case.expected[1]:
                    break
                await asyncio.sleep(0.01)
            seen.append(case.sees(app))
            assert case.expected == tuple(seen)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_every_action_has_its_case_and_its_words() -> None:
    assert {action.name for action in ACTIONS} == set(CASES)
    assert all(action.means and action.group and action.shown for action in ACTIONS)


def test_every_key_is_used_once() -> None:
    keys = [key for action in ACTIONS for key in action.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_a_tape_cannot_be_run_again_or_interrupted_and_says_so(tmp_path: Path) -> None:
    """Keys that have nothing to act upon tell why."""
    app = TraceApp(Told(story()), program=StillTape(), title="story.py")

    async def run() -> None:
        async with app.run_test(size=(100, 28), notifications=True) as pilot:
            await press(pilot, "r", "ctrl+c")
            said = {notification.message for notification in app._notifications}
            assert {"there is no program to run again: this is a log", "the program is over; q leaves"} == said

    asyncio.run(asyncio.wait_for(run(), 60))
