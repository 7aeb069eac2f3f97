"""The title, and the source panel under the picture: both show the playhead's moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from triotrace.clean import clean
from triotrace.timeline.widths import cut, shorten, width_of
from triotrace.viewer.failures import failures_of
from triotrace.viewer.marked_line import is_over

if TYPE_CHECKING:
    from triotrace.viewer.painter import Painter
    from triotrace.viewer.scene import Scene

__all__ = ["FailureLine", "Panel", "SourcePanel", "TitleBar"]

_MARKED = Style(bold=True, underline=True)
_LEAST_NAME = 12
"""Cells that the name of who is next may always take."""


class Panel(Widget, can_focus=False):
    """A panel: it draws the scene, in the painter's colours, in `draw`."""

    def __init__(self, scene: Scene, painter: Painter, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self.scene = scene
        self.painter = painter

    def render(self) -> Text:
        """Draw it, or say that this cannot be drawn: what failed is told elsewhere."""
        return failures_of(self).attempt(self.draw, Text("?", self.faint))

    def draw(self) -> Text:
        """Give what is to be seen."""
        raise NotImplementedError

    def start_anew(self) -> None:
        """Forget an old run: another begins."""

    def say(self, message: str) -> str:
        """Say a message in the user's language."""
        return self.scene.words.catalogue.gettext(message)

    @property
    def faint(self) -> Style:
        """What stands back."""
        return Style(color=self.painter.palette.faint)

    @property
    def loud(self) -> Style:
        """What must be seen."""
        return Style(color=self.painter.palette.accent, bold=True)


class TitleBar(Panel):
    """The program, its state, the step; then what just happened, and what is next."""

    def __init__(self, scene: Scene, painter: Painter, *, title: str) -> None:
        super().__init__(scene, painter, id="title")
        self.program = clean(title, 200)
        self.state = ""

    def needed(self, width: int) -> int:
        """Give the lines that the words of this moment need in a window of `width` cells."""
        return 1 + len(self._said(width - 2)[0])

    def draw(self) -> Text:
        """Draw the lines."""
        width = self.size.width
        text = self._first(width)
        said, following = self._said(width)
        mark = self.say("next ▸ ")
        for i, line in enumerate(said):
            text.append("\n").append(line)
            if i == 1 and following:
                # Always in the same corner: the audience learns where to look
                text.append(" " * max(1, width - width_of(line + mark + following))).append(mark, self.faint)
                text.append(following, self.loud)
        return text

    def _first(self, width: int) -> Text:
        """Draw the program and its state, at the right the step; the name goes first where there is no room."""
        scene, state = self.scene, self.state
        if scene.sought:
            found = scene.rows.tasks
            state += " · " + scene.words.catalogue.ngettext("{count} task found", "{count} tasks found", found).format(
                count=found
            )
        # The tape may have grown since the playhead was put at its end
        end = scene.playhead if scene.following else scene.end
        right = self.say("step {step} of {steps}").format(step=scene.playhead, steps=end)
        order = scene.timeline.header.order if scene.timeline.header else ""
        longer = right + " · " + self.say("order: {order}").format(order=clean(order, 30))
        room = width - width_of(state) - 6
        if order and width_of(self.program + longer) <= room:
            right = longer
        program = cut(self.program, max(1, room - width_of(right) + 2))
        gap = max(1, width - width_of(program) - 3 - width_of(state) - width_of(right))
        first = Text.assemble((f"{program}   ", "bold"), (state, self.loud), " " * gap, (right, self.faint))
        first.truncate(width)
        return first

    def _said(self, width: int) -> tuple[list[str], str]:
        """Give the lines of words, and who is next."""
        scene = self.scene
        failures, timeline, playhead = failures_of(self), scene.timeline, scene.playhead
        following = failures.attempt(lambda: scene.words.following(timeline, playhead), "")
        following = shorten(following, max(_LEAST_NAME, width // 3))
        corner = width_of(self.say("next ▸ ") + following) + 2 if following else 0
        words = failures.attempt(lambda: scene.words.happened(timeline, playhead) or self._before_anything(), "?")
        return lay_words(words, (width, width - corner, width)), following

    def _before_anything(self) -> str:
        if self.scene.end or self.scene.timeline.held:
            return self.say("Before the first step.")
        if self.scene.timeline.ended:
            return self.say("It ended without a step of trio.")
        return self.say("Waiting for the program's first step.")


def lay_words(text: str, widths: Sequence[int]) -> list[str]:
    """Lay words out in lines of given widths (cells): two at least, and the last is cut if it must be."""
    lines = [""]
    for word in (shorten(word, max(widths)) for word in text.split()):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(longer) <= widths[len(lines) - 1] or len(lines) == len(widths):
            lines[-1] = longer
        else:
            lines.append(word)
    return [*(cut(line, width) for line, width in zip(lines, widths, strict=False)), ""][: max(2, len(lines))]


class FailureLine(Panel):
    """What failed in the viewer itself, and where to find more; esc takes it away."""

    def draw(self) -> Text:
        """Draw the line."""
        line = self.say("triotrace failed here, the program goes on: {what}").format(what=failures_of(self).line)
        return Text(cut(line, self.size.width), Style(color=self.painter.palette.red, bold=True))


class SourcePanel(Panel):
    """The source around where the task stands; the awaited expression is underlined."""

    def draw(self) -> Text:
        """Draw as many lines as there is room for."""
        verbs = self.scene.timeline.verbs
        place = verbs.places.get(self.scene.place)
        if place is None:
            lane = self.scene.chosen_lane
            if lane is not None and is_over(lane, self.scene.playhead):
                return Text(self.say("no line is known at which it ended"), self.faint)
            return Text(self.say("no source here: only trio's own code, or none was recorded"), self.faint)
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{clean(place.file.rpartition('/')[2], 80)}:{place.line}  {clean(place.function, 80)}", self.faint)
        if place.file not in verbs.sources:
            text.append("\n" + self.say("no source was recorded for this file"), self.faint)
            return text
        room = max(1, self.size.height - 1)
        count = len(verbs.sources[place.file])
        first = max(1, min(place.line - room // 2, count - room + 1))
        for number in range(first, min(first + room, count + 1)):
            if number == place.line:
                before, span, after = verbs.marked(place)
                text.append(f"\n▶{number:4} │ ", self.loud)
                text.append(before, "bold").append(span, _MARKED).append(after, "bold")
            else:
                text.append(f"\n {number:4} │ ", self.faint).append(verbs.line(place.file, number))
        return text
