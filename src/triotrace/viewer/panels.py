"""The title, and the source panel under the picture: both show the playhead's moment."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from triotrace.clean import clean

if TYPE_CHECKING:
    from triotrace.viewer.lanes import Painter
    from triotrace.viewer.scene import Scene

__all__ = ["Panel", "SourcePanel", "TitleBar"]

_MARKED = Style(bold=True, underline=True)


class Panel(Widget, can_focus=False):
    """A panel: it draws the scene, in the painter's colours."""

    def __init__(self, scene: Scene, painter: Painter, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self.scene = scene
        self.painter = painter

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

    def render(self) -> Text:
        """Draw three lines."""
        scene, width = self.scene, self.size.width
        order = scene.timeline.header.order if scene.timeline.header else ""
        right = self.say("step {step} of {steps}").format(step=scene.playhead, steps=scene.end)
        if order:
            right += " · " + self.say("order: {order}").format(order=clean(order, 30))
        left = f"{self.program}   "
        gap = max(1, width - len(left) - len(self.state) - len(right))
        first = Text.assemble((left, "bold"), (self.state, self.loud), " " * gap, (right, self.faint))
        first.truncate(width)
        words = wrap(scene.words.happened(scene.timeline, scene.playhead) or self._before_anything(), width)[:2]
        following = scene.words.following(scene.timeline, scene.playhead)
        mark = self.say("next ▸ ")
        coming = mark + following if following else ""
        text = first
        if len(words) == 2 and len(words[1]) + 2 + len(coming) > width:
            words[1] = words[1][: max(0, width - len(coming) - 3)] + "…"
        for i in range(2):
            said = words[i] if i < len(words) else ""
            text.append("\n").append(said)
            if i and coming:
                # Always in the same corner: the audience learns where to look
                text.append(" " * max(1, width - len(said) - len(coming))).append(mark, self.faint)
                text.append(following, self.loud)
        return text

    def _before_anything(self) -> str:
        if self.scene.end or self.scene.timeline.held:
            return self.say("Before the first step.")
        if self.scene.timeline.ended:
            return self.say("It ended without a step of trio.")
        return self.say("Waiting for the program's first step.")


class SourcePanel(Panel):
    """The source around where the task stands; the awaited expression is underlined."""

    def render(self) -> Text:
        """Draw as many lines as there is room for."""
        verbs = self.scene.timeline.verbs
        place = verbs.places.get(self.scene.place)
        if place is None:
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
