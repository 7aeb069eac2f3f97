"""The fold: events become lanes, a tape of steps, and what stands beside them. No I/O here.

`feed` is total: whatever order the events come in, it takes them, and what cannot be is a `Damage`.
`generation` grows with each batch, `shape` whenever a task is born or moves: who draws compares, and redraws.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import Any

from triotrace import events as e
from triotrace.clean import clean
from triotrace.timeline.lanes import NO_PLACE, NOBODY, Lane
from triotrace.timeline.names import short_name
from triotrace.timeline.quiet import Quiet
from triotrace.timeline.records import Damage, Held, Print, Run
from triotrace.timeline.scope_fold import LIMIT_NAME, ScopeFold
from triotrace.timeline.states import EXITS, NATURAL, TRANSITIONS, State
from triotrace.timeline.tape import Ending, Tape
from triotrace.timeline.verbs import Verbs

__all__ = ["LIMIT_NAME", "Fold"]

_NUMBERED = frozenset(["main", "library", "user"])
_ENDINGS = {
    State.WAITING: Ending.WAITS,
    State.READY: Ending.STAYS,
    State.RETURNED: Ending.RETURNED,
    State.RAISED: Ending.RAISED,
    State.CANCELLED: Ending.CANCELLED,
}


class Fold(ScopeFold):
    """Takes events, and holds what they tell. `Timeline` adds what its readers ask."""

    def __init__(self) -> None:
        super().__init__()
        self.header: e.Header | None = None
        self.footer: e.Footer | None = None
        self.lanes: list[Lane] = []
        self.runs: list[Run] = []
        self.tape = Tape()
        self.changes: array[int] = array("i")
        """The lane of every change of any lane, in order."""
        self.queue: dict[int, None] = {}
        """The lanes that are ready and wait for their turn, in the order in which they became so."""
        self.moves = 0
        """How often a task went to another nursery: `started()`."""
        self.prints: list[Print] = []
        self.marks: list[Print] = []
        self.verbs = Verbs()
        self.damages: list[Damage] = []
        self.dropped = 0
        self.held: list[Held] = []
        """The runs that stand at the gate; empty while the program moves."""
        self.quiet = Quiet()
        self.skipped: dict[int, int] = {}
        """Nanoseconds of sleep that were skipped on request, by slot."""
        self.samples: dict[int, int] = {}
        """Where a step that takes too long was seen last: its slot, and a place."""
        self.now = 0
        """The newest `t`."""
        self.generation = 0
        self.shape = 0
        self._ended_badly = False
        self._lane_of: dict[int, int] = {}
        self._run_of: dict[int, Run] = {}
        self._fold: dict[type[e.Event], Callable[[Any], None]] = {
            e.Header: self._header,
            e.Source: self._source,
            e.Place: self._place,
            e.BeforeRun: self._before_run,
            e.TaskSpawned: self._task_spawned,
            e.TaskMoved: self._task_moved,
            e.TaskScheduled: self._task_scheduled,
            e.BeforeTaskStep: self._before_task_step,
            e.StepSampled: self._step_sampled,
            e.AfterTaskStep: self._after_task_step,
            e.TaskExited: self._task_exited,
            e.NurseryOpened: self._nursery_opened,
            e.NurseryClosed: self._nursery_closed,
            e.ScopeEntered: self._scope_entered,
            e.ScopeExited: self._scope_exited,
            e.ScopeChanged: self._scope_changed,
            e.ScopeCancelled: self._scope_cancelled,
            e.BeforeIoWait: self._before_io_wait,
            e.AfterIoWait: self._after_io_wait,
            e.Output: self._output,
            e.Mark: self._mark,
            e.Clock: self._clock,
            e.Paused: self._paused,
            e.Resumed: self._resumed,
            e.Skipped: self._skipped,
            e.Dropped: self._dropped,
            e.AfterRun: self._after_run,
            e.Footer: self._footer,
        }

    def feed(self, events: Iterable[e.Event]) -> None:
        """Take the next events of the log, in their order."""
        fold = self._fold
        for event in events:
            handler = fold.get(type(event))
            if handler is not None:
                handler(event)
        self.generation += 1

    # -- the handlers, in the order of the vocabulary --------------------------------------

    def _header(self, event: e.Header) -> None:
        self.header = event

    def _source(self, event: e.Source) -> None:
        self.verbs.add_source(event.file, event.text)

    def _place(self, event: e.Place) -> None:
        self.verbs.add_place(event)

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
        self._run_of[event.run] = run
        self.quiet.begin(run.index, event.t)
        self.shape += 1

    def _task_spawned(self, event: e.TaskSpawned) -> None:
        self.now = event.t
        if event.task in self._lane_of:
            self._damage(event.t, f"task {event.task} was spawned twice")
            return
        lane = self._add_lane(event)
        lane.change(event.t, len(self.tape), State.NEW)

    def _add_lane(self, event: e.TaskSpawned) -> Lane:
        function = self.verbs.function(event.place)
        name = clean(short_name(event.name, function), LIMIT_NAME)
        run = self._run_of.get(event.run)
        if run is not None and event.role == "main" and name.startswith("_"):
            name = run.name  # pytest-trio's own function, not the test that it runs
        number = 1
        if run is not None:
            number = run.names.get(name, 0) + 1
            run.names[name] = number
            run.alive += event.role in _NUMBERED
        lane = Lane(
            index=len(self.lanes),
            task=event.task,
            run=event.run,
            name=name,
            role=event.role,
            number=number,
            changes=self.changes,
            spawner=self._lane_of.get(event.by) if event.by is not None else None,
            place=event.place,
        )
        self.lanes.append(lane)
        self._lane_of[event.task] = lane.index
        parent = self._lane_of.get(event.parent) if event.parent is not None else None
        self._adopt(lane, parent, event.nursery)
        return lane

    def _adopt(self, lane: Lane, parent: int | None, nursery: e.NurseryId | None) -> None:
        if lane.parent is not None:
            old = self.lanes[lane.parent]
            old.children.remove(lane.index)
            old.alive_children -= 1
        lane.parent, lane.nursery = parent, nursery
        if parent is not None:
            self.lanes[parent].children.append(lane.index)
            self.lanes[parent].alive_children += 1
        self.shape += 1

    def _task_moved(self, event: e.TaskMoved) -> None:
        self.now = event.t
        self.moves += 1
        lane = self._known(event.task, event.t)
        nursery = self.nurseries.get(event.nursery)
        if nursery is not None:
            self._adopt(lane, nursery.owner, event.nursery)
        else:
            lane.nursery = event.nursery

    def _task_scheduled(self, event: e.TaskScheduled) -> None:
        self.now = t = event.t
        lane = self._known(event.task, t)
        state = self._move(lane, event)
        lane.readied = len(self.changes)
        if state is not State.READY:
            return
        self.queue[lane.index] = None
        tape = self.tape
        slot = len(tape)
        waker = self._lane_of.get(event.waker) if event.waker is not None else None
        scope = self.scopes.get(event.scope) if event.scope is not None else None
        housekeeping = event.cause == "cancel" and scope is not None and scope.library
        lane.change(
            t,
            slot,
            state,
            place=NO_PLACE if event.place is None else event.place,
            waker=NOBODY if waker is None else waker,
            cause="housekeeping" if housekeeping else event.cause,
        )
        if event.cause == "cancel" and not housekeeping:
            lane.cancelled_by = event.scope
        if slot and tape.endings[slot] == Ending.OPEN:
            runner = tape.lanes[slot]
            asleep = runner < 0 and self.runs[-1 - runner].run == lane.run
            if asleep or (waker is not None and waker == runner):
                tape.wake(lane.index)

    def _before_task_step(self, event: e.BeforeTaskStep) -> None:
        self.now = t = event.t
        lane = self._known(event.task, t)
        self._move(lane, event)
        slot = len(self.tape)
        run = self._run_of.get(lane.run)
        if run is not None:
            run.running = lane.index
        if lane.role in _NUMBERED:
            if run is not None:
                self._wake_up(run, t)
            slot = self.tape.begin(lane.index, t, before=run.last_slot if run else 0)
            if run is not None:
                if lane.readied >= run.turn:
                    if not run.sleep_slot:  # else the turn began with the sleep
                        self.tape.begin_turn(slot)
                    run.turn = len(self.changes)
                run.last_slot, run.sleep_slot = slot, 0
        self.queue.pop(lane.index, None)
        lane.change(t, slot, State.RUNNING)

    def _after_task_step(self, event: e.AfterTaskStep) -> None:
        self.now = t = event.t
        lane = self._known(event.task, t)
        state = self._move(lane, event)
        if state is State.RETURNED:
            state = lane.state = lane.result or state
        if state is State.READY:
            self.queue[lane.index] = None
        run = self._run_of.get(lane.run)
        slot = len(self.tape)
        place = NO_PLACE if event.place is None else event.place
        if run is not None:
            run.running = None
            if lane.role in _NUMBERED and run.last_slot and self.tape.lanes[run.last_slot] == lane.index:
                self.tape.end(run.last_slot, t, _ENDINGS[state], place=place)
                if self.tape.may_go_on(run.last_slot) and self.verbs.same_await(
                    place, self.tape.places[run.last_slot - 1]
                ):
                    self.tape.join(run.last_slot)
        lane.change(t, slot, state, place=place, waker=lane.alive_children if state is State.WAITING else NOBODY)

    def _step_sampled(self, event: e.StepSampled) -> None:
        self.now = event.t
        lane = self._known(event.task, event.t)
        run = self._run_of.get(lane.run)
        if run is not None and run.running == lane.index:
            self.samples[run.last_slot] = event.place

    def _task_exited(self, event: e.TaskExited) -> None:
        self.now = event.t
        lane = self._known(event.task, event.t)
        self._move(lane, event)
        if lane.result is None:
            run = self._run_of.get(lane.run)
            if run is not None:
                run.alive -= lane.role in _NUMBERED
        lane.result, lane.error = EXITS[event.result], event.error
        self._ended_badly = self._ended_badly or (event.result != "returned" and lane.role in ("main", "user"))
        if lane.parent is not None:
            self.lanes[lane.parent].alive_children -= 1

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

    def _output(self, event: e.Output) -> None:
        self.now = event.t
        self.prints.append(self._said(event.t, event.stream, event.text, event.task))

    def _mark(self, event: e.Mark) -> None:
        self.now = event.t
        self.marks.append(self._said(event.t, "stdout", event.text, event.task))

    def _said(self, t: int, stream: e.Stream, text: str, task: e.TaskId | None) -> Print:
        lane = self._lane_of.get(task) if task is not None else None
        harmless = "\n".join(clean(line) for line in text.split("\n"))
        return Print(t, len(self.tape), stream, harmless, lane)

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

    def _resumed(self, event: e.Resumed) -> None:
        self.now = event.t
        if self.held:
            self.held.pop(0)

    def _skipped(self, event: e.Skipped) -> None:
        self.now = event.t
        run = self._run_of.get(event.run)
        if run is not None:
            slot = run.sleep_slot or len(self.tape)
            self.skipped[slot] = self.skipped.get(slot, 0) + event.to - event.from_

    def _dropped(self, event: e.Dropped) -> None:
        self.now = event.t
        self.dropped += event.count
        for lane in self.lanes:
            if lane.state not in EXITS.values():
                lane.state = State.UNKNOWN
                lane.change(event.t, len(self.tape), State.UNKNOWN)

    def _after_run(self, event: e.AfterRun) -> None:
        self.now = event.t
        run = self._run_of.get(event.run)
        if run is not None:
            self._wake_up(run, event.t)
            run.ended, run.result, run.error = event.t, event.result, event.error
            self.quiet.end(run.index, event.t)
            self.held = [held for held in self.held if held.run != event.run]

    def _footer(self, event: e.Footer) -> None:
        self.now = max(self.now, event.t)
        self.footer = event
        self.dropped = max(self.dropped, event.dropped)

    # -- damages ---------------------------------------------------------------------------

    def _move(self, lane: Lane, event: e.Event) -> State:
        kind = type(event)
        state = TRANSITIONS[lane.state].get(kind)
        if state is None:
            word = kind.__struct_config__.tag
            self._damage(self.now, f"{word} of task {lane.task} cannot follow while it is {lane.state.name.lower()}")
            state = NATURAL[kind]
        lane.state = state
        return state

    def _known(self, task: int, t: int) -> Lane:
        index = self._lane_of.get(task)
        if index is not None:
            return self.lanes[index]
        if not self.dropped:
            self._damage(t, f"task {task} was never spawned")
        run = self.runs[-1].run if self.runs else e.RunId(0)
        lane = self._add_lane(e.TaskSpawned(t, e.TaskId(task), run, f"task {task}", "user"))
        lane.state = State.UNKNOWN
        lane.change(t, len(self.tape), State.UNKNOWN)
        return lane

    def _damage(self, t: int, text: str) -> None:
        self.damages.append(Damage(t, text))
