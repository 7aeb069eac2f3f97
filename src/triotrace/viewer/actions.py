"""One table of what the keys do: bindings, footer, palette and help are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding, BindingType

__all__ = ["ACTIONS", "Action", "bindings"]


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is `action_<name>` of the app; `keys` as Textual calls them; `shown` as a person does."""

    name: str
    keys: str
    shown: str
    does: str
    group: str
    footer: str | None = None
    """Its word in the footer; None keeps it out."""


ACTIONS: tuple[Action, ...] = (
    Action("next", "right,pagedown", "→ PageDown", "next step", "The tape", "step"),
    Action("previous", "left,pageup", "← PageUp", "previous step", "The tape", "back"),
    Action("play", "space", "space", "play the tape to its end, or hold it", "The tape", "play"),
    Action("home", "home,g", "Home g", "before the first step", "The tape"),
    Action("now", "end,G", "End G", "to the end, and follow it as it grows", "The tape"),
    Action("next_of_task", "n", "n", "next step of the chosen task", "The tape"),
    Action("previous_of_task", "N", "N", "its previous step", "The tape"),
    Action("down", "down,j", "↓ j", "choose the next task", "Tasks"),
    Action("up", "up,k", "↑ k", "choose the task above", "Tasks"),
    Action("down_more", "ctrl+d", "ctrl+d", "ten tasks down", "Tasks"),
    Action("up_more", "ctrl+u", "ctrl+u", "ten tasks up", "Tasks"),
    Action("nobody", "escape", "esc", "choose nobody: the choice goes with the playhead", "Tasks"),
    Action("fold", "enter", "enter", "fold or unfold the chosen task's children", "Tasks"),
    Action("system", "t", "t", "show trio's own tasks and those of libraries", "Tasks"),
    Action("axis", "x", "x", "every step the same width, or true to time", "The picture", "time axis"),
    Action("zoom_in", "plus,equals_sign", "+", "zoom in", "The picture"),
    Action("zoom_out", "minus", "-", "zoom out", "The picture"),
    Action("fit", "0", "0", "fit all into the window", "The picture"),
    Action("pan_left", "shift+left", "shift+←", "look further left", "The picture"),
    Action("pan_right", "shift+right", "shift+→", "look further right", "The picture"),
    Action("prints", "o", "o", "what the program printed", "Panels"),
    Action("inspector", "i", "i", "all about the chosen task", "Panels", "inspect"),
    Action("keep", "ctrl+s", "ctrl+s", "keep the log under a name", "The program"),
    Action("interrupt", "ctrl+c", "ctrl+c", "interrupt the program, as Ctrl+C would", "The program"),
    Action("help", "question_mark,f1", "? F1", "this help", "The program", "help"),
    Action("leave", "q", "q", "leave; a living program is ended", "The program", "leave"),
)

_FOOTER_KEYS = {"right,pagedown": "→", "left,pageup": "←", "question_mark,f1": "?"}


def bindings() -> Iterator[BindingType]:
    """Give the app's bindings."""
    for action in ACTIONS:
        yield Binding(
            action.keys,
            action.name,
            action.footer or action.does,
            show=action.footer is not None,
            key_display=_FOOTER_KEYS.get(action.keys, action.shown),
            priority=action.name == "interrupt",
            tooltip=action.does,
            id=action.name,
        )
