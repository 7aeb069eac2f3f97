"""What the program does right now, in a few words: the corner of the screen to which the eye goes first."""

from __future__ import annotations

from triotrace.timeline.words import Words
from triotrace.viewer.player import Player

__all__ = ["Status"]


class Status:
    """Says the state of a player's program, or of its tape."""

    def __init__(self, player: Player, words: Words) -> None:
        self.player = player
        self.say = words.catalogue.gettext

    def said(self, *, reading: bool) -> str:
        """Say it; `reading` tells whether there is more of the log to come."""
        scene, program, say = self.player.scene, self.player.program, self.say
        if scene.playing:
            return say("▶ PLAYING") + self._pace
        if not program.living:
            return self._ending(reading=reading)
        if program.paused:
            return (say("❚❚ PAUSED") if scene.timeline.held else say("❚❚ PAUSING")) + self._pace
        return (say("● RUNNING") if scene.following else say("● RUNNING · looking back")) + self._pace

    @property
    def _pace(self) -> str:
        pace = self.player.program.pace
        return "" if pace is None else " · " + self.say("{steps} steps/s").format(steps=f"{pace:g}")

    def _ending(self, *, reading: bool) -> str:
        footer = self.player.scene.timeline.footer
        if footer is None or footer.exit is None:
            return self.say("… reading") if reading else self.say("■ ENDED")
        if footer.exit < 0:
            return self.say("■ KILLED by signal {number}").format(number=-footer.exit)
        return self.say("■ ENDED, exit {status}").format(status=footer.exit)
