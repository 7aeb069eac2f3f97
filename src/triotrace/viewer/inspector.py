"""The inspector: all about the chosen task, and under that its events as the log has them, around the playhead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.message import Message

from triotrace.timeline.describe import describe
from triotrace.timeline.history import History
from triotrace.timeline.lanes import Lane
from triotrace.timeline.widths import pad, shorten, width_of
from triotrace.viewer.panels import Panel

if TYPE_CHECKING:
    from triotrace.viewer.painter import Painter
    from triotrace.viewer.scene import Scene

__all__ = ["Inspector"]

_A_NOTCH = 3
_LEAST_EVENTS = 3
_LEAST_VALUE = 8
_ROOM_FOR_COLUMNS, _ROOM_FOR_TIMES = 45, 60
"""Cells from which on what an event says has a column of its own; its exact time has another."""


class Inspector(Panel):
    """Facts, then events. The events go with the playhead; the wheel looks further, until the playhead moves."""

    class Went(Message):
        """An event was clicked: its step is wanted."""

        def __init__(self, slot: int) -> None:
            super().__init__()
            self.slot = slot

    def __init__(self, scene: Scene, painter: Painter, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(scene, painter, id=id)
        self._at: tuple[int, int] | None = None
        self._scrolled = 0
        self._slots: dict[int, int] = {}
        """The step of the event on each line."""

    def start_anew(self) -> None:
        """Forget an old run: another begins."""
        self._at, self._scrolled = None, 0
        self._slots.clear()

    def draw(self) -> Text:
        """Draw a line a fact, then a line an event."""
        self._slots.clear()
        scene, lane = self.scene, self.scene.chosen_lane
        if lane is None:
            return Text(self.say("no task is chosen: ↑ ↓ choose one"), self.faint)
        text = Text(no_wrap=True, overflow="ellipsis")
        facts = describe(scene.timeline, lane, scene.playhead, scene.words)
        # Where there is little room, the last facts make some: the events say more of a moment
        facts = facts[: max(self.size.height - _LEAST_EVENTS - 1, 3)]
        column = max((width_of(name) for name, _ in facts), default=0)
        room = max(self.size.width - column - 1, _LEAST_VALUE)
        for i, (name, value) in enumerate(facts):
            text.append("\n" if i else "").append(pad(name, column) + " ", self.faint).append(shorten(value, room))
        self._draw_events(text, lane, len(facts))
        return text

    def _draw_events(self, text: Text, lane: Lane, above: int) -> None:
        scene = self.scene
        room = self.size.height - above - 1
        if room < 1:
            return
        history = History(scene.timeline, lane, scene.words)
        if self._at != (lane.index, scene.playhead):
            self._at, self._scrolled = (lane.index, scene.playhead), 0
        past = history.before(scene.playhead)
        rest = past - room * 2 // 3
        first = max(0, min(rest + self._scrolled, len(history) - room))
        self._scrolled = first - rest
        shown = history[first : first + room]
        counted = self.say("events {first} to {last} of {count}")
        text.append("\n" + counted.format(first=first + 1, last=first + len(shown), count=len(history)), self.faint)
        step = max((len(str(happening.slot)) for happening in shown), default=0)
        for i, happening in enumerate(shown):
            self._slots[above + 1 + i] = happening.slot
            here, ahead = first + i == past - 1, first + i >= past
            when = f"{happening.when:>13} " if self.size.width >= _ROOM_FOR_TIMES else ""
            text.append(f"\n{'▸' if here else ' '}{when}{happening.slot:>{step}} ", self.loud if here else self.faint)
            hook = f"{happening.hook:<16}" if self.size.width >= _ROOM_FOR_COLUMNS else happening.hook
            text.append(f"{hook} {happening.details}", self.faint if ahead else "")

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look at later events."""
        self._look_further(event, _A_NOTCH)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look at earlier events."""
        self._look_further(event, -_A_NOTCH)

    def _look_further(self, event: events.MouseEvent, lines: int) -> None:
        self._scrolled += lines
        self.refresh()
        event.stop()

    def on_click(self, event: events.Click) -> None:
        """Go to the step of an event."""
        if event.y in self._slots:
            self.post_message(self.Went(self._slots[event.y]))
