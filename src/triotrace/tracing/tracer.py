"""The hooks of a trio run become events.

What trio tells, and when:
- `task_exited` comes before the task's last `after_task_step`; a checkpoint's `task_scheduled` within its own step.
- Between `before_io_wait` and `after_io_wait` I/O wakes tasks; after it, and before the next step, timers do.
- An `id()` recurs at once, so records are kept by task, and a task is let go in its last hook.
- A hook that raises takes the instrument away: none of ours does. Each counts what it could not tell, and goes on.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import NoReturn

import trio
from outcome import Error as ErrorOutcome

from triotrace.events import (
    AfterTaskStep,
    BeforeIoWait,
    BeforeTaskStep,
    Cause,
    Event,
    TaskExited,
    TaskScheduled,
)
from triotrace.tracing import births, privates, runs
from triotrace.tracing.causes import cause_of, waited_for
from triotrace.tracing.dispatch import take_over
from triotrace.tracing.ends import raised_at, returned_at
from triotrace.tracing.gate import Gate
from triotrace.tracing.leave import forget
from triotrace.tracing.outcomes import judge
from triotrace.tracing.record import Record
from triotrace.tracing.recorder import Recorder
from triotrace.tracing.resting import polled
from triotrace.tracing.signals import raised_by_handler, throw_into
from triotrace.tracing.state import Guard, State
from triotrace.tracing.tasks import look_closer

__all__ = ["Tracer"]

PEEKS = privates.PEEKS

_LATE = 20_000_000
"""A busy loop never sleeps: its events go out after so many nanoseconds all the same."""


class _Here(threading.local):
    """What a tracer knows of the run in this thread: one may watch runs in several threads at once."""

    def __init__(self, recorder: Recorder, guard: Guard | None) -> None:
        self.state = State(recorder, guard)
        self.owed: list[BaseException] = []  # what the program's own handlers of signals raised in our hooks


class Tracer(trio.abc.Instrument):
    """Tell `emit`, in batches, what happens in a trio run."""

    def __init__(
        self,
        emit: Callable[[list[Event]], object],
        *,
        token: trio.lowlevel.TrioToken | None = None,
    ) -> None:
        self._attach(Recorder(emit, token=token), None)

    @classmethod
    def sharing(cls, recorder: Recorder, guard: Guard | None, gate: Gate | None = None) -> Tracer:
        """Make the tracer of one run among those that write one log."""
        tracer = cls.__new__(cls)
        tracer._attach(recorder, guard)
        tracer._gate = gate
        return tracer

    def _attach(self, recorder: Recorder, guard: Guard | None) -> None:
        self._recorder = recorder
        self._guard = guard
        self._gate: Gate | None = None
        self._here = _Here(recorder, guard)

    @property
    def _state(self) -> State:
        """What is known of the run in this thread."""
        return self._here.state

    @property
    def dropped(self) -> int:
        """How many events were lost in all."""
        return self._recorder.dropped

    def ignore(self, task: trio.lowlevel.Task) -> None:
        """Keep `task` and its children out of the trace from here on: what consumes the events calls this first."""
        forget(self._state, task)

    def never_raises(self, hookname: str) -> bool:
        """Tell whether a hook is ours: what a program's subclass raises, trio must see."""
        return getattr(getattr(self, hookname), "__func__", None) is getattr(Tracer, hookname)

    def rearranged(self) -> None:
        """Other frames than before stand between trio and our hooks."""
        self._state.depth = None

    def removed(self) -> None:
        """It was taken out of the run in this thread; or trio dropped it, which trio tells nobody but a logger."""
        self._leave(runs.dropped)

    def _leave(self, tell: Callable[[State], None]) -> None:
        try:
            state = self._here.state
            if state.run is not None:
                tell(state)
                if self._gate is not None:
                    self._gate.leave(state)
                self._here.state = State(self._recorder, self._guard)
        except BaseException as error:
            self._failed(error)
        self._recorder.flush()

    def _failed(self, error: BaseException) -> None:
        if raised_by_handler(error):
            self._recorder.lose()
            self._here.owed.append(error)
        else:
            self._recorder.failed(error)

    def _pay(self, task: trio.lowlevel.Task | None) -> None:
        """Let the program have what a signal's handler of its own raised in one of our hooks.

        Raised there it would be lost. A task that is about to run feels it where it stands; if there is none, trio
        does, as when a signal comes while the loop sleeps.
        """
        error = self._here.owed.pop()
        if task is not None:
            throw_into(task, error)
        elif self._state.token is not None:
            self._state.token.run_sync_soon(partial(_raise, error))

    # The hooks, as trio documents them. `t` is taken at once where something ends, and last where it begins.

    def before_run(self) -> None:  # noqa: D102
        try:
            if self._state.run is not None:
                self.removed()  # a guest run whose host went away: trio told nobody of its end
            state = self._state
            runs.begin(state, sys._getframe())
            take_over(state.runner, self)
            if self._gate is not None:
                self._gate.enter(state)
        except BaseException as error:
            self._failed(error)

    def after_run(self) -> None:  # noqa: D102
        self._leave(runs.end)

    def task_spawned(self, task: trio.lowlevel.Task) -> None:  # noqa: D102
        try:
            state = self._here.state
            depth = state.depth
            if depth is None:
                depth = state.depth = privates.depth_of(sys._getframe(), "spawn_impl") or 0
            births.spawned(state, task, sys._getframe(depth + 1))
        except BaseException as error:
            self._failed(error)

    def task_scheduled(self, task: trio.lowlevel.Task) -> None:  # noqa: D102
        try:
            state = self._here.state
            running = state.running
            if task is state.task and running is not None and not (PEEKS and type(task._next_send) is ErrorOutcome):
                running.ready = True
                state.last = event = TaskScheduled(state.now() - state.origin, running.id, "checkpoint")
                state.append(event)
                return
            record = state.records.get(task)
            if record is None:
                state.pinged = True
                return
            if record.fresh:
                self._begins(state, record)
                return
            t = state.now() - state.origin
            record.ready = True
            if state.asleep:
                if state.polling:
                    state.woke = True
                else:
                    state.rise(t)
            if record.counted:
                state.waiting[record.counted] -= 1
                record.counted = ""
            if record.starting is not None:
                child, eventual = record.starting
                state.family.moved(record, state.records.get(child), child, eventual, t)
            if PEEKS and type(task._next_send) is not ErrorOutcome and (running is not None or state.polling):
                if running is None:
                    state.append(TaskScheduled(t, record.id, "io"))
                elif running.role == "init":
                    state.append(TaskScheduled(t, record.id, "task", running.id))
                else:
                    place, outside = state.places.waker(sys._getframe((state.depth or 0) + 1))
                    outside = outside or (running is state.entry and place is not None)
                    cause: Cause = "thread" if outside else "task"
                    state.append(TaskScheduled(t, record.id, cause, running.id, place))
            elif running is None:
                cause, scope = cause_of(state, task, record, outside=False)
                interrupt = cause == "other" and privates.is_interrupted(task)
                state.append(TaskScheduled(t, record.id, cause, None, None, scope, interrupt))
            else:
                self._woken_by(state, running, task, record, t)
            if len(state.pending) >= state.enough:
                self._recorder.hand_on()
        except BaseException as error:
            self._failed(error)

    def _begins(self, state: State, record: Record) -> None:
        """It was born just now, within the same call of trio's."""
        record.fresh = False
        record.ready = True
        t = state.born
        if state.asleep:
            if state.polling:
                state.woke = True
            else:
                state.rise(t)
        running = state.running
        by = None if running is None else running.id
        state.append(TaskScheduled(t, record.id, "spawned", by, state.spawned_at))
        if len(state.pending) >= state.enough:
            self._recorder.hand_on()

    def _woken_by(self, state: State, running: Record, task: trio.lowlevel.Task, record: Record, t: int) -> None:
        """It will raise something, or this trio does not let us see that."""
        place = None
        outside = False
        if running is not record and running.role != "init":
            place, outside = state.places.waker(sys._getframe((state.depth or 0) + 1))
            outside = outside or (running is state.entry and place is not None)
        cause, scope = cause_of(state, task, record, outside=outside)
        if cause == "other" and privates.is_interrupted(task):
            # Ctrl+C comes through trio's own task for threads and signals, which is not to blame
            state.append(TaskScheduled(t, record.id, cause, interrupt=True))
        elif running is record or cause == "timer":
            state.append(TaskScheduled(t, record.id, cause, None, None, scope))
        else:
            state.append(TaskScheduled(t, record.id, cause, running.id, place, scope))

    def before_task_step(self, task: trio.lowlevel.Task) -> None:  # noqa: D102
        try:
            state = self._here.state
            record = state.records.get(task)
            if record is not None:
                if self._gate is not None and self._gate.shut:
                    self._gate.before_step(state, task, record)
                if self._here.owed and record.role not in ("init", "system"):
                    self._pay(task)
                state.running = record
                state.task = task
                record.ready = False
                state.began = t = state.now() - state.origin
                state.append(BeforeTaskStep(t, record.id))
        except BaseException as error:
            self._failed(error)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:  # noqa: D102
        try:
            state = self._here.state
            record = state.running
            if record is None:
                return
            if state.unfinished is not None:
                state.unfinished()
            try:
                # Of a checkpoint or an exit trio told us when it had the task back. To look at the clock again would
                # only tell how long we took, unless something happened since.
                last = state.last
                t = last.t if last is not None and state.pending[-1] is last else state.now() - state.origin
            except IndexError:  # a batch went out just now
                t = state.now() - state.origin
            state.running = state.task = None
            if record.exited:
                if record.leaving:
                    state.append(TaskExited(t, record.id, "returned"))
                del state.records[task]
                state.append(AfterTaskStep(t, record.id))
                if len(state.pending) >= state.enough:
                    self._recorder.hand_on()
                return
            if state.clock is not None:
                state.look(t)
            if not state.sees_scopes and (record.nurseries or privates.nurseries_of(task)):
                state.family.compare(task, record, t)
            held = state.places.stand(task, record)
            if record.foreign:
                look_closer(state, task, record, t)
            point = record.point
            place = None if point is None else point.place
            if record.ready:
                state.append(AfterTaskStep(t, record.id, place))
            else:
                until = on = owner = lock = None
                if state.deadlines is None or state.deadlines._active:
                    until = privates.wait_deadline(task)
                deepest = None if point is None else point.deepest
                if deepest is not None:
                    if deepest.on:
                        on, owner, lock = waited_for(state, task, deepest, held)
                    if deepest.wait:
                        record.counted = deepest.wait
                        state.waiting[deepest.wait] += 1
                state.append(AfterTaskStep(t, record.id, place, until, on, owner, lock))
            if len(state.pending) >= state.enough:
                self._recorder.hand_on()
        except BaseException as error:
            self._failed(error)

    def task_exited(self, task: trio.lowlevel.Task) -> None:  # noqa: D102
        try:
            state = self._here.state
            record = state.records.get(task)
            if record is None:
                return
            t = state.now() - state.origin
            for nursery in record.nurseries[::-1]:  # left without its `async with` having ended
                state.family.closed(nursery, record, t)
            record.exited = True
            record.leaving = False
            if record.role != "main" and privates.surely_returned(task):
                state.last = event = TaskExited(t, record.id, "returned", None, returned_at(state, record))
            else:
                depth = state.depth
                if depth is None:
                    depth = privates.depth_of(sys._getframe(), "task_exited") or 0
                outcome = privates.exit_outcome(state.runner, task, sys._getframe(depth))
                result, error = judge(outcome)
                if result == "returned":
                    place = returned_at(state, record)
                else:
                    place = raised_at(state, record, outcome, result)
                state.last = event = TaskExited(t, record.id, result, error, place)
            state.append(event)
        except BaseException as error:
            self._failed(error)

    def before_io_wait(self, timeout: float) -> None:  # noqa: D102
        try:
            state = self._here.state
            if state.run is None:
                runs.adopt(state)
                take_over(state.runner, self)
            if self._guard is not None and not self._guard.alive:
                self._guard.start()
            queue = state.queue
            if timeout > 0 or not (queue or (queue is None and trio.lowlevel.current_statistics().tasks_runnable)):
                self._sleeps(state, timeout)
                if self._here.owed:
                    self._pay(None)
                if self._gate is not None and self._gate.shut:
                    self._gate.before_sleep(state)
            elif state.began + state.origin - self._recorder.flushed > _LATE:
                self._recorder.flush()
            state.polling = True
        except BaseException as error:
            self._failed(error)

    def _sleeps(self, state: State, timeout: float) -> None:
        if not state.asleep and state.run is not None:
            t = state.now() - state.origin
            state.asleep = True
            state.look(t)
            deadline = privates.next_deadline(state.runner, timeout)
            readers, writers = polled(state, t)
            threads, processes, signals = state.waiting.values()
            state.append(BeforeIoWait(t, state.run, deadline, readers, writers, threads, signals, processes))
        if timeout > 0 and (state.pending or self._recorder.taken):
            state.pinged = False
            self._recorder.flush()
            if (state.pinged or not state.asleep) and state.token is not None:
                # emit woke a task after trio had worked out how long to sleep.
                privates.force_wakeup(state.runner, state.token)

    def after_io_wait(self, timeout: float) -> None:  # noqa: D102
        try:
            state = self._here.state
            state.polling = False
            if state.woke:
                state.rise(state.now() - state.origin)
        except BaseException as error:
            self._failed(error)


def _raise(error: BaseException) -> NoReturn:
    raise error
