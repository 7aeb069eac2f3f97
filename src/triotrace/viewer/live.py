"""What is watched, and when it is looked at: a source is read in the background, its timeline looked at on a timer.

trio runs as a guest inside Textual's loop. Its two tasks write the Timeline only; no widget is touched from trio.
A program that is run again brings a new source and a new timeline; the scene, with its axis and zoom, stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import os
import time
from collections.abc import Callable
from gettext import NullTranslations

import textual.screen
from textual.app import App
from textual.worker import WorkerCancelled, WorkerFailed

from triotrace.errors import TriotraceError
from triotrace.source import Source
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words
from triotrace.viewer.failures import Failures, Keep, guard_messages
from triotrace.viewer.guest import run_trio_guest
from triotrace.viewer.player import Player
from triotrace.viewer.program import Program
from triotrace.viewer.reader import Reader
from triotrace.viewer.scene import Axis, Scene
from triotrace.viewer.status import Status

__all__ = ["Again", "LiveApp"]

Again = Callable[[bool], tuple[Source, Program]]
"""Ends a program and starts it anew, held before its first step if asked to."""

_FRAMES_PER_SECOND = 17
_LOADING_SECONDS = 0.25
"""Between two looks at a log that is being read."""
_WATCH_SECONDS = 0.1
"""Between two looks whether somebody has told that a file was saved."""
_ONCE_MORE = (0.1, 0.5, 1.5)
if "TEXTUAL_FPS" not in os.environ:
    # Two frames that follow each other closely, a key's and the program's answer, need not be two sixtieths apart
    textual.screen.UPDATE_PERIOD = 1 / 240  # type: ignore[misc]  # Final there, and read anew by each screen
_QUIET = 100_000_000
"""Nanoseconds without an event after which the viewer lets its own clock run on."""


class LiveApp(App[None]):
    """Reads a source, and calls `redraw` whenever there is something new to be seen."""

    def __init__(
        self,
        source: Source,
        *,
        program: Program,
        axis: Axis = "steps",
        catalogue: NullTranslations | None = None,
        again: Again | None = None,
        changed: Callable[[], bool] | None = None,
        plays: bool = False,
        keep_traceback: Keep = lambda _: None,
    ) -> None:
        super().__init__()
        guard_messages()
        self.failures = Failures(keep_traceback)
        self.crash: Exception | None = None
        """Why there is no screen."""
        self._stands = False
        """Whether there is a screen on which a failure can be told."""
        self.words = Words(catalogue)
        self.say = self.words.catalogue.gettext
        self.again = again
        self.changed = changed
        self.plays = plays
        """Whether the tape is played once it is read."""
        self.restarting = False
        self.failure: TriotraceError | None = None
        self.timeline = Timeline()
        self.scene = Scene(self.timeline, axis=axis, words=self.words)
        self.player = Player(self.scene, program)
        self.reader = Reader(source, self.timeline, news=self._hear_news, failed=self.failures.take)
        self.status = Status(self.player, self.words)
        self.began = time.monotonic()
        self._look_soon = False
        self._look_again = 0.0
        self._textual_loop: asyncio.AbstractEventLoop | None = None
        self._left_by: int | None = None
        """The signal that wants us to leave."""
        self._seen: tuple[object, ...] = ()
        self._draw_again: list[float] = []
        """When the last picture is drawn once more."""
        self._told = (-1, 0, 0)
        """The last generation that was read, its `t`, and our own clock then."""

    def tell(self) -> None:
        """Say what there is to say about the last key, and no more about the one before."""
        if self.player.told:
            self.clear_notifications()
            self.notify(self.player.told, markup=False)
            self.player.told = ""

    def start_anew(self) -> None:
        """Let nothing of an old run stay on the screen: another begins."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw everything anew: the scene has changed."""
        raise NotImplementedError

    # -- life ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to read, and to look."""
        self._textual_context = contextvars.copy_context()
        self._textual_loop = asyncio.get_running_loop()
        if self._left_by is not None:
            self.leave_by(self._left_by)
        self._begin_to_read()
        self.set_interval(1 / _FRAMES_PER_SECOND, self.look)
        if self.changed is not None:
            self.set_interval(_WATCH_SECONDS, self._look_for_changes)
        # Textual's strips hold themselves in their caches, so each frame leaves garbage: collected in small portions,
        # or a frame would wait for it, while what is old (all of Textual, the lanes) is left alone
        gc.collect()
        gc.freeze()
        gc.set_threshold(3_000, 20, 1_000)
        self._stands = True

    def _handle_exception(self, error: Exception) -> None:
        """Tell what failed, and go on; before there is a screen, the viewer ends."""
        if self._stands:
            self.failures.take(error)
        else:
            self.crash = self.crash or error
            super()._handle_exception(error)
            self._exit_renderables.clear()  # who started the viewer says it in a line

    def leave_by(self, number: int) -> None:
        """Leave because of a signal. Called by its handler: between any two instructions."""
        self._left_by = number
        if self._textual_loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed: we have left already
                self._textual_loop.call_soon_threadsafe(self.exit, None, 128 + number, context=self._textual_context)

    async def on_unmount(self) -> None:
        """Let the guest come to its end before the loop does."""
        self.workers.cancel_all()
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await self.workers.wait_for_complete()

    def _begin_to_read(self) -> None:
        self._worker = self.run_worker(run_trio_guest(self.reader.run), name="reader", exit_on_error=True)

    def _hear_news(self) -> None:
        """Look at once if somebody pressed a key and waits for what it did. Called from trio: no widget is touched."""
        if (self.player.program.paused or not self.reader.reading) and not self._look_soon:
            assert self._textual_loop is not None  # who reads was mounted
            self._look_soon = True
            self._textual_loop.call_soon(self.look, context=self._textual_context)

    # -- looking -------------------------------------------------------------------------------

    def look(self) -> None:
        """Redraw if there is something new, or if time has passed in a living program."""
        self._look_soon = False
        if not self.reader.reading:
            self._end_reading()
        elif self._loads() and self.scene.end and time.monotonic() < self._look_again:
            return
        self._look_again = time.monotonic() + _LOADING_SECONDS
        self._let_time_pass()
        seen = (
            self.timeline.generation,
            self.player.program.living,
            self.failures.attempt(self.said_state, ""),
            self.failures.line,
        )
        now = time.monotonic()
        if seen != self._seen or self.scene.rows_are_late:
            self._seen = seen
            # Textual may lose a frame on a busy machine: what was drawn last is drawn some more times
            self._draw_again = [now + seconds for seconds in _ONCE_MORE]
            self.failures.attempt(self.scene.update, None)
            self.failures.attempt(self.player.follow_up, None)
            self.tell()
            self.redraw()
        elif self._draw_again and now >= self._draw_again[0]:
            self._draw_again.pop(0)
            self.redraw()

    def _loads(self) -> bool:
        """Tell whether a log is read that is there already: then reading goes before drawing."""
        return not self.player.program.living and not self.scene.playing

    def said_state(self) -> str:
        """Say what the program does, or what is done with it."""
        if self.restarting:
            return self.say("… starting again")
        return self.status.said(reading=self.reader.reading, progress=self.reader.source.progress)

    def _end_reading(self) -> None:
        if self.reader.failure is not None and self.failure is None:
            self.failure = self.reader.failure
            if self.player.program.living and self.scene.end:
                self.failures.say(str(self.failure))  # the program goes on, and what was read stays on the screen
            else:
                self.exit()
        elif self.plays:
            self.plays = False
            self.player.play()
            self.play_on()
            self.redraw()

    def _let_time_pass(self) -> None:
        """Between two events of a living program, its clock goes on: a sleep and a long step grow before our eyes."""
        timeline, wall = self.timeline, time.monotonic_ns()
        if timeline.generation != self._told[0]:
            self._told = (timeline.generation, timeline.now, wall)
        elif self.player.program.living and timeline.runs and not timeline.held and wall - self._told[2] > _QUIET:
            now = self._told[1] + wall - self._told[2]
            if now - timeline.now > _QUIET:
                timeline.now = now
                timeline.generation += 1
                self._told = (timeline.generation, *self._told[1:])

    def play_on(self) -> None:
        """Play step after step of the tape from now on, if somebody just asked for that."""
        if self.player.begins_to_play:
            self.player.begins_to_play = False
            self.set_timer(self.player.rest, self._play)

    def _play(self) -> None:
        """Play a step of the tape, and rest on it."""
        if self.player.tick():
            self.set_timer(self.player.rest, self._play)
        self.redraw()

    # -- again ---------------------------------------------------------------------------------

    def _look_for_changes(self) -> None:
        if self.changed is not None and not self.restarting and self.changed():
            self.run_again()

    def run_again(self) -> None:
        """End the program and start it anew, if there is one and this is not being done already."""
        if self.again is not None and not self.restarting:
            self.restarting = True
            self.run_worker(self._start_again(self.again), name="again", exit_on_error=True)
            self.redraw()

    async def _start_again(self, again: Again) -> None:
        self._worker.cancel()
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await self._worker.wait()
        try:
            # It waits for the old program to end
            source, program = await asyncio.to_thread(again, self.player.program.paused)
        except TriotraceError as error:
            self.failures.say(str(error))  # in the middle of an edit a file may be gone: the next try may find it
            return
        finally:
            self.restarting = False
        self.failures.forget()
        self.failure = None
        self.timeline = Timeline()
        self.began = time.monotonic()
        self.scene.start_anew(self.timeline)
        self.player.start_anew(program)
        self._told, self._seen, self._draw_again = (-1, 0, 0), (), []
        self.clear_notifications()
        self.start_anew()
        self.reader = Reader(source, self.timeline, news=self._hear_news, failed=self.failures.take)
        self._begin_to_read()
        self.redraw()
