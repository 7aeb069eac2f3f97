"""The viewer never dies and never harms: what fails in it is told in a line, and the picture and the program go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from driven import Living, Told, drive, press, screen_of, settle
from story import relay
from textual.pilot import Pilot

from triotrace.cli.tracebacks import keep_traceback
from triotrace.errors import LogError, TriotraceError
from triotrace.events import Event
from triotrace.source import Source
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words
from triotrace.viewer.app import TraceApp
from triotrace.viewer.inspector import Inspector
from triotrace.viewer.lanes import LanesView
from triotrace.viewer.layout import LaidOutApp
from triotrace.viewer.panels import SourcePanel
from triotrace.viewer.player import Player
from triotrace.viewer.program import Program
from triotrace.viewer.scene import Scene
from triotrace.viewer.screens import HelpScreen
from triotrace.viewer.status import Status

Failing = list[BaseException]


def bad(*_: object, **__: object) -> None:
    raise LookupError("planted \x1b[2J [/]")


PLANTED: dict[str, tuple[object, str, tuple[str, ...]]] = {
    "a sentence": (Words, "happened", ("right",)),
    "who is next": (Words, "following", ("right",)),
    "a row": (StepsPicture, "line", ("right",)),
    "the axis": (StepsPicture, "head", ("right",)),
    "the prints": (StepsPicture, "prints", ("right",)),
    "a widget's line": (LanesView, "draw_line", ("right",)),
    "the source": (SourcePanel, "draw", ("right",)),
    "the inspector": (Inspector, "draw", ("i",)),
    "the state": (Status, "said", ("right",)),
    "the layout": (LaidOutApp, "_lay_out", ("right",)),
    "a look": (Scene, "update", ("right",)),
    "a key": (Scene, "choose", ("down",)),
    "another key": (TraceApp, "action_find", ("slash",)),
    "the help": (HelpScreen, "_text", ("question_mark", "escape")),
    "the mouse": (Player, "point", ()),
}
"""Where an exception is planted, and the keys that lead there."""


@pytest.mark.parametrize("planted", PLANTED)
def test_an_exception_is_told_in_a_line_and_kept(
    planted: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failures: Failing
) -> None:
    """The picture stays, the traceback lies beside the log, the program lives; later keys do what they do."""
    owner, name, keys = PLANTED[planted]
    program = Living()
    log = tmp_path / "relay.jsonl"

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, bad)
            app.timeline.generation += 1
            app.look()
            await press(pilot, "home", *keys)
            await pilot.click("#lanes", offset=(40, 1))
            app.look()
            await settle(pilot)
            shown = screen_of(app)
            assert any("LookupError: planted \\x1b[2J [/] (test_failures.py:" in line for line in shown), shown
            assert any("producer" in line for line in shown) or planted == "a widget's line"
        await press(pilot, "escape", "home", "right", "right")
        app.look()
        await settle(pilot)
        shown = screen_of(app)
        assert app.scene.playhead == 2
        assert not any("planted" in line for line in shown), shown
        assert "producer waits" in shown[1]
        assert program.living
        assert not app._exit

    drive(Told(relay()), act, program=program, size=(140, 28), keep_traceback=keep_traceback(lambda: log))
    assert {LookupError} == {type(error) for error in failures}
    failures.clear()
    kept = (tmp_path / "relay.jsonl.viewer-failed.txt").read_text()
    assert "in bad" in kept
    assert 1 == kept.count("LookupError: planted")


class Rude(Exception):
    """An exception whose text raises, too."""

    def __str__(self) -> str:
        raise ValueError("no text")


KINDS = {
    "rude": (Rude(), "Rude: <exception str() failed>"),
    "cancelled": (asyncio.CancelledError("by nobody"), "CancelledError: by nobody"),
    "in a group": (ExceptionGroup("of a nursery", [KeyError("it")]), "KeyError: 'it'"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_key_raises_is_told(kind: str, monkeypatch: pytest.MonkeyPatch, failures: Failing) -> None:
    error, told = KINDS[kind]

    def raises(*_: object) -> None:
        raise error

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Scene, "choose", raises)
            await press(pilot, "home", "down")
        app.look()
        await settle(pilot)
        assert any(told in line for line in screen_of(app)), screen_of(app)
        await press(pilot, "escape", "right")
        assert 1 == app.scene.playhead

    drive(Told(relay()), act, program=Living())
    failures.clear()


def test_an_event_that_cannot_be_taken_costs_one_event(monkeypatch: pytest.MonkeyPatch, failures: Failing) -> None:
    """Reading goes on behind it."""
    feed, events = Timeline.feed, relay().events
    worst = events[12]

    def feed_but_one(self: Timeline, told: object) -> None:
        feed(self, _Checked(told, worst))  # type: ignore[arg-type]

    monkeypatch.setattr(Timeline, "feed", feed_but_one)

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        assert len(app.timeline.tape) > 5
        assert "planted" in app.failures.line

    story = relay()
    story.events = events
    drive(Told(story), act)
    assert [LookupError] == [type(error) for error in failures]
    failures.clear()


class _Checked:
    """An iterator over events that raises once, at one of them."""

    def __init__(self, events: object, worst: Event) -> None:
        self._events = events
        self._worst = worst

    def __iter__(self) -> _Checked:
        return self

    def __next__(self) -> Event:
        event: Event = next(self._events)  # type: ignore[call-overload]
        if event is self._worst:
            bad()
        return event


class Torn(Told):
    """A source that tells a story, and then that the log is damaged."""

    async def send_to(self, channel: trio.MemorySendChannel[list[Event]]) -> None:
        await super().send_to(channel.clone())
        await trio.sleep(0.05)
        raise LogError("story.jsonl:31: no JSON")


def test_a_log_that_cannot_be_read_further_ends_no_living_program() -> None:
    program = Living()

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        assert any("story.jsonl:31: no JSON" in line for line in screen_of(app))
        assert any("producer" in line for line in screen_of(app))
        assert program.living
        assert not app._exit

    drive(Torn(relay()), act, program=program)


def test_a_program_that_cannot_be_started_again_is_told_in_a_line() -> None:
    """In the middle of an edit its file may be gone; the next try finds it."""
    tries: list[bool] = []

    def again(paused: bool) -> tuple[Source, Program]:
        tries.append(paused)
        if len(tries) == 1:
            raise TriotraceError("story.py: no such file")
        return Told(relay()), Living()

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r")
        await until(pilot, lambda: not app.restarting)
        app.look()
        await settle(pilot)
        assert any("story.py: no such file" in line for line in screen_of(app))
        await press(pilot, "r")
        await until(pilot, lambda: len(tries) == 2 and not app.restarting)
        app.look()
        await settle(pilot)
        assert not any("no such file" in line for line in screen_of(app))

    drive(Told(relay()), act, again=again)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        await pilot.pause(0.01)
    raise TimeoutError
