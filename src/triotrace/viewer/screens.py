"""Screens over the picture: help with the legend, and the name under which to keep the log."""

from __future__ import annotations

from gettext import NullTranslations
from itertools import groupby
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from triotrace.timeline.legend import LEGEND
from triotrace.timeline.widths import pad
from triotrace.viewer.actions import ACTIONS

__all__ = ["HelpScreen", "KeepScreen", "LeaveScreen"]


T = TypeVar("T")


class _Over(ModalScreen[T]):
    """A screen over the picture, which closes once."""

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close; a second key that comes too quickly, meant for this screen too, is for nobody."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class HelpScreen(_Over[None]):
    """The legend of the glyphs, then every key."""

    AUTO_FOCUS = "VerticalScroll"  # or no key scrolls it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "close")]

    def __init__(self, catalogue: NullTranslations) -> None:
        super().__init__()
        self.say = catalogue.gettext

    def compose(self) -> ComposeResult:
        """Make the text."""
        with VerticalScroll():
            yield Static(self._text())

    def _text(self) -> Text:
        text, say = Text(), self.say
        text.append(say("What the picture says") + "\n", "bold")
        for glyph, meaning in LEGEND:
            text.append(f"  {pad(glyph, 11)} ", "bold").append(f"{say(meaning)}\n")
        for group, actions in groupby(ACTIONS, key=lambda action: action.group):
            text.append(f"\n{say(group)}\n", "bold")
            for action in actions:
                text.append(f"  {pad(action.shown, 11)} ", "bold").append(f"{say(action.means)}\n")
        text.append("\n" + say("esc closes this help"))
        return text


class LeaveScreen(_Over[bool]):
    """Ask before a program that has run for long is ended."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,y,s,enter", "dismiss(True)", "leave"),
        Binding("escape,n", "dismiss(False)", "stay"),
    ]

    def __init__(self, catalogue: NullTranslations) -> None:
        super().__init__()
        self.say = catalogue.gettext

    def compose(self) -> ComposeResult:
        """Make the question."""
        with Vertical():
            yield Static(Text(self.say("The program still runs, and leaving ends it. q leaves, esc stays.")))


class KeepScreen(_Over[str | None]):
    """Ask for the name under which the log is kept."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, name: str, catalogue: NullTranslations) -> None:
        super().__init__()
        self.proposed = name
        self.say = catalogue.gettext

    def compose(self) -> ComposeResult:
        """Make the question."""
        with Vertical():
            yield Static(Text(self.say("Keep the log as (enter keeps it, esc leaves it):")))
            yield Input(value=self.proposed, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the name over."""
        self.dismiss(event.value.strip() or None)
