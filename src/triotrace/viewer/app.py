"""The app: it reads a source through a memory channel into a Timeline, and lets widgets look at it on a timer.

trio runs as a guest inside Textual's loop. Its two tasks write the Timeline only; no widget is touched from trio.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import os
import signal
import time
from collections.abc import Callable
from gettext import NullTranslations
from pathlib import Path
from typing import ClassVar

import textual.screen
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal
from textual.widgets import Footer, Input
from textual.worker import WorkerCancelled, WorkerFailed

from triotrace.clean import clean
from triotrace.errors import TriotraceError
from triotrace.source import Source
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words
from triotrace.viewer.actions import ACTIONS, DOES, key_in_footer
from triotrace.viewer.guest import run_trio_guest
from triotrace.viewer.inks import DARK, LIGHT, palette_for
from triotrace.viewer.lanes import HeadRow, LanesView, Painter, PrintsRow, label_column
from triotrace.viewer.panels import Inspector, PrintsPanel, SourcePanel, TitleBar
from triotrace.viewer.player import Player
from triotrace.viewer.program import Program, StillTape
from triotrace.viewer.reader import Reader
from triotrace.viewer.scene import Axis, Scene
from triotrace.viewer.screens import HelpScreen, KeepScreen, LeaveScreen

__all__ = ["Again", "TraceApp", "watch"]

Again = Callable[[bool], tuple[Source, Program]]
"""Ends a program and starts it anew, held before its first step if asked to."""

_FRAMES_PER_SECOND = 20
_WATCH_SECONDS = 0.5
if "TEXTUAL_FPS" not in os.environ:
    # Two frames that follow each other closely, a key's and the program's answer, need not be two sixtieths apart
    textual.screen.UPDATE_PERIOD = 1 / 240  # type: ignore[misc]  # Final there, and read anew by each screen
_BOTTOM_LEAST = 8
_LONG_SECONDS = 60.0
_QUIET = 100_000_000
"""Nanoseconds without an event after which the viewer lets its own clock run on."""


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
) -> int | None:
    """Show a source until the user leaves; return 128+N if signal N ended the viewer. Raises what the source raised.

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
    """
    app = TraceApp(
        source,
        program=program or StillTape(),
        title=title,
        axis=axis,
        catalogue=catalogue,
        again=again,
        changed=changed,
    )
    app.scene.following = not (at_start or plays)
    app.plays = plays
    app.run()
    if app.failure is not None:
        raise app.failure
    return app.return_code or None


class TraceApp(App[None]):
    """The viewer."""

    CSS_PATH = "triotrace.tcss"
    ENABLE_COMMAND_PALETTE = True
    AUTO_FOCUS = None  # keys are the app's, but while something is typed
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "interrupt", show=False, priority=True),  # before Textual's own ctrl+c
    ]

    def __init__(
        self,
        source: Source,
        *,
        program: Program,
        title: str,
        axis: Axis = "steps",
        catalogue: NullTranslations | None = None,
        again: Again | None = None,
        changed: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__()
        self.words = Words(catalogue)
        self.say = self.words.catalogue.gettext
        for action in ACTIONS:
            if action.name != "interrupt":
                self.bind(
                    action.keys,
                    action.name if action.does is None else f"do('{action.name}')",
                    description=self.say(action.footer or action.means),
                    show=action.footer is not None,
                    key_display=key_in_footer(action),
                )
        self.again = again
        self.changed = changed
        self.restarting = False
        self.plays = False
        self.title = title
        self.failure: TriotraceError | None = None
        self.timeline = Timeline()
        self.scene = Scene(self.timeline, axis=axis, words=self.words)
        self.player = Player(self.scene, program)
        self.painter = Painter(DARK)
        self.reader = Reader(source, self.timeline, news=self._hear_news)
        self._began = time.monotonic()
        self._look_soon = False
        self._lanes_height = 0
        self._seen = (-1, False, "")
        self._told = (-1, 0, 0)
        """The last generation that was read, its `t`, and our own clock then."""

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        self.title_bar = TitleBar(self.scene, self.painter, title=self.title)
        self.lanes = LanesView(self.scene, self.painter)
        self.head = HeadRow(self.lanes, id="head")
        self.prints_row = PrintsRow(self.lanes, id="prints")
        self.source_panel = SourcePanel(self.scene, self.painter, id="source")
        self.prints_panel = PrintsPanel(self.scene, self.painter, id="side-prints")
        self.inspector = Inspector(self.scene, self.painter, id="inspector")
        self.find_bar = Input(placeholder=self.say("find: a name, a state, a call"), id="find")
        yield self.title_bar
        yield self.head
        yield self.lanes
        yield self.prints_row
        with Horizontal(id="panels"):
            yield self.source_panel
            yield self.prints_panel
            yield self.inspector
        yield self.find_bar
        yield Footer(show_command_palette=False)

    # -- life ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to read, and to look."""
        self.theme_changed_signal.subscribe(self, lambda _theme: self._take_palette())
        self._take_palette()
        self.prints_panel.set_class(self.size.width >= 100, "open")
        loop = self._textual_loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Only the main thread may; a viewer in another one (a test's) has no signals to handle
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(number, self.exit, None, 128 + number)
        self._textual_context = contextvars.copy_context()
        self._begin_to_read()
        self.set_interval(1 / _FRAMES_PER_SECOND, self.look)
        if self.changed is not None:
            self.set_interval(_WATCH_SECONDS, self._look_for_changes)
        # The collector would walk all of Textual again and again while events stream in
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    async def on_unmount(self) -> None:
        """Let the guest come to its end before the loop does."""
        self.workers.cancel_all()
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await self.workers.wait_for_complete()

    def _begin_to_read(self) -> None:
        self._worker = self.run_worker(run_trio_guest(self.reader.run), name="reader", exit_on_error=True)

    def _hear_news(self) -> None:
        """Look at once if somebody pressed a key and waits for what it did. Called from trio: no widget is touched."""
        if (self.player.program.paused or not self.reader.reading) and not self._look_soon:
            self._look_soon = True
            self._textual_loop.call_soon(self.look, context=self._textual_context)

    # -- looking -------------------------------------------------------------------------------

    def look(self) -> None:
        """Redraw if there is something new, or if time has passed in a living program."""
        self._look_soon = False
        if not self.reader.reading:
            self._end_reading()
        state = self._state()
        self._let_time_pass()
        seen = (self.timeline.generation, self.player.program.living, state)
        if seen != self._seen:
            self._seen = seen
            self.scene.update()
            self.redraw()

    def _end_reading(self) -> None:
        if self.reader.failure is not None:
            self.failure = self.reader.failure
            self.exit()
        elif self.plays:
            self.plays = False
            self.action_do("play")

    def _let_time_pass(self) -> None:
        """Between two events of a living program, its clock goes on: a sleep and a long step grow before our eyes."""
        timeline, wall = self.timeline, time.monotonic_ns()
        if timeline.generation != self._told[0]:
            self._told = (timeline.generation, timeline.now, wall)
        elif self.player.program.living and timeline.runs and not timeline.held and wall - self._told[2] > _QUIET:
            now = self._told[1] + wall - self._told[2]
            if now - timeline.now > _QUIET:
                timeline.now = now
                timeline.generation += 1
                self._told = (timeline.generation, *self._told[1:])

    def redraw(self) -> None:
        """Draw everything anew: the scene has changed."""
        self.title_bar.state = self._state()
        self._lay_out()
        if not (self.scene.following and self.scene.chosen is None and self._runs()):
            # While the program runs ahead, rows that jump up and down would help nobody
            self.lanes.show_row(self.scene.chosen_row)
        for widget in (self.title_bar, self.head, self.lanes, self.prints_row):
            widget.refresh()
        for panel in (self.source_panel, self.prints_panel, self.inspector):
            if panel.display:
                panel.refresh()

    def _runs(self) -> bool:
        return self.player.program.living and not self.player.program.paused

    def _lay_out(self) -> None:
        scene, lanes = self.scene, self.lanes
        rows = len(scene.rows.rows) or len(scene.instead)
        room = self.size.height - 6
        # The picture takes what it needs, and leaves the source its lines
        height = max(1, min(rows, room - min(_BOTTOM_LEAST, room // 2)))
        if height != self._lanes_height:
            self._lanes_height = lanes.styles.height = height
        lanes.fit_rows()
        lanes.column = label_column(scene, self.size.width)
        width = max(10, self.size.width - lanes.column - (1 if rows > height else 0))
        if width != scene.width:
            scene.width = width
            scene.update()

    def _state(self) -> str:
        pace = ""
        if self.player.program.pace is not None:
            pace = " · " + self.say("{steps} steps/s").format(steps=f"{self.player.program.pace:g}")
        if self.restarting:
            return self.say("… starting again")
        if self.scene.playing:
            return self.say("▶ PLAYING") + pace
        if self.player.program.living:
            if self.player.program.paused:
                return (self.say("❚❚ PAUSED") if self.timeline.held else self.say("❚❚ PAUSING")) + pace
            return (self.say("● RUNNING") if self.scene.following else self.say("● RUNNING · looking back")) + pace
        footer = self.timeline.footer
        if footer is not None and footer.exit is not None:
            if footer.exit < 0:
                return self.say("■ KILLED by signal {number}").format(number=-footer.exit)
            return self.say("■ ENDED, exit {status}").format(status=footer.exit)
        return self.say("… reading") if self.reader.reading else self.say("■ ENDED")

    def on_resize(self) -> None:
        """Take the new size."""
        self.call_after_refresh(self.redraw)

    def _take_palette(self) -> None:
        background = self.theme_variables["background"]
        if Color.parse(background).ansi is not None:  # an ANSI theme: the terminal's own
            background = (DARK if self.current_theme.dark else LIGHT).background
        self.painter.use(palette_for(background, dark=self.current_theme.dark))
        self.redraw()

    def _play(self) -> None:
        """Play a step of the tape, and rest on it."""
        if self.player.tick():
            self.set_timer(self.player.rest, self._play)
        self.redraw()

    def _look_for_changes(self) -> None:
        if self.changed is not None and not self.restarting and self.changed():
            self.action_again()

    # -- actions -------------------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """Do what an action of the table does to the tape, the picture or the program."""
        scene, program = self.scene, self.player.program
        before = scene.playhead, scene.playing
        DOES[name](self.player)
        if name == "nobody":
            self._close_find_bar()
        if self.player.begins_to_play:
            self.player.begins_to_play = False
            self.set_timer(self.player.rest, self._play)
        asked = name == "next" or (name == "play" and not self.timeline.held)
        is_its_move = asked and program.living and program.paused
        if not (is_its_move and before == (scene.playhead, scene.playing)):
            self.redraw()  # else the program's answer is drawn: a frame before that would only hold it up

    def action_prints(self) -> None:
        """Open or close the prints."""
        self.inspector.remove_class("open")
        self.prints_panel.toggle_class("open")
        self.redraw()

    def action_inspector(self) -> None:
        """Open or close the inspector."""
        self.prints_panel.remove_class("open")
        self.inspector.toggle_class("open")
        self.redraw()

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
            self._close_find_bar()

    def _close_find_bar(self) -> None:
        self.find_bar.remove_class("open")
        self.set_focus(None)
        self.redraw()

    def action_keep(self) -> None:
        """Ask for a name and copy the log there."""
        stem = clean(Path(self.title.split()[0]).stem, 60) if self.title.split() else "log"
        self.push_screen(KeepScreen(f"{stem}.triotrace.jsonl", self.words.catalogue), self._keep)

    def _keep(self, name: str | None) -> None:
        if name is None:
            return
        try:
            kept = self.player.program.keep(Path(name).expanduser())
        except (TriotraceError, OSError) as error:
            self.notify(str(error), title=self.say("The log was not kept"), severity="error", markup=False)
        else:
            self.notify(str(kept), title=self.say("The log is kept as"), markup=False)

    def action_again(self) -> None:
        """Run the program again."""
        if self.again is None:
            self.notify(self.say("there is no program to run again: this is a log"), markup=False)
        elif not self.restarting:
            self.restarting = True
            self.run_worker(self._start_again(self.again), name="again", exit_on_error=True)
        self.redraw()

    async def _start_again(self, again: Again) -> None:
        self._worker.cancel()
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await self._worker.wait()
        try:
            # It waits for the old program to end
            source, self.player.program = await asyncio.to_thread(again, self.player.program.paused)
        except TriotraceError as error:
            self.failure = error
            self.exit()
            return
        self.timeline = Timeline()
        self._began = time.monotonic()
        self.scene.start_anew(self.timeline)
        self.reader = Reader(source, self.timeline, news=self._hear_news)
        self.restarting = False
        self._begin_to_read()
        self.redraw()

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
        if self.player.program.living and time.monotonic() - self._began > _LONG_SECONDS:
            self.push_screen(LeaveScreen(self.words.catalogue), lambda leave: self.exit() if leave else None)
        else:
            self.exit()

    def on_lanes_view_clicked(self, message: LanesView.Clicked) -> None:
        """Choose the clicked row, and move the playhead to the clicked column."""
        if message.column is not None:
            self.player.look_back()
            self.scene.go(self.scene.slot_at_column(message.column))
        self.scene.choose_row(message.row)
        self.redraw()
