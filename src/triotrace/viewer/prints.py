"""The panel of prints: what was printed until the playhead, by all tasks or by the chosen one alone."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from triotrace.clean import clean
from triotrace.timeline.records import Print
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import pad, shorten, width_of
from triotrace.viewer.panels import Panel

if TYPE_CHECKING:
    from triotrace.viewer.painter import Painter
    from triotrace.viewer.scene import Scene

__all__ = ["PrintsPanel"]

_NAME_CELLS = 14


class _Index:
    """Which prints are whose: made when first asked for, then kept up with the timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._of: dict[int, array[int]] = {}
        self._known = 0

    def last_of(self, lane: int, end: int, count: int) -> list[Print]:
        """Give the last `count` prints of a lane among the first `end` of all."""
        prints = self.timeline.prints
        for i in range(self._known, len(prints)):
            owner = prints[i].lane
            if owner is not None:
                self._of.setdefault(owner, array("q")).append(i)
        self._known = len(prints)
        own = self._of.get(lane, array("q"))
        at = bisect_left(own, end)
        return [prints[i] for i in own[max(0, at - count) : at]]


class PrintsPanel(Panel):
    """Each line with its step and task; standard error in red."""

    def __init__(self, scene: Scene, painter: Painter, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(scene, painter, id=id)
        self.of_task = False
        """Whether only the chosen task's prints are shown, while one is chosen."""
        self._index = _Index(scene.timeline)

    def start_anew(self) -> None:
        """Forget an old run: another begins."""
        self.of_task = False
        self._index = _Index(self.scene.timeline)

    def draw(self) -> Text:
        """Draw the newest lines."""
        scene, timeline, room = self.scene, self.scene.timeline, max(1, self.size.height - 1)
        end = bisect_right(timeline.prints, scene.playhead, key=lambda said: said.slot)
        text = Text(no_wrap=True, overflow="ellipsis")
        if self.of_task and scene.chosen is not None:
            heading = self.say("prints of {name} alone").format(name=timeline.title(timeline.lanes[scene.chosen]))
            text.append(heading, self.loud)
            said = self._index.last_of(scene.chosen, end, room)
        else:
            text.append(self.say("prints"), self.faint)
            said = timeline.prints[max(0, end - room) : end]
        lines = [(entry, line) for entry in said for line in entry.text.rstrip("\n").split("\n")][-room:]
        who = ["" if entry.lane is None else timeline.title(timeline.lanes[entry.lane]) for entry, _ in lines]
        who = [shorten(name, _NAME_CELLS) for name in who]
        column = max(map(width_of, who), default=0)
        for (entry, line), name in zip(lines, who, strict=True):
            text.append(f"\n{entry.slot:4} {pad(name, column)} ", self.faint)
            text.append(clean(line, 500), Style(color=self.painter.palette.red) if entry.stream == "stderr" else "")
        return text
