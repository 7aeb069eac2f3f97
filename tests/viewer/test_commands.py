"""The command palette: every action of the table, by its words, in the user's language."""

from __future__ import annotations

import asyncio

from driven import Told, drive, press, screen_of
from story import event, relay
from textual.command import CommandPalette
from textual.pilot import Pilot

from triotrace.language import catalogue
from triotrace.viewer.actions import ACTIONS
from triotrace.viewer.app import TraceApp
from triotrace.viewer.commands import Commands
from triotrace.viewer.program import StillTape


def test_it_offers_every_action_with_its_key() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        hits = [hit async for hit in Commands(app.screen).discover()]
        shown = [(hit.text or hit.display, hit.help) for hit in hits]  # type: ignore[union-attr]
        for action in ACTIONS:
            if action.name != "command_palette":
                assert (action.means, action.shown) in shown
        await press(pilot, "ctrl+p")
        assert isinstance(app.screen, CommandPalette)

    drive(Told(relay()), act)


def test_words_find_a_command_and_enter_does_it() -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+p", *"steptrue")
        for _ in range(500):
            if any("true to time" in line for line in screen_of(app)):
                break
            await pilot.pause(0.01)
        await press(pilot, "enter")
        for _ in range(500):
            if app.scene.axis == "time":
                break
            await pilot.pause(0.01)
        assert "time" == app.scene.axis
        assert not isinstance(app.screen, CommandPalette)

    drive(Told(event()), act)


def test_it_speaks_the_users_language() -> None:
    app = TraceApp(Told(event()), program=StillTape(), title="story.py", catalogue=catalogue("pt"))

    async def run() -> None:
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.press("ctrl+p")
            for _ in range(500):
                if any("próximo passo" in line for line in screen_of(app)):
                    break
                await pilot.pause(0.01)
            screen = "\n".join(screen_of(app))
            assert "digite o que procura" in screen
            assert "próximo passo" in screen
            assert "→ PageDown" in screen

    asyncio.run(asyncio.wait_for(run(), 30))
