"""What the program does right now, in a few words: the corner of the screen to which the eye goes first."""

from __future__ import annotations

from triotrace.timeline.ends import error_name, interrupted
from triotrace.timeline.outside import Outsiders
from triotrace.timeline.widths import shorten
from triotrace.timeline.words import Words
from triotrace.viewer.player import Player

__all__ = ["Status"]


_BAR = 12
_BETWEEN_RUNS = 300_000_000
"""Nanoseconds after a run's end in which another may follow, as each test under pytest is one: the header is calm."""
_NAME = 20
"""Cells for a task's name."""
_FAR_BEHIND = 1_000_000
"""Bytes of the log that are not read yet: the picture of a busy program is then a little old, and says so."""


class Status:
    """Says the state of a player's program, or of its tape."""

    def __init__(self, player: Player, words: Words) -> None:
        self.player = player
        self.say = words.catalogue.gettext

    def said(self, *, reading: bool, progress: tuple[int, int] = (0, 0)) -> str:
        """Say it.

        Args:
            reading: whether there is more of the log to come.
            progress: how many bytes of it were read, of how many.
        """
        scene, program, say = self.player.scene, self.player.program, self.say
        read, size = progress
        if scene.playing:
            return say("▶ PLAYING") + self._pace
        if not program.living:
            return self._ending(reading=reading, share=read / size if size else 0)
        if scene.timeline.is_over and scene.timeline.now - scene.timeline.horizon >= _BETWEEN_RUNS:
            return say("● trio has ended · the program goes on")
        if self.player.seeks is not None:
            name = scene.timeline.title(self.player.seeks)
            return say("● RUNNING to the next step of {name}").format(name=shorten(name, _NAME))
        if program.paused:
            return self._pause + self._pace
        state = say("● RUNNING") if scene.following else say("● RUNNING · looking back")
        behind = size - read
        lag = " · " + say("{megabytes} MB behind").format(megabytes=behind // 1_000_000)
        return state + self._pace + (lag if behind >= _FAR_BEHIND else "")

    @property
    def _pause(self) -> str:
        """Where the program stands at the gate, or why it has not come there."""
        timeline, say = self.player.scene.timeline, self.say
        if timeline.held:
            moving = [run.index + 1 for run in timeline.runs if run.ended is None and run.running is not None]
            if moving and not timeline.stands:
                return say("❚❚ PAUSED · run {number} is in a step").format(number=moving[0])
            return say("❚❚ PAUSED")
        if any(run.running is not None for run in timeline.runs):
            return say("❚❚ PAUSING")
        # What comes from outside cannot be held back: the gate is before the step that it brings
        asleep = [Outsiders.of(run.waits) for run in timeline.runs if run.asleep_since is not None]
        if any(outside.descriptors for outside in asleep):
            return say("❚❚ PAUSING · waits for I/O")
        if any(outside.processes for outside in asleep):
            return say("❚❚ PAUSING · waits for a process")
        if any(outside.threads for outside in asleep):
            return say("❚❚ PAUSING · waits for a thread")
        if any(outside.signals for outside in asleep):
            return say("❚❚ PAUSING · waits for a signal")
        return say("❚❚ PAUSING")

    @property
    def _pace(self) -> str:
        pace = self.player.program.pace
        return "" if pace is None else " · " + self.say("{steps} steps/s").format(steps=f"{pace:g}")

    def _ending(self, *, reading: bool, share: float) -> str:
        footer = self.player.scene.timeline.footer
        if footer is None or footer.exit is None:
            if reading and share:
                bar = "█" * round(_BAR * share)
                return self.say("… reading") + f" {bar:░<{_BAR}} {int(100 * share)} %"
            return self.say("… reading") if reading else self.say("■ ENDED")
        # What Python makes of Ctrl+C is a signal or a status, as it happens
        errors = [run.error for run in self.player.scene.timeline.runs if interrupted(run.error)]
        by = f" · {error_name(errors[-1])}" if errors else ""
        if footer.exit < 0:
            return self.say("■ KILLED by signal {number}").format(number=-footer.exit) + by
        return self.say("■ ENDED, exit {status}").format(status=footer.exit) + by
