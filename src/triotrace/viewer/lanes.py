"""The picture: the tree of tasks at the left, their lanes beside it. One widget, drawn line by line from the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from triotrace.timeline.canvas import Line
from triotrace.timeline.rows import RowKind
from triotrace.viewer.mouse import PicturePart
from triotrace.viewer.painter import Painted, Painter

if TYPE_CHECKING:
    from triotrace.viewer.scene import Scene

__all__ = ["HeadRow", "LanesView", "MarksRow", "PrintsRow", "label_column"]


def label_column(scene: Scene, width: int) -> int:
    """Give the cells for the labels in a window of `width` cells."""
    return max(8, scene.label_width(max(12, min(34, width // 4))))


class LanesView(ScrollView, Painted, PicturePart, can_focus=False):
    """All rows; vertical scrolling is Textual's, horizontal movement is the scene's."""

    def __init__(self, scene: Scene, painter: Painter) -> None:
        super().__init__(id="lanes")
        self.scene = scene
        self.painter = painter
        self.column = 12

    @property
    def label_cells(self) -> int:
        """The cells of the labels."""
        return self.column

    def row_at(self, y: int) -> int:
        """Give the row at a line of the window."""
        return y + self.scroll_offset.y

    def fit_rows(self) -> None:
        """Take notice of rows that came or went."""
        rows = len(self.scene.rows.rows) or len(self.scene.instead)
        if self.virtual_size.height != rows or self.virtual_size.width != self.size.width:
            self.virtual_size = Size(self.size.width, rows)

    def draw_line(self, y: int) -> Strip:
        """Draw a line of the window."""
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        rows = self.scene.rows.rows
        if not rows:
            instead = self.scene.instead
            text = instead[row] if row < len(instead) else ""
            return self.painter.strip(f" {text}", width, None, width, chosen=False, bold=False)
        if row >= len(rows):
            return self.painter.strip("", self.column, None, width, chosen=False, bold=False)
        chosen = row == self.scene.chosen_row
        heading = rows[row].kind is RowKind.RUN
        line = None if heading else self.scene.line(row)
        column = width if heading else self.column
        label = rows[row].fitted(column, slot=self.scene.playhead)
        return self.painter.strip(label, column, line, width, chosen=chosen, bold=chosen or heading)

    def show_row(self, row: int | None) -> None:
        """Scroll so that a row is seen."""
        if row is None or not self.size.height:
            return
        top = self.scroll_offset.y
        if row < top:
            self.scroll_to(y=row, animate=False)
        elif row >= top + self.size.height:
            self.scroll_to(y=row - self.size.height + 1, animate=False)


class _OneLine(Painted, PicturePart, can_focus=False):
    """A line above or under the lanes, in step with them."""

    def __init__(self, lanes: LanesView, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self.lanes = lanes

    @property
    def label_cells(self) -> int:
        """The cells of the labels."""
        return self.lanes.column

    def row_at(self, y: int) -> None:
        """Give None: it is no row of the tree."""

    def line(self) -> tuple[str, Line | None]:
        """Give the label and the line."""
        raise NotImplementedError

    def draw_line(self, y: int) -> Strip:
        """Draw it."""
        label, line = self.line()
        return self.lanes.painter.strip(label, self.lanes.column, line, self.size.width, chosen=False, bold=False)


class HeadRow(_OneLine):
    """Numbers of steps, or the ruler."""

    def line(self) -> tuple[str, Line | None]:
        """Give the axis."""
        picture = self.lanes.scene.picture
        return picture.title, picture.head()


class MarksRow(_OneLine):
    """The program's own marks, over the lanes; no line at all until it sets one."""

    def line(self) -> tuple[str, Line | None]:
        """Give the marks."""
        return "", self.lanes.scene.picture.marks()


class PrintsRow(_OneLine):
    """What was printed, under the step that printed it or at its moment."""

    def line(self) -> tuple[str, Line | None]:
        """Give the prints."""
        picture = self.lanes.scene.picture
        return picture.words.catalogue.gettext("prints"), picture.prints()
