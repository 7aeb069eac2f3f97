"""The app: what keys and mouse do. What stands where is in `layout.py`, when it is drawn in `live.py`."""

from __future__ import annotations

import time
from collections.abc import Callable
from gettext import NullTranslations
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.theme import ThemeProvider
from textual.widgets import Input

from triotrace.clean import clean
from triotrace.errors import TriotraceError
from triotrace.source import Source
from triotrace.viewer.actions import DOES
from triotrace.viewer.commands import Commands, palette_of
from triotrace.viewer.failures import Keep
from triotrace.viewer.inspector import Inspector
from triotrace.viewer.layout import LaidOutApp
from triotrace.viewer.live import Again
from triotrace.viewer.mouse import PicturePart
from triotrace.viewer.program import Program, StillTape
from triotrace.viewer.scene import Axis
from triotrace.viewer.screens import HelpScreen, KeepScreen, LeaveScreen
from triotrace.viewer.signals import leaving_by_signal

__all__ = ["Again", "TraceApp", "watch"]

_LONG_SECONDS = 60.0


def watch(
    source: Source,
    *,
    program: Program | None = None,
    title: str,
    axis: Axis = "steps",
    catalogue: NullTranslations | None = None,
    again: Again | None = None,
    changed: Callable[[], bool] | None = None,
    at_start: bool = False,
    plays: bool = False,
    keep_traceback: Keep = lambda _: None,
) -> int | None:
    """Show a source until the user leaves; return 128+N if signal N ended the viewer. Raises what the source raised.

    A viewer that cannot begin raises, too, whatever stood in its way.

    Args:
        source: where the events come from.
        program: what the keys drive.
        title: the program's name.
        axis: what runs from left to right at first.
        catalogue: the words of a language; None is English.
        again: ends the program and starts it anew; it blocks, and runs in a thread.
        changed: tells whether the program's files changed since it was asked last: then it is run again.
        at_start: begin before the first step of a tape, not at its end.
        plays: play the tape from there.
        keep_traceback: puts a traceback of the viewer's own into a file, and tells which.
    """
    app = TraceApp(
        source,
        program=program or StillTape(),
        title=title,
        axis=axis,
        catalogue=catalogue,
        again=again,
        changed=changed,
        plays=plays,
        keep_traceback=keep_traceback,
    )
    app.scene.following = not (at_start or plays)
    with leaving_by_signal(app.leave_by):
        app.run()
    if app.crash is not None:
        raise app.crash
    if app.failure is not None:
        raise app.failure
    return app.return_code or None


class TraceApp(LaidOutApp):
    """The viewer."""

    CSS_PATH = "triotrace.tcss"
    ENABLE_COMMAND_PALETTE = False  # Textual's own; ours is an action of the table
    ALLOW_SELECT = False  # a drag moves the playhead
    AUTO_FOCUS = None  # keys are the app's, but while something is typed
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "interrupt", show=False, priority=True),  # before Textual's own ctrl+c
    ]

    # -- actions -------------------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """Do what an action of the table does to the tape, the picture or the program."""
        scene, program = self.scene, self.player.program
        before = scene.playhead, scene.playing
        DOES[name](self.player)
        if name == "nobody":
            self.failures.forget()
            self.close_find_bar()
        self.play_on()
        self.tell()
        asked = name in ("next", "next_of_task") or (name == "play" and not self.timeline.held)
        is_its_move = asked and program.living and program.paused
        if not (is_its_move and before == (scene.playhead, scene.playing)):
            self.redraw()  # else the program's answer is drawn: a frame before that would only hold it up

    def action_prints(self) -> None:
        """Open or close the prints."""
        self.toggle(self.prints_panel)

    def action_prints_of_task(self) -> None:
        """Show the prints of the chosen task alone, or of all tasks again."""
        panel, scene = self.prints_panel, self.scene
        panel.of_task = not (panel.of_task and panel.display and scene.chosen is not None)
        if panel.of_task and scene.chosen is None and scene.chosen_lane is not None:
            scene.chosen = scene.chosen_lane.index
        if not panel.display:
            self.toggle(panel)
        self.redraw()

    def action_inspector(self) -> None:
        """Open or close the inspector."""
        self.toggle(self.inspector)

    def action_command_palette(self) -> None:
        """Offer all commands by their words."""
        self._ask(Commands)

    def search_themes(self) -> None:
        """Offer all themes."""
        self._ask(ThemeProvider)

    def _ask(self, provider: type[Provider]) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(palette_of(provider, self.words.catalogue))

    def action_save_picture(self) -> None:
        """Save what is on the screen in the present folder."""
        try:
            saved = self.save_screenshot()
        except OSError as error:
            self.notify(str(error), title=self.say("The picture was not saved"), severity="error", markup=False)
        else:
            self.notify(saved, title=self.say("The picture is saved as"), markup=False)

    def action_find(self) -> None:
        """Open the line in which to say what to find."""
        self.find_bar.value = ""
        self.find_bar.add_class("open")
        self.find_bar.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show only what matches."""
        if event.input is self.find_bar and self.find_bar.has_class("open"):
            self.scene.find(event.value)
            self.redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close the line; what was found stays until esc."""
        if event.input is self.find_bar:
            self.close_find_bar()

    def action_keep(self) -> None:
        """Ask for a name and copy the log there."""
        stem = clean(Path(self.title.split()[0]).stem, 60) if self.title.split() else "log"
        self.push_screen(KeepScreen(f"{stem}.triotrace.jsonl", self.words.catalogue), self._keep)

    def _keep(self, name: str | None) -> None:
        if name is None:
            return
        try:
            kept = self.player.program.keep(Path(name))
        except (TriotraceError, OSError) as error:
            self.notify(str(error), title=self.say("The log was not kept"), severity="error", markup=False)
        else:
            self.notify(str(kept), title=self.say("The log is kept as"), markup=False)

    def action_again(self) -> None:
        """Run the program again."""
        if self.again is None:
            self.notify(self.say("there is no program to run again: this is a log"), markup=False)
        self.run_again()

    def action_interrupt(self) -> None:
        """Interrupt the program."""
        if self.player.program.living:
            self.player.program.interrupt()
            self.notify(self.say("Ctrl+C was sent to the program"), markup=False)
        else:
            self.notify(self.say("the program is over; q leaves"), markup=False)

    def action_help(self) -> None:
        """Show the help."""
        self.push_screen(HelpScreen(self.words.catalogue))

    def action_leave(self) -> None:
        """Leave; who started the program ends it. One that has run for long is not ended by a slip of a finger."""
        if self.player.program.living and time.monotonic() - self.began > _LONG_SECONDS:
            self.push_screen(LeaveScreen(self.words.catalogue), lambda leave: self.exit() if leave else None)
        else:
            self.exit()

    # -- the mouse -----------------------------------------------------------------------------

    def on_picture_part_pointed(self, message: PicturePart.Pointed) -> None:
        """Choose the row, go to the cell."""
        self.player.point(message.row, message.cell)
        self.redraw()

    def on_picture_part_dragged(self, message: PicturePart.Dragged) -> None:
        """Take the playhead along."""
        self.player.drag(message.cell)
        self.redraw()

    def on_picture_part_zoomed(self, message: PicturePart.Zoomed) -> None:
        """Zoom around the mouse."""
        self.scene.zoom_by(message.direction, at=message.cell)
        self.redraw()

    def on_picture_part_panned(self, message: PicturePart.Panned) -> None:
        """Look left or right."""
        self.scene.pan(message.direction, cells=message.cells)
        self.redraw()

    def on_inspector_went(self, message: Inspector.Went) -> None:
        """Go to the step of the clicked event."""
        self.player.go(message.slot)
        self.redraw()
