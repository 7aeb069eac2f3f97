"""The widgets and where they stand: the picture takes what it needs, its panels the rest, in windows of any size."""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations

from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Horizontal
from textual.widgets import Footer, Input

from triotrace.source import Source
from triotrace.viewer.actions import ACTIONS, key_in_footer
from triotrace.viewer.failures import Keep
from triotrace.viewer.inks import DARK, LIGHT, palette_for
from triotrace.viewer.inspector import Inspector
from triotrace.viewer.lanes import HeadRow, LanesView, MarksRow, PrintsRow, label_column
from triotrace.viewer.live import Again, LiveApp
from triotrace.viewer.painter import Painter
from triotrace.viewer.panels import FailureLine, Panel, SourcePanel, TitleBar
from triotrace.viewer.prints import PrintsPanel
from triotrace.viewer.program import Program
from triotrace.viewer.scene import Axis

__all__ = ["LaidOutApp"]

_TITLE_LEAST = 3
_BOTTOM_LEAST = 8
_ROOM_FOR_PRINTS = 100
"""Cells of a window from which on the prints stand beside the source without being asked for ..."""
_ROOM_FOR_ALL = 160
"""... and both they and the inspector do."""


class LaidOutApp(LiveApp):
    """Draws what it reads."""

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
        plays: bool = False,
        keep_traceback: Keep = lambda _: None,
    ) -> None:
        super().__init__(
            source,
            program=program,
            axis=axis,
            catalogue=catalogue,
            again=again,
            changed=changed,
            plays=plays,
            keep_traceback=keep_traceback,
        )
        for action in ACTIONS:
            if action.name != "interrupt":
                self.bind(
                    action.keys,
                    action.called,
                    description=self.say(action.footer or action.means),
                    show=action.footer is not None,
                    key_display=key_in_footer(action),
                )
        self.title = title
        self.painter = Painter(DARK)
        self._lanes_height = 0
        self._title_height = _TITLE_LEAST
        self._opened: list[Panel] = []
        """The panels that were opened beside the source, the newest last."""
        self._shown: tuple[int | None, int] | None = None
        """The chosen row and the playhead when that row was last scrolled to."""

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        self.title_bar = TitleBar(self.scene, self.painter, title=self.title)
        self.lanes = LanesView(self.scene, self.painter)
        self.marks_row = MarksRow(self.lanes, id="marks")
        self.head = HeadRow(self.lanes, id="head")
        self.prints_row = PrintsRow(self.lanes, id="prints")
        self.source_panel = SourcePanel(self.scene, self.painter, id="source")
        self.prints_panel = PrintsPanel(self.scene, self.painter, id="side-prints")
        self.inspector = Inspector(self.scene, self.painter, id="inspector")
        self.failure_line = FailureLine(self.scene, self.painter, id="failure")
        self.find_bar = Input(placeholder=self.say("find: a name, a state, a call"), id="find")
        yield self.title_bar
        yield self.marks_row
        yield self.head
        yield self.lanes
        yield self.prints_row
        with Horizontal(id="panels") as self.panels:
            yield self.source_panel
            yield self.prints_panel
            yield self.inspector
        yield self.find_bar
        yield self.failure_line
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Take the theme's colours."""
        self.theme_changed_signal.subscribe(self, lambda _theme: self._take_palette())
        self._take_palette()
        # The newest stands where there is room for one beside the source
        self._opened = [self.inspector] if self.size.width >= _ROOM_FOR_ALL else []
        self._opened += [self.prints_panel] if self.size.width >= _ROOM_FOR_PRINTS else []

    def redraw(self) -> None:
        """Draw everything anew: the scene has changed."""
        self.title_bar.state = self.failures.attempt(self.said_state, "")
        self.failures.attempt(self._lay_out, None)
        if not (self.scene.following and self.scene.chosen is None and self._runs()):
            # While the program runs ahead, rows that jump up and down would help nobody
            self.failures.attempt(self._show_chosen, None)
        self.marks_row.display = bool(self.timeline.marks)
        self.failure_line.display = bool(self.failures.line)
        for widget in (self.title_bar, self.marks_row, self.head, self.lanes, self.prints_row, self.failure_line):
            widget.refresh()
        for panel in (self.source_panel, self.prints_panel, self.inspector):
            if panel.display:
                panel.refresh()

    def _show_chosen(self) -> None:
        """Scroll to the chosen row when it or the playhead has moved: in between, the wheel may leave it."""
        shown = self.scene.chosen_row, self.scene.playhead
        if shown != self._shown:
            self._shown = shown
            self.lanes.show_row(self.scene.chosen_row)

    def _runs(self) -> bool:
        return self.player.program.living and not self.player.program.paused

    def _lay_out(self) -> None:
        scene, lanes = self.scene, self.lanes
        rows = len(scene.rows.rows) or len(scene.instead)
        # A title that grew for a long sentence stays so: a picture that jumps at each step helps nobody
        title = max(self._title_height, self.title_bar.needed(self.size.width))
        if title != self._title_height:
            self._title_height = self.title_bar.styles.height = title
        room = self.size.height - 3 - title - bool(self.timeline.marks) - bool(self.failures.line)
        # The picture takes what it needs, and leaves the source its lines
        height = max(1, min(rows, room - min(_BOTTOM_LEAST, room // 2)))
        if height != self._lanes_height:
            self._lanes_height = lanes.styles.height = height
        shown = self._opened[-2:] if self.size.width >= _ROOM_FOR_ALL else self._opened[-1:]
        for panel in (self.prints_panel, self.inspector):
            panel.display = panel in shown
        self.panels.set_class(self.size.width < _ROOM_FOR_PRINTS, "narrow")
        lanes.fit_rows()
        lanes.column = label_column(scene, self.size.width)
        width = max(10, self.size.width - lanes.column - (1 if rows > height else 0))
        if width != scene.width:
            scene.width = width
            scene.update()

    def start_anew(self) -> None:
        """Let nothing of an old run stay on the screen: another begins."""
        self._forget_what_was_shown()
        self.lanes.scroll_to(y=0, animate=False)
        self.capture_mouse(None)  # what was dragged is gone
        for panel in (self.title_bar, self.source_panel, self.prints_panel, self.inspector):
            panel.start_anew()
        self.close_find_bar()

    def close_find_bar(self) -> None:
        """Close the line in which to say what to find."""
        if self.find_bar.has_class("open"):
            self.find_bar.remove_class("open")
            self.set_focus(None)
        self.find_bar.value = ""
        self.redraw()

    def _forget_what_was_shown(self) -> None:
        self._shown = None
        self._title_height = self.title_bar.styles.height = _TITLE_LEAST

    def on_resize(self) -> None:
        """Take the new size."""
        self._forget_what_was_shown()
        self.call_after_refresh(self.redraw)

    def _take_palette(self) -> None:
        background = self.theme_variables["background"]
        if Color.parse(background).ansi is not None:  # an ANSI theme: the terminal's own
            background = (DARK if self.current_theme.dark else LIGHT).background
        self.painter.use(palette_for(background, dark=self.current_theme.dark))
        self.redraw()

    def toggle(self, panel: Panel) -> None:
        """Open a panel, or close it."""
        shown = panel.display
        if panel in self._opened:
            self._opened.remove(panel)
        if not shown:
            self._opened.append(panel)
        self.redraw()
