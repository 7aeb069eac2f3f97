"""A viewer in a terminal that is not there: sources that tell a story, and hands for keys and mouse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from gettext import NullTranslations
from pathlib import Path

import trio
from story import Story
from textual import events
from textual.pilot import Pilot

from triotrace.events import Event
from triotrace.source import Source
from triotrace.viewer.app import Again, TraceApp
from triotrace.viewer.failures import Keep
from triotrace.viewer.program import Program, StillTape

__all__ = ["Living", "Told", "drive", "key", "mouse", "press", "screen_of", "settle"]

CHARACTERS = {
    "space": " ",
    "slash": "/",
    "question_mark": "?",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}
"""What keys with long names write."""

Act = Callable[[TraceApp, Pilot[None]], Awaitable[None]]


class Told:
    """A source that tells a story at once."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.warnings: list[str] = []
        self.progress = (0, 0)

    async def send_to(self, channel: trio.MemorySendChannel[list[Event]]) -> None:
        async with channel:
            await channel.send(self.story.events)


class Living(StillTape):
    """A program that lives until it is interrupted."""

    def __init__(self, log: Path | None = None) -> None:
        self.living = True
        self.log = log

    def interrupt(self) -> None:
        self.living = False

    def keep(self, path: Path) -> Path:
        assert self.log is not None
        return path.write_bytes(self.log.read_bytes()) and path


def screen_of(app: TraceApp) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def drive(
    source: Source,
    act: Act,
    *,
    size: tuple[int, int] = (100, 28),
    program: Program | None = None,
    axis: str = "steps",
    keep_traceback: Keep = lambda _: None,
    again: Again | None = None,
    catalogue: NullTranslations | None = None,
) -> TraceApp:
    app = TraceApp(
        source,
        program=program or StillTape(),
        title="story.py",
        axis=axis,  # type: ignore[arg-type]
        keep_traceback=keep_traceback,
        again=again,
        catalogue=catalogue,
    )

    async def run() -> None:
        async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
            while app.reader.reading and app.failure is None and app.crash is None:
                await pilot.pause(0.01)
            app.look()
            await settle(pilot)
            await act(app, pilot)

    asyncio.run(asyncio.wait_for(run(), 30))
    return app


def key(name: str) -> events.Key:
    """Make what the terminal sends for a key, by Textual's name for it."""
    return events.Key(name, name if len(name) == 1 else CHARACTERS.get(name))


async def settle(pilot: Pilot[None]) -> None:
    """Wait until all widgets have done what they were sent, and what that sent on; then draw."""
    for _ in range(4):  # a key goes from the app to a line of input, and what is submitted comes back the same way
        await pilot._wait_for_screen()
    pilot.app.screen._on_timer_update()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after the other. (Textual's own `press` waits until the whole process is idle, after each.)"""
    for name in keys:
        pilot.app.post_message(key(name))
        await settle(pilot)
    await pilot.pause()


async def mouse(
    pilot: Pilot[None],
    event: type[events.MouseEvent],
    widget: str,
    x: int,
    y: int,
    *,
    button: int = 0,
    shift: bool = False,
    ctrl: bool = False,
    alt: bool = False,
) -> None:
    """Let one event of the mouse come to a widget."""
    await pilot._post_mouse_events([event], widget, (x, y), button=button, shift=shift, control=ctrl, meta=alt)
    await pilot.pause()
