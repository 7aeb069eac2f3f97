"""From lines of a picture to strips of the screen: styles made once a palette, strips handed over as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.widths import fit, width_of
from triotrace.viewer.failures import failures_of
from triotrace.viewer.inks import Palette, style_of

__all__ = ["Painted", "Painter"]


class Painter:
    """Styles and strips of a palette."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._styles: dict[tuple[int, bool], Style] = {}

    def use(self, palette: Palette) -> None:
        """Take another palette."""
        self.palette = palette
        self._styles.clear()

    def style(self, ink: int, *, chosen: bool = False) -> Style:
        """Give the style of an ink."""
        style = self._styles.get((ink, chosen))
        if style is None:
            style = self._styles[ink, chosen] = style_of(self.palette, ink, chosen=chosen)
        return style

    def strip(self, label: str, column: int, line: Line | None, width: int, *, chosen: bool, bold: bool) -> Strip:
        """Make a strip of exactly `width` cells: a label of `column` cells, then a line."""
        text = label if width_of(label) == column else fit("", label, column)
        named = self.style(Ink.BLANK, chosen=chosen)
        segments = [Segment(text, named + Style(bold=True) if bold else named)]
        if line is not None:
            segments += [Segment(piece, self.style(ink, chosen=chosen)) for piece, ink in line.pieces()]
        drawn = column + (line.width if line is not None else 0)
        if drawn < width:
            segments.append(Segment(" " * (width - drawn), named))
        return _Strip(segments, max(width, drawn)).crop(0, width)


class _Strip(Strip):
    """Textual's own keeps itself in its cache when it is asked for the whole of it: only the collector frees that."""

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Divide it, or give it whole."""
        cuts = list(cuts)
        return [self] if cuts == [self.cell_length] else super().divide(cuts)


class Painted(Widget):
    """A widget without border, padding or title, whose `draw_line` gives each line whole and in its colours.

    Its strips go to the screen as they are: Textual's way for all that a widget may have around it costs a third of a
    frame. It stands behind the first base of a class, since Textual takes the default style sheet from that one.
    """

    def render_line(self, y: int) -> Strip:
        """Draw a line, or `?` where that fails: the others are drawn all the same."""
        width = self.size.width
        return failures_of(self).attempt(partial(self.draw_line, y), Strip([Segment("?".ljust(width))], width))

    def draw_line(self, y: int) -> Strip:
        """Give a line of the widget."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the lines of a region."""
        strips = [self.render_line(y) for y in crop.line_range]
        for ours in self.get_line_filters():
            if not isinstance(ours, ANSIToTruecolor):  # no ink is one of the sixteen colours of a terminal
                strips = [strip.apply_filter(ours, self.background_colors[1]) for strip in strips]
        return [strip.crop(crop.x, crop.right) for strip in strips]
