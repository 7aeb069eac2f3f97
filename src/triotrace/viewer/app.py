"""The app: it reads a source through a memory channel into a Timeline, and lets widgets look at it on a timer.

trio runs as a guest inside Textual's loop. Its two tasks write the Timeline only; no widget is touched from trio.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from gettext import NullTranslations
from pathlib import Path
from typing import ClassVar

import trio
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal
from textual.widgets import Footer
from textual.worker import WorkerCancelled, WorkerFailed

from triotrace.errors import TriotraceError
from triotrace.events import Event
from triotrace.source import Source
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words
from triotrace.viewer.actions import ACTIONS, key_in_footer
from triotrace.viewer.guest import run_trio_guest
from triotrace.viewer.inks import DARK, LIGHT, palette_for
from triotrace.viewer.lanes import HeadRow, LanesView, Painter, PrintsRow, label_column
from triotrace.viewer.panels import Inspector, PrintsPanel, SourcePanel, TitleBar
from triotrace.viewer.program import Program, StillTape
from triotrace.viewer.scene import Axis, Scene
from triotrace.viewer.screens import HelpScreen, KeepScreen

__all__ = ["TraceApp", "watch"]

_FRAMES_PER_SECOND = 20
_PLAY_SECONDS = 0.25
_BATCHES_WAITING = 16
_EVENTS_A_TURN = 2000
_BOTTOM_LEAST = 8
_QUIET = 100_000_000
"""Nanoseconds without an event after which the viewer lets its own clock run on."""


def watch(
    source: Source,
    *,
    program: Program | None = None,
    title: str,
    axis: Axis = "steps",
    catalogue: NullTranslations | None = None,
) -> int | None:
    """Show a source until the user leaves; return 128+N if signal N ended the viewer. Raises what the source raised."""
    app = TraceApp(source, program=program or StillTape(), title=title, axis=axis, catalogue=catalogue)
    app.run()
    if app.failure is not None:
        raise app.failure
    return app.return_code or None


class TraceApp(App[None]):
    """The viewer."""

    CSS_PATH = "triotrace.tcss"
    ENABLE_COMMAND_PALETTE = True
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
    ) -> None:
        super().__init__()
        self.words = Words(catalogue)
        self.say = self.words.catalogue.gettext
        for action in ACTIONS:
            if action.name != "interrupt":
                word = self.say(action.footer or action.does)
                shown = key_in_footer(action)
                self.bind(action.keys, action.name, description=word, show=action.footer is not None, key_display=shown)
        self.source = source
        self.program = program
        self.title = title
        self.failure: TriotraceError | None = None
        self.timeline = Timeline()
        self.scene = Scene(self.timeline, axis=axis, words=self.words)
        self.painter = Painter(DARK)
        self.reading = True
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
        yield self.title_bar
        yield self.head
        yield self.lanes
        yield self.prints_row
        with Horizontal(id="panels"):
            yield self.source_panel
            yield self.prints_panel
            yield self.inspector
        yield Footer(show_command_palette=False)

    # -- life ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to read, and to look."""
        self.theme_changed_signal.subscribe(self, lambda _theme: self._take_palette())
        self._take_palette()
        self.prints_panel.set_class(self.size.width >= 100, "open")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Only the main thread may; a viewer in another one (a test's) has no signals to handle
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(number, self.exit, None, 128 + number)
        self.run_worker(run_trio_guest(self._read), name="reader", exit_on_error=True)
        self.set_interval(1 / _FRAMES_PER_SECOND, self.look)
        self.set_interval(_PLAY_SECONDS, self._play)
        # The collector would walk all of Textual again and again while events stream in
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    async def on_unmount(self) -> None:
        """Let the guest come to its end before the loop does."""
        self.workers.cancel_all()
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await self.workers.wait_for_complete()

    async def _read(self) -> None:
        send, receive = trio.open_memory_channel[list[Event]](_BATCHES_WAITING)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.source.send_to, send)
                nursery.start_soon(self._feed, receive)
        except* TriotraceError as group:
            self.failure = _first(group)
            self.exit()
        self.reading = False

    async def _feed(self, receive: trio.MemoryReceiveChannel[list[Event]]) -> None:
        async with receive:
            async for batch in receive:
                for start in range(0, len(batch), _EVENTS_A_TURN):
                    self.timeline.feed(batch[start : start + _EVENTS_A_TURN])
                    # Keys and frames get their turn
                    await trio.lowlevel.checkpoint()

    # -- looking -------------------------------------------------------------------------------

    def look(self) -> None:
        """Redraw if there is something new, or if time has passed in a living program."""
        state = self._state()
        self._let_time_pass()
        seen = (self.timeline.generation, self.program.living, state)
        if seen != self._seen:
            self._seen = seen
            self.scene.update()
            self.redraw()

    def _let_time_pass(self) -> None:
        """Between two events of a living program, its clock goes on: a sleep and a long step grow before our eyes."""
        timeline, wall = self.timeline, time.monotonic_ns()
        if timeline.generation != self._told[0]:
            self._told = (timeline.generation, timeline.now, wall)
        elif self.program.living and timeline.runs and wall - self._told[2] > _QUIET:
            now = self._told[1] + wall - self._told[2]
            if now - timeline.now > _QUIET:
                timeline.now = now
                timeline.generation += 1
                self._told = (timeline.generation, *self._told[1:])

    def redraw(self) -> None:
        """Draw everything anew: the scene has changed."""
        self.title_bar.state = self._state()
        self._lay_out()
        self.lanes.show_row(self.scene.chosen_row)
        for widget in (self.title_bar, self.head, self.lanes, self.prints_row):
            widget.refresh()
        for panel in (self.source_panel, self.prints_panel, self.inspector):
            if panel.display:
                panel.refresh()

    def _lay_out(self) -> None:
        scene, lanes = self.scene, self.lanes
        rows = len(scene.rows.rows)
        room = self.size.height - 6
        # The picture takes what it needs, and leaves the source its lines
        height = max(1, min(rows, room - min(_BOTTOM_LEAST, room // 2)))
        if lanes.styles.height is None or lanes.styles.height.value != height:
            lanes.styles.height = height
        lanes.fit_rows()
        lanes.column = label_column(scene, self.size.width)
        width = max(10, self.size.width - lanes.column - (1 if rows > height else 0))
        if width != scene.width:
            scene.width = width
            scene.update()

    def _state(self) -> str:
        if self.scene.playing:
            return self.say("▶ PLAYING")
        if self.program.living:
            return self.say("● RUNNING") if self.scene.following else self.say("● RUNNING · looking back")
        footer = self.timeline.footer
        if footer is not None and footer.exit is not None:
            if footer.exit < 0:
                return self.say("■ KILLED by signal {number}").format(number=-footer.exit)
            return self.say("■ ENDED, exit {status}").format(status=footer.exit)
        return self.say("… reading") if self.reading else self.say("■ ENDED")

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
        if self.scene.playing:
            self.scene.tick()
            self.redraw()

    # -- actions, in the order of their table --------------------------------------------------

    def action_next(self) -> None:
        """Go to the next step."""
        self.scene.move(1)
        self.redraw()

    def action_previous(self) -> None:
        """Go to the previous step."""
        self.scene.move(-1)
        self.redraw()

    def action_play(self) -> None:
        """Play, or hold."""
        self.scene.play_or_pause()
        self.redraw()

    def action_home(self) -> None:
        """Go before the first step."""
        self.scene.go_home()
        self.redraw()

    def action_now(self) -> None:
        """Go to the end and follow."""
        self.scene.go_to_now()
        self.redraw()

    def action_next_of_task(self) -> None:
        """Go to the chosen task's next step."""
        self.scene.to_step_of_chosen(1)
        self.redraw()

    def action_previous_of_task(self) -> None:
        """Go to the chosen task's previous step."""
        self.scene.to_step_of_chosen(-1)
        self.redraw()

    def action_down(self, rows: int = 1) -> None:
        """Choose the task below."""
        self.scene.choose(rows)
        self.redraw()

    def action_up(self) -> None:
        """Choose the task above."""
        self.action_down(-1)

    def action_down_more(self) -> None:
        """Choose ten below."""
        self.action_down(10)

    def action_up_more(self) -> None:
        """Choose ten above."""
        self.action_down(-10)

    def action_nobody(self) -> None:
        """Let the choice follow the playhead."""
        self.scene.choose_nobody()
        self.redraw()

    def action_fold(self) -> None:
        """Fold or unfold."""
        self.scene.fold()
        self.redraw()

    def action_system(self) -> None:
        """Show or hide trio's and libraries' tasks."""
        self.scene.show_system = not self.scene.show_system
        self.redraw()

    def action_axis(self) -> None:
        """Switch the axis."""
        self.scene.switch_axis()
        self.redraw()

    def action_zoom_in(self) -> None:
        """Zoom in."""
        self.scene.zoom_by(1)
        self.redraw()

    def action_zoom_out(self) -> None:
        """Zoom out."""
        self.scene.zoom_by(-1)
        self.redraw()

    def action_fit(self) -> None:
        """Fit all into the window."""
        self.scene.fit()
        self.redraw()

    def action_pan_left(self) -> None:
        """Look left."""
        self.scene.pan(-1)
        self.redraw()

    def action_pan_right(self) -> None:
        """Look right."""
        self.scene.pan(1)
        self.redraw()

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

    def action_keep(self) -> None:
        """Ask for a name and copy the log there."""
        stem = Path(self.title.split()[0]).stem if self.title.split() else "log"
        self.push_screen(KeepScreen(f"{stem}.triotrace.jsonl", self.words.catalogue), self._keep)

    def _keep(self, name: str | None) -> None:
        if name is None:
            return
        try:
            kept = self.program.keep(Path(name).expanduser())
        except (TriotraceError, OSError) as error:
            self.notify(str(error), title=self.say("The log was not kept"), severity="error", markup=False)
        else:
            self.notify(str(kept), title=self.say("The log is kept as"), markup=False)

    def action_interrupt(self) -> None:
        """Interrupt the program."""
        if self.program.living:
            self.program.interrupt()
            self.notify(self.say("Ctrl+C was sent to the program"), markup=False)
        else:
            self.notify(self.say("the program is over; q leaves"), markup=False)

    def action_help(self) -> None:
        """Show the help."""
        self.push_screen(HelpScreen(self.words.catalogue))

    def action_leave(self) -> None:
        """Leave; who started the program ends it."""
        self.exit()

    def on_lanes_view_clicked(self, message: LanesView.Clicked) -> None:
        """Choose the clicked row, and move the playhead to the clicked column."""
        if message.column is not None:
            self.scene.go(self.scene.slot_at_column(message.column))
        self.scene.choose_row(message.row)
        self.redraw()


def _first(group: BaseExceptionGroup[TriotraceError]) -> TriotraceError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TriotraceError)
    return error
