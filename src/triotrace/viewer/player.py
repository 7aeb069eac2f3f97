"""One tape: the playhead moves on what is recorded, and at its end it moves the living program. No Textual here.

A look back pauses a running program; going forward at the end lets it take its next step; playing runs through the tape
and then into the program. A finished tape has the same keys, and a program that does nothing.

A press of → is one slot of the tape, always: where the program has told more than one at once, as a step and the sleep
after it, the playhead takes them one by one; where it has told none, as at the end of a sleep, it is asked again. It is
asked to go forward once at a time: the answer is that no run can move any more.
"""

from __future__ import annotations

import math

from triotrace.timeline.lanes import Lane
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
        self.say = scene.words.catalogue.gettext
        self.begins_to_play = False
        """Set when `tick` is wanted from now on."""
        self.told = ""
        """What there is to say about the last key, until somebody has said it."""
        self.seeks: Lane | None = None
        """The task to whose next step the program is on its way ..."""
        self._from = 0
        """... and where the playhead was."""
        self._furthest = 0
        """The last slot that was shown: from it on going forward is the program's."""
        self._asked: int | None = None
        """How often the gate had held or let go when the program was asked to go forward; None: it has answered."""

    def start_anew(self, program: Program) -> None:
        """Drive another run of the program; nothing of the old one stays."""
        self.program = program
        self.told, self.seeks, self._asked, self.begins_to_play = "", None, None, False
        self._from = self._furthest = 0

    def follow_up(self) -> None:
        """The timeline has learnt something: go on with what was asked for."""
        if self.seeks is not None:
            self._seek(self.seeks)
        self._go_forward()
        if self.scene.wanted is None:
            self._furthest = max(self._furthest, self.scene.playhead)

    # -- the tape and the program --------------------------------------------------------------

    def next(self) -> None:
        """Go to the next step; at the end of the tape the program takes it."""
        scene, program = self.scene, self.program
        if not program.living:
            if scene.wanted is None:  # else its last words are not read yet
                scene.move(1)
        elif self._at_end and self._is_over():
            return
        elif self._at_end and (not program.paused or self.seeks is not None):
            self._stop_seeking()
            scene.go_to_now()
            program.step()  # which pauses it
        elif not (scene.in_open_sleep and self._waits and self._waits_outside):
            at = scene.wanted or (scene.end if scene.following else scene.playhead)
            scene.want(at + 1)
            self._go_forward()

    def _go_forward(self) -> None:
        """Ask the program for what the playhead is on its way to, if it is not on the tape yet."""
        scene = self.scene
        if scene.wanted is None:
            return
        scene.draw_near()
        ends_sleep = scene.in_open_sleep and scene.playhead > self._furthest
        if scene.timeline.ended or (scene.playhead == scene.wanted and not ends_sleep):
            scene.wanted = None  # the end of a step that is under way comes by itself
        elif self.program.living and not self._waits:
            self._asked = scene.timeline.gated
            if scene.playhead == scene.wanted:
                scene.wanted = None  # the end of its sleep is all that is wanted
            self.program.step()

    @property
    def _waits(self) -> bool:
        """Whether the program was asked to go forward, and has not come to stand since."""
        timeline = self.scene.timeline
        if self._asked is not None and timeline.gated > self._asked and timeline.stands:
            self._asked = None
        return self._asked is not None

    @property
    def _waits_outside(self) -> bool:
        """Whether something else than time may end a sleep."""
        waits = [run.waits for run in self.scene.timeline.runs if run.asleep_since is not None and run.waits]
        return any(wait.readers + wait.writers + wait.threads + wait.signals for wait in waits)

    def _is_over(self) -> bool:
        """Tell whether trio has ended, and say so: the program is not ours to drive then."""
        over = self.scene.timeline.is_over
        if over:
            self.told = self.say("trio has ended: the program goes on by itself")
        return over

    def previous(self) -> None:
        """Go to the previous step."""
        self.look_back()
        self.scene.move(-1)

    def play(self) -> None:
        """Play the tape, then the program; or pause what moves."""
        scene, program = self.scene, self.program
        if self.seeks is not None:
            self._stop_seeking()
        elif scene.playing:
            scene.hold()
        elif program.living and self._at_end and self._is_over():
            return
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
        """Go to the chosen task's next step; where the tape does not have it, the program goes on until then."""
        scene, lane = self.scene, self.scene.chosen_lane
        if self.seeks is not None or scene.to_step_of_chosen(1):
            return
        if lane is None:
            self.next()  # nobody has run yet: whoever comes first
        elif not self._has_ended(lane) and not self._is_over():
            self.seeks, self._from = lane, scene.end if scene.following else scene.playhead
            scene.go_to_now()
            self.program.step_until(lane.task)

    def _seek(self, lane: Lane) -> None:
        """Go to the step that is sought, once it is there, and hold the program."""
        scene = self.scene
        before, scene.playhead = scene.playhead, self._from
        if scene.to_step_of(lane, 1):
            self._stop_seeking()
            return
        scene.playhead = before
        if self._has_ended(lane) or self._is_over():
            self._stop_seeking()

    def _has_ended(self, lane: Lane) -> bool:
        """Tell whether a task takes no further step, and say so."""
        timeline = self.scene.timeline
        run = timeline.run_of(lane)
        ended = lane.result is not None or not self.program.living or (run is not None and run.ended is not None)
        if ended:
            self.told = self.say("{name} takes no further step").format(name=timeline.title(lane))
        return ended

    def _stop_seeking(self) -> None:
        if self.seeks is not None:
            self.seeks = None
            self.program.pause()

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
            self.seeks = None
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
