"""What is on the screen, as values: the timeline, the playhead, the chosen task, zoom and window. No Textual here.

Widgets call its verbs and draw what it gives. How the playhead moves is in `walk.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from triotrace.timeline.canvas import Line
from triotrace.timeline.columns import StepsView
from triotrace.timeline.lanes import NOBODY
from triotrace.timeline.rolls import Roll
from triotrace.timeline.rows import Rows, lay_rows
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture
from triotrace.timeline.words import Words
from triotrace.viewer.marked_line import marked_place
from triotrace.viewer.walk import Walk
from triotrace.viewer.windows import Direction, Moment, StepWindow, TimeWindow

__all__ = ["Axis", "Scene"]

Axis = Literal["steps", "time"]
_MOST_LINES_INSTEAD = 200
_ROWS_LONG, _ROWS_SHARE = 0.02, 5
"""Rows that took longer to lay than this many seconds are laid again after so many times as long."""


class Scene(Walk):
    """The state of the viewer."""

    def __init__(
        self,
        timeline: Timeline,
        *,
        axis: Axis = "steps",
        follow: bool = True,
        words: Words | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(timeline, follow=follow)
        self.words = words or Words()
        self.axis: Axis = axis
        self.width = 60
        """Cells for the picture, right of the labels."""
        self.show_system = False
        self.hide_gone = False
        self.folded: dict[int, Roll] = {}
        """The lanes whose descendants are folded away, and those rolled up."""
        self.sought = ""
        """What is searched for; empty: all tasks are shown."""
        self.folds_steps = True
        """Whether steps that go on inside one await share a column."""
        self.folds_idle = False
        """Whether long stretches in which nobody ran take but a few cells of the time axis."""
        self.steps, self.times = StepWindow(), TimeWindow()
        self._clock = clock
        self._rows: Rows | None = None
        self._rows_key: tuple[object, ...] = ()
        self._rows_late = 0.0
        """When rows that take long may be laid again, by the clock."""
        self._picture: StepsPicture | TimePicture | None = None
        self._picture_key: tuple[object, ...] = ()

    # -- what is new -------------------------------------------------------------------------

    def update(self) -> None:
        """Take notice of what the timeline has learnt."""
        if self.following:
            self.playhead = self.end
        self.draw_near()
        self._roll_up()
        self._keep_in_view()

    def _roll_up(self) -> None:
        for roll in self.folded.values():
            roll.update()

    def start_anew(self, timeline: Timeline) -> None:
        """Take another run's timeline; axis, zoom and which kinds of rows are shown stay."""
        self.timeline = timeline
        self.playhead, self.wanted, self._came_from = 0, None, ()
        self.sought = ""
        self.steps.first, self.times = 1, TimeWindow()
        self.following, self.playing = True, False
        self.chosen = None
        self.folded.clear()
        self._rows = self._picture = None
        self._rows_late = 0.0

    # -- rows --------------------------------------------------------------------------------

    @property
    def rows(self) -> Rows:
        """The rows that are shown, in order."""
        gone_by = self.playhead if self.hide_gone else None
        key = (self.show_system, *self.folded, None, self.axis, self.sought, gone_by, self._newest)
        if self._rows is not None and (key == self._rows_key or self._may_wait(key)):
            return self._rows
        begun = self._clock()
        self._rows = lay_rows(
            self.timeline,
            system=self.show_system,
            folded=self.folded,
            gone_by=gone_by,
            only=self._found() if self.sought else None,
            loop=self.axis == "steps",
            scopes=self.words,
            steps=self.axis == "steps",
        )
        self._rows_key = key
        now = self._clock()
        self._rows_late = now + _ROWS_SHARE * (now - begun) if now - begun > _ROWS_LONG else now
        return self._rows

    @property
    def _newest(self) -> tuple[int, ...]:
        """What rows are laid anew for by and by: who was born; and where they are searched for, what they do now."""
        timeline = self.timeline
        return (timeline.shape, self.playhead, timeline.generation) if self.sought else (timeline.shape,)

    @property
    def rows_are_late(self) -> bool:
        """Whether tasks were born for which there are no rows yet, or do something else than what is searched for."""
        return self._rows is not None and self._newest != self._rows_key[-1]

    def _may_wait(self, key: tuple[object, ...]) -> bool:
        """Tell whether only what is newest is missing, and laying rows anew would take all the time."""
        return key[:-1] == self._rows_key[:-1] and self._clock() < self._rows_late

    def find(self, text: str) -> None:
        """Show only the tasks whose name, state or call has `text` in it, now; all, if it is empty."""
        self.sought = text.strip().lower()

    def _found(self) -> set[int]:
        timeline, words = self.timeline, self.words
        return {
            lane.index
            for lane in timeline.lanes
            if self.sought in timeline.title(lane).lower()
            or self.sought in words.state(timeline, lane, self.playhead).lower()
            or self.sought in timeline.call_of(lane, self.playhead).lower()
        }

    @property
    def instead(self) -> list[str]:
        """What stands where the picture would be, while there is none: the program's last words, a traceback maybe."""
        if self.rows.rows or self.sought:
            return []
        said = self.timeline.prints[-_MOST_LINES_INSTEAD:]
        lines = "".join(entry.text for entry in said if entry.stream == "stderr").rstrip("\n").split("\n")
        return [line for line in lines if line][-_MOST_LINES_INSTEAD:]

    def label_width(self, most: int) -> int:
        """Give the cells that the labels need, one blank included."""
        return min(most, max(6, self.rows.widest) + 1)

    @property
    def chosen_row(self) -> int | None:
        """The row of the chosen task."""
        lane = self.chosen_lane
        return None if lane is None else self.rows.row_of(lane.index)

    def choose(self, direction: int) -> None:
        """Choose the next task down (1) or up (-1)."""
        row = self.rows.next_task(self.chosen_row, direction)
        if row is not None:
            self.chosen = self.rows.rows[row].lane

    def choose_row(self, row: int) -> None:
        """Choose the task of a row."""
        if 0 <= row < len(self.rows.rows):
            shown = self.rows.rows[row]
            lane = shown.lane if shown.roll is None else shown.roll.root
            self.chosen = self.chosen if lane is None else lane

    def fold(self) -> None:
        """Fold or unfold the children of the chosen task; of one that has none, the steps inside its awaits."""
        lane = self.chosen_lane
        if lane is not None and lane.index in self.folded:
            del self.folded[lane.index]
        elif lane is not None and lane.children:
            self.folded[lane.index] = Roll(self.timeline, lane.index)
            self._roll_up()
        else:
            self.folds_steps = not self.folds_steps
            self._keep_in_view()

    # -- the window --------------------------------------------------------------------------

    def switch_axis(self) -> None:
        """Go from steps to time and back; the playhead stays at its step."""
        self.axis = "time" if self.axis == "steps" else "steps"
        self._keep_in_view()

    def fold_idle(self) -> None:
        """Fold the long stretches in which nobody ran, or unfold them: on the time axis, which is shown then."""
        self.folds_idle = self.axis == "steps" or not self.folds_idle
        self.axis = "time"
        self._keep_in_view()

    def zoom_by(self, direction: Direction, *, at: int | None = None) -> None:
        """Zoom in (1) or out (-1) around the playhead, or around a cell of the picture."""
        self._window.zoom(self.moment, direction, at=at)
        self.following = self.following and at is None

    def fit(self) -> None:
        """Show as much as there is room for."""
        self._window.fit(self.moment)

    def pan(self, direction: Direction, *, cells: int | None = None) -> None:
        """Look left (-1) or right (1) by half a window or so many cells; the playhead stays where it is."""
        self._window.pan(self.moment, direction, cells=cells)
        self.following = False

    @property
    def _window(self) -> StepWindow | TimeWindow:
        return self.steps if self.axis == "steps" else self.times

    def _keep_in_view(self) -> None:
        self._window.keep_in_view(self.moment)

    @property
    def moment(self) -> Moment:
        """Where the playhead is."""
        timeline, tape = self.timeline, self.timeline.tape
        origin = timeline.runs[0].begun.t if timeline.runs else 0
        time = origin
        if self.playhead:
            moves = self.following or tape.endings[self.playhead] == Ending.OPEN
            time = timeline.horizon if moves else tape.ends[self.playhead]
        return Moment(
            playhead=self.playhead,
            end=self.end,
            time=time,
            origin=origin,
            now=timeline.horizon,
            following=self.following,
            width=self.width,
            column=tape.column_of(self.playhead, folded=self.folds_steps),
            columns=tape.count_columns(folded=self.folds_steps),
            folded=self.folds_steps,
            margin=timeline.room_for_words,
            timeline=timeline,
            folds_idle=self.folds_idle,
        )

    # -- what is drawn -----------------------------------------------------------------------

    @property
    def picture(self) -> StepsPicture | TimePicture:
        """The frame; the same object until something changes."""
        rows, view = self.rows, self._window.view(self.moment)
        key = (self.timeline.generation, id(rows), view)
        if self._picture is None or key != self._picture_key:
            self._picture = (
                StepsPicture(self.timeline, rows, view, self.words)
                if isinstance(view, StepsView)
                else TimePicture(self.timeline, rows, view, self.words, before=self._picture)
            )
            self._picture_key = key
        return self._picture

    def line(self, row: int) -> Line:
        """Draw a row of the frame, and on that of an owner that it has what the chosen task waits for."""
        line = self.picture.line(row)
        lane = self.chosen_lane
        owner = self.timeline.holders.owner_for(lane, self.playhead) if lane is not None else NOBODY
        if owner != NOBODY and self.rows.row_of(owner) == row:
            self.picture.mark_owner(line)
        return line

    def slot_at_column(self, column: int) -> int:
        """Give the slot that a column of the picture shows."""
        if self.axis == "steps":
            at = self.steps.column_at(self.moment, column)
            return self.timeline.tape.slots_of(at, folded=self.folds_steps)[1]
        return self.timeline.tape.slot_at(self.times.time_at(self.moment, column))

    @property
    def place(self) -> int:
        """The place for the source panel; NO_PLACE if unknown."""
        return marked_place(self)
