"""One table of what the keys do: bindings, footer, palette and help are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from triotrace.viewer.player import Player

__all__ = ["ACTIONS", "DOES", "Action", "key_in_footer"]


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "translate this where it is shown"
    """Mark a message for the catalogue."""
    return message


@dataclass(frozen=True, slots=True)
class Action:
    """A key, and what it does; `keys` as Textual calls them, `shown` as a person does."""

    name: str
    keys: str
    shown: str
    means: str
    group: str
    does: Callable[[Player], None] | None = None
    """None: it is a matter of the app, `action_<name>`."""
    footer: str | None = None
    """Its word in the footer; None keeps it out."""

    @property
    def called(self) -> str:
        """What Textual calls it."""
        return self.name if self.does is None else f"do('{self.name}')"


ACTIONS: tuple[Action, ...] = (
    Action(
        "next",
        "right,pagedown",
        "→ PageDown",
        N_("next step; at the end, the program takes it"),
        N_("The tape"),
        Player.next,
        N_("step"),
    ),
    Action(
        "previous",
        "left,pageup",
        "← PageUp",
        N_("previous step; a running program is paused"),
        N_("The tape"),
        Player.previous,
        N_("back"),
    ),
    Action(
        "play",
        "space",
        "space",
        N_("play the tape, then the program; or pause"),
        N_("The tape"),
        Player.play,
        N_("play"),
    ),
    Action(
        "slower", "less_than_sign,comma", "<", N_("slower: 8, 4, 2, 1 steps a second"), N_("The tape"), Player.slower
    ),
    Action("faster", "greater_than_sign,full_stop", ">", N_("faster, up to real time"), N_("The tape"), Player.faster),
    Action("home", "home,g", "Home g", N_("before the first step"), N_("The tape"), Player.home),
    Action("now", "end,G", "End G", N_("to the end, and follow it as it grows"), N_("The tape"), Player.now),
    Action(
        "next_of_task",
        "n",
        "n",
        N_("next step of the chosen task; the program goes on to it"),
        N_("The tape"),
        Player.next_of_task,
    ),
    Action(
        "previous_of_task", "N", "N", N_("previous step of the chosen task"), N_("The tape"), Player.previous_of_task
    ),
    Action("to_waker", "w", "w", N_("to the step that made this one ready"), N_("The tape"), Player.to_waker),
    Action("back_from_waker", "W", "W", N_("back from there to where one was"), N_("The tape"), Player.back_from_waker),
    Action("down", "down,j", "↓ j", N_("choose the next task"), N_("Tasks"), Player.down),
    Action("up", "up,k", "↑ k", N_("choose the task above"), N_("Tasks"), Player.up),
    Action("down_more", "ctrl+d", "ctrl+d", N_("ten tasks down"), N_("Tasks"), Player.down_more),
    Action("up_more", "ctrl+u", "ctrl+u", N_("ten tasks up"), N_("Tasks"), Player.up_more),
    Action("nobody", "escape", "esc", N_("choose nobody, and end the search"), N_("Tasks"), Player.nobody),
    Action(
        "fold",
        "enter",
        "enter",
        N_("fold or unfold its children, else the steps inside an await"),
        N_("Tasks"),
        Player.fold,
    ),
    Action("gone", "e", "e", N_("hide or show the tasks that are gone"), N_("Tasks"), Player.gone),
    Action("find", "slash", "/", N_("find tasks by name, state or call"), N_("Tasks")),
    Action("system", "t", "t", N_("show trio's own tasks and those of libraries"), N_("Tasks"), Player.system),
    Action(
        "axis",
        "x",
        "x",
        N_("every step the same width, or true to time"),
        N_("The picture"),
        Player.axis,
        N_("steps/time"),
    ),
    Action(
        "idle",
        "z",
        "z",
        N_("fold the stretches in which nobody runs, on the time axis"),
        N_("The picture"),
        Player.fold_idle,
    ),
    Action("zoom_in", "plus,equals_sign", "+", N_("zoom in"), N_("The picture"), Player.zoom_in),
    Action("zoom_out", "minus", "-", N_("zoom out"), N_("The picture"), Player.zoom_out),
    Action("fit", "0", "0", N_("fit all into the window"), N_("The picture"), Player.fit),
    Action("pan_left", "shift+left", "shift+←", N_("look further left"), N_("The picture"), Player.pan_left),
    Action("pan_right", "shift+right", "shift+→", N_("look further right"), N_("The picture"), Player.pan_right),
    Action("prints", "o", "o", N_("what the program printed"), N_("Panels"), None),
    Action("prints_of_task", "O", "O", N_("only what the chosen task printed, or all again"), N_("Panels"), None),
    Action("inspector", "i", "i", N_("all about the chosen task"), N_("Panels"), None, N_("inspect")),
    Action("again", "r", "r", N_("run the program again"), N_("The program"), None),
    Action("keep", "ctrl+s", "ctrl+s", N_("keep the log under a name"), N_("The program"), None),
    Action("interrupt", "ctrl+c", "ctrl+c", N_("interrupt the program, as Ctrl+C would"), N_("The program"), None),
    Action("command_palette", "ctrl+p", "ctrl+p", N_("any command by its words; themes"), N_("The program"), None),
    Action("help", "question_mark,f1", "? F1", N_("this help"), N_("The program"), None, N_("help")),
    Action("leave", "q", "q", N_("leave; a living program is ended"), N_("The program"), None, N_("leave")),
)

DOES = {action.name: action.does for action in ACTIONS if action.does is not None}

_FOOTER_KEYS = {"next": "→", "previous": "←", "help": "?"}


def key_in_footer(action: Action) -> str:
    """Give the key that the footer shows for an action."""
    return _FOOTER_KEYS.get(action.name, action.shown)
