"""The traced process itself: from the moment it imports trio to its end. `inject/sitecustomize.py` calls `install`."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from types import ModuleType
from typing import Any, Protocol

import trio

from triotrace.tracing import active, order, output
from triotrace.tracing.control import Control
from triotrace.tracing.gate import Gate
from triotrace.tracing.live_clock import LiveClock, RunClock
from triotrace.tracing.patches import Patches
from triotrace.tracing.recorder import Recorder
from triotrace.tracing.runs import PATCHES
from triotrace.tracing.spills import Spills
from triotrace.tracing.tracer import Tracer
from triotrace.tracing.watchdog import Watchdog
from triotrace.tracing.writer import LogWriter

__all__ = ["install"]


class Inside(Protocol):
    """What sitecustomize knows."""

    agreed: dict[str, Any]
    pid: int
    descriptor: int | None
    origin: int | None

    def tell(self, **entry: object) -> None:
        """Put an entry into the status file."""

    def claim(self) -> bool:
        """Create the log."""

    def restore_environment(self) -> None:
        """Take our variables away."""


class Session:
    """The tracing of this process."""

    def __init__(self, inside: Inside, raise_descriptor: Callable[[int], int]) -> None:
        self._inside = inside
        self._raise = raise_descriptor
        self._lock = threading.Lock()
        self._begun = False
        self._counts_steps = False
        self._ran = False
        self._prints = False
        self.recorder: Recorder | None = None
        self._writer: LogWriter | None = None
        self._watchdog: Watchdog | None = None
        self._gate: Gate | None = None
        self._control: Control | None = None
        self.patches = Patches()

    def instruments(self) -> tuple[trio.abc.Instrument, ...]:
        """Return what a run that begins now is to be given; nothing where it is not to be traced."""
        with self._lock:
            if not self._begun and not self.begin():
                return ()
        recorder = self.recorder
        if recorder is None or recorder.closed:
            return ()
        if not self._ran:
            self._ran = True
            self._inside.tell(run=1)
        tracer = Tracer.sharing(recorder, self._watchdog, self._gate)
        return (tracer, order.StepCounter()) if self._counts_steps else (tracer,)

    def begin(self) -> bool:
        """Open the log, if it can be ours; tell whether it is."""
        self._begun = True
        inside, agreed = self._inside, self._inside.agreed
        if agreed["claim"] == "first":
            claimed = inside.claim()
            inside.restore_environment()
            if not claimed:
                return False
        if inside.descriptor is None or inside.pid != os.getpid():  # a fork of the process whose log it is
            return False
        writer = self._writer = LogWriter(
            inside.descriptor,
            agreed["log"],
            max_size=agreed["max_size"],
            raise_descriptor=self._raise,
            on_loss=lambda reason, events: inside.tell(lost=reason, count=events),
        )
        clock = self._connect()
        recorder = self.recorder = Recorder(
            writer.take,
            write=writer.write,
            now=perf_counter_ns if clock is None else clock.now,
            origin=inside.origin,
            source=agreed["source"],
            mine=agreed["mine"],
            on_failure=self._report,
        )
        active.log.recorder = recorder
        watchdog = self._watchdog = Watchdog(recorder)
        recorder.nudge = watchdog.wake
        if self._control is not None:
            watchdog.companions.append(self._control.start)
        os.register_at_fork(before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._forget)
        atexit.register(self._end)
        run = sys.modules.get("trio._core._run")
        if run is not None:
            self._counts_steps = order.arrange(run, agreed["order"], self.patches)
        PATCHES.hold(self)  # between the runs, too: a class that changes very often is no longer cached by Python
        if agreed["output"]:
            capture = agreed["capture"]
            output.install(recorder, captured=capture is not None)
            if capture is not None:
                spills = Spills(recorder, capture, lambda consumed: inside.tell(consumed=[consumed]))
                recorder.gather(spills.read)
                recorder.afterwards(spills.note)
        return True

    def _connect(self) -> LiveClock | None:
        """Let the parent command us, if it wants to; return the clock that it can stop."""
        agreed = self._inside.agreed
        if agreed.get("control") is None:
            return None
        clock = LiveClock()
        control = Control(agreed["control"], raise_descriptor=self._raise)
        gate = Gate(clock, answer=control.answer, paused=agreed["paused"], pace=agreed["pace"])
        if not control.connect(gate):
            return None  # the parent is gone already
        self._gate, self._control = gate, control
        return clock

    def clock_for(self, clock: object) -> object:
        """Return the clock of a run that begins now: its own, if it brings one."""
        if clock is not None or self._gate is None or self.recorder is None or self.recorder.closed:
            return clock
        return RunClock(self._gate.clock)

    def _report(self, error: BaseException) -> None:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "" if place is None else f" in {place.tb_frame.f_code.co_qualname}, line {place.tb_lineno}"
        # The log has a `dropped` event for it, so it counts none here.
        self._inside.tell(lost=f"triotrace itself failed: {type(error).__name__}: {error}{where}", count=0)

    def _end(self) -> None:
        """The interpreter ends. What is printed from here on goes where it would have gone."""
        self._give_back()
        if self.recorder is None or self.recorder.closed or self._writer is None or self._watchdog is None:
            output.remove_all()
            return
        self._watchdog.stop()
        output.finish_all()
        output.remove_all()
        if self._control is not None:
            self._control.stop()
        self.recorder.flush()
        self.recorder.close()
        self._writer.close()

    def _give_back(self) -> None:
        """Leave trio as it was."""
        PATCHES.release(self)
        self.patches.undo()

    def _before_fork(self) -> None:
        """End our threads: a living one makes a fork warn. Another run's hooks must not begin them meanwhile."""
        if self._watchdog is not None:
            self._watchdog.forks += 1
            self._watchdog.stop()
        if self._control is not None:
            self._control.stop()

    def _after_fork(self) -> None:
        """Let the next hook begin them anew; where the loop sleeps, it is woken for that."""
        if self._watchdog is not None:
            self._watchdog.forks -= 1
        if self._gate is not None:
            self._gate.stir()

    def _forget(self) -> None:
        """A fork writes nothing: the log, and the events that were pending, are its parent's."""
        self._give_back()
        output.remove_all()
        if self.recorder is not None:
            self.recorder.close()
        if self._writer is not None:
            self._writer.stop()
        if self._control is not None:
            self._control.forget()


def install(inside: Inside, raise_descriptor: Callable[[int], int]) -> None:
    """Trace the runs of trio that this process starts."""
    inside.tell(trio=trio.__version__)
    session = Session(inside, raise_descriptor)
    if inside.agreed["claim"] == "self":
        session.begin()  # what is printed between the runs belongs to the log, too
    run = sys.modules.get("trio._core._run")
    if run is None or not _patch_setup(run, session):
        _patch_public(session)


def _patch_setup(run: ModuleType, session: Session) -> bool:
    """Give each run its tracer where all kinds of runs pass, if this trio has that place."""
    original = getattr(run, "setup_runner", None)
    code = getattr(original, "__code__", None)
    if original is None or code is None or code.co_varnames[:2] != ("clock", "instruments"):
        return False

    def setup_runner(clock: object, instruments: Sequence[trio.abc.Instrument], *args: object, **kwargs: object) -> Any:
        ours = session.instruments()
        return original(session.clock_for(clock) if ours else clock, [*instruments, *ours], *args, **kwargs)

    session.patches.replace(run, "setup_runner", setup_runner)
    return True


def _patch_public(session: Session) -> None:
    """Give each run its tracer where a program calls trio by its public names."""
    for module, name in ((trio, "run"), (trio.lowlevel, "start_guest_run")):
        session.patches.replace(module, name, _adding(getattr(module, name), session))


def _adding(original: Callable[..., Any], session: Session) -> Callable[..., Any]:
    def run(
        *args: object, clock: object = None, instruments: Sequence[trio.abc.Instrument] = (), **kwargs: object
    ) -> Any:
        ours = session.instruments()
        clock = session.clock_for(clock) if ours else clock
        return original(*args, clock=clock, instruments=[*instruments, *ours], **kwargs)

    run.__name__ = run.__qualname__ = original.__name__
    return run
