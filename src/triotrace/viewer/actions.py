"""One table of what the keys do: bindings, footer, palette and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTIONS", "Action", "key_in_footer"]


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "translate this where it is shown"
    """Mark a message for the catalogue."""
    return message


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
    Action("next", "right,pagedown", "→ PageDown", N_("next step"), N_("The tape"), N_("step")),
    Action("previous", "left,pageup", "← PageUp", N_("previous step"), N_("The tape"), N_("back")),
    Action("play", "space", "space", N_("play the tape to its end, or hold it"), N_("The tape"), N_("play")),
    Action("home", "home,g", "Home g", N_("before the first step"), N_("The tape")),
    Action("now", "end,G", "End G", N_("to the end, and follow it as it grows"), N_("The tape")),
    Action("next_of_task", "n", "n", N_("next step of the chosen task"), N_("The tape")),
    Action("previous_of_task", "N", "N", N_("its previous step"), N_("The tape")),
    Action("down", "down,j", "↓ j", N_("choose the next task"), N_("Tasks")),
    Action("up", "up,k", "↑ k", N_("choose the task above"), N_("Tasks")),
    Action("down_more", "ctrl+d", "ctrl+d", N_("ten tasks down"), N_("Tasks")),
    Action("up_more", "ctrl+u", "ctrl+u", N_("ten tasks up"), N_("Tasks")),
    Action("nobody", "escape", "esc", N_("choose nobody: the choice goes with the playhead"), N_("Tasks")),
    Action("fold", "enter", "enter", N_("fold or unfold the chosen task's children"), N_("Tasks")),
    Action("system", "t", "t", N_("show trio's own tasks and those of libraries"), N_("Tasks")),
    Action("axis", "x", "x", N_("every step the same width, or true to time"), N_("The picture"), N_("time axis")),
    Action("zoom_in", "plus,equals_sign", "+", N_("zoom in"), N_("The picture")),
    Action("zoom_out", "minus", "-", N_("zoom out"), N_("The picture")),
    Action("fit", "0", "0", N_("fit all into the window"), N_("The picture")),
    Action("pan_left", "shift+left", "shift+←", N_("look further left"), N_("The picture")),
    Action("pan_right", "shift+right", "shift+→", N_("look further right"), N_("The picture")),
    Action("prints", "o", "o", N_("what the program printed"), N_("Panels")),
    Action("inspector", "i", "i", N_("all about the chosen task"), N_("Panels"), N_("inspect")),
    Action("keep", "ctrl+s", "ctrl+s", N_("keep the log under a name"), N_("The program")),
    Action("interrupt", "ctrl+c", "ctrl+c", N_("interrupt the program, as Ctrl+C would"), N_("The program")),
    Action("help", "question_mark,f1", "? F1", N_("this help"), N_("The program"), N_("help")),
    Action("leave", "q", "q", N_("leave; a living program is ended"), N_("The program"), N_("leave")),
)

_FOOTER_KEYS = {"next": "→", "previous": "←", "help": "?"}


def key_in_footer(action: Action) -> str:
    """Give the key that the footer shows for an action."""
    return _FOOTER_KEYS.get(action.name, action.shown)
