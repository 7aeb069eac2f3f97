"""One tape: the playhead moves on what is recorded, and at its end it moves the living program. No Textual here.

A look back pauses a running program; going forward at the end lets it take its next step; playing runs through the tape
and then into the program. A finished tape has the same keys, and a program that does nothing.
"""

from __future__ import annotations

import math

from triotrace.viewer.program import Program
from triotrace.viewer.scene import Scene

__all__ = ["PACES", "Player"]

PACES = (1.0, 2.0, 4.0, 8.0, math.inf)
"""Steps a second; infinite is real time."""


class Player:
    """What the keys do to the tape, the picture and the program."""

    def __init__(self, scene: Scene, program: Program) -> None:
        self.scene = scene
        self.program = program
        self.begins_to_play = False
        """Set when `tick` is wanted from now on."""

    # -- the tape and the program --------------------------------------------------------------

    def next(self) -> None:
        """Go to the next step; at the end of the tape the program takes it."""
        if not self.program.living or not self._at_end:
            self.scene.move(1)
        else:
            self.scene.go_to_now()
            self.program.step()

    def previous(self) -> None:
        """Go to the previous step."""
        self.look_back()
        self.scene.move(-1)

    def play(self) -> None:
        """Play the tape, then the program; or pause what moves."""
        scene, program = self.scene, self.program
        if scene.playing:
            scene.hold()
        elif program.living and not program.paused:
            program.pause()
        elif program.living and self._at_end:
            program.resume()
            scene.go_to_now()
        else:
            scene.play()
            self.begins_to_play = True

    def tick(self) -> bool:
        """Play a step of the tape; tell whether there is another one. At the end the program goes on."""
        if not self.scene.playing:
            return False
        self.scene.tick()
        if not self.scene.playing and self.program.living:
            self.program.resume()
            self.scene.go_to_now()
        return self.scene.playing

    @property
    def _at_end(self) -> bool:
        """Who follows is at the end, though the tape may have grown since the last look."""
        return self.scene.following or self.scene.playhead >= self.scene.end

    @property
    def rest(self) -> float:
        """Seconds until the next tick."""
        return self.scene.seconds_to_next(self.program.pace)

    def slower(self) -> None:
        """Take fewer steps a second."""
        self._take_pace([pace for pace in PACES if pace < (self.program.pace or math.inf)][-1:])

    def faster(self) -> None:
        """Take more steps a second."""
        self._take_pace([pace for pace in PACES if pace > (self.program.pace or math.inf)][:1])

    def _take_pace(self, chosen: list[float]) -> None:
        for pace in chosen:
            self.program.set_pace(None if math.isinf(pace) else pace)

    def home(self) -> None:
        """Go before the first step."""
        self.look_back()
        self.scene.go_home()

    def now(self) -> None:
        """Go to the end and follow."""
        self.scene.go_to_now()

    def next_of_task(self) -> None:
        """Go to the chosen task's next step."""
        self.scene.to_step_of_chosen(1)

    def previous_of_task(self) -> None:
        """Go to the chosen task's previous step."""
        self.look_back()
        self.scene.to_step_of_chosen(-1)

    def to_waker(self) -> None:
        """Go to the step that made this one ready."""
        self.look_back()
        self.scene.to_waker()

    def back_from_waker(self) -> None:
        """Come back from there."""
        self.scene.back_from_waker()

    def look_back(self) -> None:
        """Pause a running program: who looks back wants to see what is now."""
        if self.program.living and not self.program.paused:
            self.program.pause()

    # -- the mouse -----------------------------------------------------------------------------

    def point(self, row: int | None, cell: int | None) -> None:
        """Choose the task of a row, and go to the step that a cell shows; a second click on a name folds the task."""
        scene, before = self.scene, self.scene.chosen
        if cell is not None:
            self.drag(cell)
        if row is not None:
            scene.choose_row(row)
            again = cell is None and before is not None and before == scene.chosen and scene.chosen_row == row
            if again and scene.timeline.lanes[before or 0].children:
                scene.fold()

    def drag(self, cell: int) -> None:
        """Go to the step that a cell of the picture shows."""
        self.go(self.scene.slot_at_column(cell))

    def go(self, slot: int) -> None:
        """Go to a step."""
        self.look_back()
        self.scene.go(slot)

    # -- the picture ---------------------------------------------------------------------------

    def down(self) -> None:
        """Choose the task below."""
        self.scene.choose(1)

    def up(self) -> None:
        """Choose the task above."""
        self.scene.choose(-1)

    def down_more(self) -> None:
        """Choose ten below."""
        self.scene.choose(10)

    def up_more(self) -> None:
        """Choose ten above."""
        self.scene.choose(-10)

    def nobody(self) -> None:
        """Let the choice follow the playhead, and show all tasks."""
        self.scene.choose_nobody()
        self.scene.find("")

    def fold(self) -> None:
        """Fold or unfold the chosen task's children."""
        self.scene.fold()

    def gone(self) -> None:
        """Show or hide the tasks that are gone."""
        self.scene.hide_gone = not self.scene.hide_gone

    def system(self) -> None:
        """Show or hide trio's and libraries' tasks."""
        self.scene.show_system = not self.scene.show_system

    def axis(self) -> None:
        """Switch the axis."""
        self.scene.switch_axis()

    def fold_idle(self) -> None:
        """Fold or unfold what is idle for long."""
        self.scene.fold_idle()

    def zoom_in(self) -> None:
        """Zoom in."""
        self.scene.zoom_by(1)

    def zoom_out(self) -> None:
        """Zoom out."""
        self.scene.zoom_by(-1)

    def fit(self) -> None:
        """Fit all into the window."""
        self.scene.fit()

    def pan_left(self) -> None:
        """Look left."""
        self.scene.pan(-1)

    def pan_right(self) -> None:
        """Look right."""
        self.scene.pan(1)
