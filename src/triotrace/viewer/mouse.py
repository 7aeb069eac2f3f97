"""The mouse over the picture: a button, a drag and a wheel become messages in rows and cells.

The wheel scrolls, with ctrl (or alt, where a terminal keeps ctrl for its letters) it zooms, with shift it pans.
"""

from __future__ import annotations

from typing import Literal

from textual import events
from textual.message import Message
from textual.widget import Widget

__all__ = ["PicturePart"]

_CELLS_A_NOTCH = 10
_LEFT_BUTTON = 1


class PicturePart(Widget):
    """A widget with labels at its left and cells of the picture beside them."""

    class Pointed(Message):
        """The button went down on a row (None: on the axis) and a cell (None: on a label)."""

        def __init__(self, row: int | None, cell: int | None) -> None:
            super().__init__()
            self.row = row
            self.cell = cell

    class Dragged(Message):
        """The mouse was moved to a cell with its button down."""

        def __init__(self, cell: int) -> None:
            super().__init__()
            self.cell = cell

    class Zoomed(Message):
        """The wheel was turned to zoom in (1) or out (-1) around a cell."""

        def __init__(self, direction: Literal[1, -1], cell: int) -> None:
            super().__init__()
            self.direction = direction
            self.cell = cell

    class Panned(Message):
        """The wheel was turned to look left (-1) or right (1) by so many cells."""

        def __init__(self, direction: Literal[1, -1], cells: int) -> None:
            super().__init__()
            self.direction = direction
            self.cells = cells

    @property
    def label_cells(self) -> int:
        """The cells of the labels."""
        raise NotImplementedError

    def row_at(self, y: int) -> int | None:
        """Give the row at a line of the widget; None where there are no rows."""
        raise NotImplementedError

    def _cell(self, event: events.MouseEvent) -> int:
        return max(0, min(event.x, self.size.width - 1) - self.label_cells)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Point, and begin to drag."""
        if event.button == _LEFT_BUTTON:
            on_label = event.x < self.label_cells
            if not on_label:
                self.capture_mouse()
            self.post_message(self.Pointed(self.row_at(event.y), None if on_label else self._cell(event)))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag."""
        if self.app.mouse_captured is self and event.button:
            self.post_message(self.Dragged(self._cell(event)))

    def on_mouse_up(self) -> None:
        """Let go."""
        self.release_mouse()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out, or look further right; without a modifier it is Textual's affair."""
        self._turn(event, -1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in, or look further left."""
        self._turn(event, 1)

    def on_mouse_scroll_left(self) -> None:
        """Look further left."""
        self.post_message(self.Panned(-1, _CELLS_A_NOTCH))

    def on_mouse_scroll_right(self) -> None:
        """Look further right."""
        self.post_message(self.Panned(1, _CELLS_A_NOTCH))

    def _turn(self, event: events.MouseEvent, direction: Literal[1, -1]) -> None:
        if event.ctrl or event.meta:
            self.post_message(self.Zoomed(direction, self._cell(event)))
        elif event.shift:
            self.post_message(self.Panned(-1 if direction > 0 else 1, _CELLS_A_NOTCH))
        else:
            return
        event.prevent_default()
        event.stop()
