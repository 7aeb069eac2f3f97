"""The fold's part for runs: the sleeps of their loops, their clocks, how they are held and end."""

from __future__ import annotations

from triotrace import events as e
from triotrace.clean import clean
from triotrace.timeline.names import LIMIT_NAME
from triotrace.timeline.quiet import Quiet
from triotrace.timeline.records import Damage, Held, Run
from triotrace.timeline.tape import Ending, Tape

__all__ = ["RunFold"]


class RunFold:
    """What is known of runs, and what all parts of the fold share: the tape, the newest moment, the damages."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._on = 0
        """How many of them have not ended ..."""
        self._over = 0
        """... and when the last one that did ended."""
        self.tape = Tape()
        self.quiet = Quiet()
        self.held: list[Held] = []
        """The runs that stand at the gate; empty while the program moves."""
        self.gated = 0
        """How often the gate held or let go."""
        self.skipped: dict[int, int] = {}
        """Nanoseconds of sleep that were skipped on request, by slot."""
        self.damages: list[Damage] = []
        self.dropped = 0
        self.now = 0
        """The newest `t`."""
        self.shape = 0
        self._lane_of: dict[int, int] = {}
        self._run_of: dict[int, Run] = {}

    def _before_run(self, event: e.BeforeRun) -> None:
        self.now = max(self.now, event.t)
        run = Run(
            index=len(self.runs),
            run=event.run,
            begun=event,
            name=clean(event.name, LIMIT_NAME),
            thread=clean(event.thread, LIMIT_NAME),
            ties=[(event.t, event.trio_time)],
        )
        self.runs.append(run)
        self._on += 1
        self._run_of[event.run] = run
        self.quiet.begin(run.index, event.t)
        self.shape += 1

    def _before_io_wait(self, event: e.BeforeIoWait) -> None:
        self.now = event.t
        run = self._run_of.get(event.run)
        if run is None:
            self._damage(event.t, f"run {event.run} sleeps but never began")
            return
        if not run.alive:
            return  # trio closes its own shop
        run.asleep_since, run.waits = event.t, event
        self.quiet.sleep(run.index, event.t)
        if not run.slept:
            run.slept = True
            self.shape += 1
        if run.sleep_slot:
            # Only trio's own tasks ran in between: one sleep, as the audience sees it
            self.tape.endings[run.sleep_slot] = Ending.OPEN
        else:
            run.sleep_slot = self.tape.begin(-1 - run.index, event.t, before=run.last_slot)
            run.last_slot = run.sleep_slot
            self.tape.begin_turn(run.sleep_slot)

    def _after_io_wait(self, event: e.AfterIoWait) -> None:
        self.now = event.t
        run = self._run_of.get(event.run)
        if run is not None and run.asleep_since is not None:
            run.asleep_since = None
            self.quiet.wake(run.index, event.t)
            # The slot stays open until the next numbered step: deadlines are looked at after this event,
            # and threads come back through a task of trio's own
            self.tape.ends[run.sleep_slot] = event.t

    def _wake_up(self, run: Run, t: int) -> None:
        if run.sleep_slot and self.tape.endings[run.sleep_slot] == Ending.OPEN:
            end = t if run.asleep_since is not None else self.tape.ends[run.sleep_slot]
            self.tape.end(run.sleep_slot, end, Ending.WOKE)
            run.asleep_since = None

    def _clock(self, event: e.Clock) -> None:
        self.now = event.t
        run = self._run_of.get(event.run)
        if run is not None:
            run.ties.append((event.t, event.trio_time))

    def _paused(self, event: e.Paused) -> None:
        self.now = event.t
        known = [self._lane_of[task] for task in event.batch or () if task in self._lane_of]
        following = self._lane_of.get(event.next) if event.next is not None else None
        self.held.append(Held(event.t, event.run, following, tuple(known)))
        self.gated += 1
        run = self._run_of.get(event.run) if event.run is not None and event.next is not None else None
        if run is not None:
            self._wake_up(run, event.t)  # whom the sleep woke was told, and a clock's jump

    def _resumed(self, event: e.Resumed) -> None:
        self.now = event.t
        self.gated += 1
        for place, held in enumerate(self.held):
            if event.run is None or held.run == event.run:  # a log of version 1.0 does not say which
                del self.held[place]
                break

    def _skipped(self, event: e.Skipped) -> None:
        self.now = event.t
        run = self._run_of.get(event.run)
        if run is not None:
            slot = run.sleep_slot or len(self.tape)
            self.skipped[slot] = self.skipped.get(slot, 0) + event.to - event.from_

    def _after_run(self, event: e.AfterRun) -> None:
        self.now = event.t
        run = self._run_of.get(event.run)
        if run is not None:
            self._wake_up(run, event.t)
            self._on -= run.ended is None
            run.ended, run.result, run.error = event.t, event.result, event.error
            self.shape += event.error is not None  # its heading may say so
            self._over = max(self._over, event.t)
            self.quiet.end(run.index, event.t)
            self.held = [held for held in self.held if held.run != event.run]

    @property
    def stands(self) -> bool:
        """Tell whether no run can move: one is held, and each other one, too, or it sleeps."""
        held = {held.run for held in self.held}
        return bool(held) and all(
            run.ended is not None or run.run in held or run.asleep_since is not None for run in self.runs
        )

    @property
    def is_over(self) -> bool:
        """Tell whether there were runs, and all have ended: what the program does then is not trio's."""
        return bool(self.runs) and all(run.ended is not None for run in self.runs)

    def _damage(self, t: int, text: str) -> None:
        self.damages.append(Damage(t, text))
