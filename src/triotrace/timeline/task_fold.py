"""The fold's part for tasks: who they are, who makes them ready, each of their steps on the tape, how they end."""

from __future__ import annotations

from array import array

from triotrace import events as e
from triotrace.clean import clean
from triotrace.timeline.ends import exit_status
from triotrace.timeline.holders import Holders
from triotrace.timeline.lanes import NO_PLACE, NOBODY, Lane
from triotrace.timeline.library import package_of
from triotrace.timeline.names import LIMIT_NAME, short_name
from triotrace.timeline.records import Scope
from triotrace.timeline.scope_fold import ScopeFold
from triotrace.timeline.states import EXITS, FOLLOWS, NATURAL, State
from triotrace.timeline.tape import Ending
from triotrace.timeline.verbs import Verbs

__all__ = ["TaskFold"]

_RELEASES = frozenset(["task", "thread"])
"""Why a task is woken that gets what it waited for."""
_NUMBERED = frozenset(["main", "library", "user"])
_BY_STATE = {
    State.WAITING: Ending.WAITS,
    State.READY: Ending.STAYS,
    State.RETURNED: Ending.RETURNED,
    State.RAISED: Ending.RAISED,
    State.CANCELLED: Ending.CANCELLED,
    State.EXITED: Ending.EXITED,
}
_ENDINGS = tuple(_BY_STATE.get(state, Ending.OPEN) for state in State)


class TaskFold(ScopeFold):
    """What is known of tasks. `ScopeFold` has the nurseries and scopes that they are in, `RunFold` their runs."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes: list[Lane] = []
        self.changes: array[int] = array("i")
        """The lane of every change of any lane, in order."""
        self.queue: dict[int, None] = {}
        """The lanes that are ready and wait for their turn, in the order in which they became so."""
        self.moved: array[int] = array("i")
        """The lanes that went to another task's nursery, `started()`, one entry a move."""
        self.systems: dict[int, None] = {}
        """The lanes of trio's own tasks that live."""
        self.renamed: list[tuple[int, str, str]] = []
        """The lanes of tasks that were promoted, in order; each with its name before and after that."""
        self.verbs = Verbs()
        self.holders = Holders()
        self._cancelled_as_it_came: dict[int, e.TaskScheduled] = {}
        """By lane: it runs, and is to be cancelled where it has just come to."""
        self.samples: dict[int, int] = {}
        """Where a step that takes too long was seen last: its slot, and a place."""

    # -- births and families ------------------------------------------------------------------

    def _task_spawned(self, event: e.TaskSpawned) -> None:
        self.now = event.t
        if event.task in self._lane_of:
            self._damage(event.t, f"task {event.task} was spawned twice")
            return
        lane = self._add_lane(event)
        lane.change(event.t, len(self.tape), State.NEW)

    def _add_lane(self, event: e.TaskSpawned) -> Lane:
        name = self._shown_name(event.name, event.place)
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
            born=len(self.changes),
            spawner=self._lane_of.get(event.by) if event.by is not None else None,
            place=event.place,
        )
        self.lanes.append(lane)
        if event.role == "system":
            self.systems[lane.index] = None
        self._lane_of[event.task] = lane.index
        parent = self._lane_of.get(event.parent) if event.parent is not None else None
        self._adopt(lane, parent, event.nursery)
        return lane

    def _adopt(self, lane: Lane, parent: int | None, nursery: e.NurseryId | None) -> None:
        alive = lane.result is None
        if lane.parent is not None:
            old = self.lanes[lane.parent]
            del old.children[lane.index]
            old.alive_children -= alive
        lane.parent = parent
        self._join(lane, nursery)
        if parent is not None:
            self.lanes[parent].children[lane.index] = None
            self.lanes[parent].alive_children += alive
        self.shape += 1
        lane.joined = self.shape

    def _task_moved(self, event: e.TaskMoved) -> None:
        self.now = event.t
        lane = self._known(event.task, event.t)
        nursery = self.nurseries.get(event.nursery)
        if nursery is not None and nursery.owner != lane.parent:
            if self._is_within(nursery.owner, lane):
                self._damage(event.t, f"task {event.task} cannot move to a nursery of its own descendant's")
                return
            self._adopt(lane, nursery.owner, event.nursery)
            self.moved.append(lane.index)
        else:
            self._join(lane, event.nursery)  # mostly: who owns a nursery calls its `start` too

    def _is_within(self, index: int | None, lane: Lane) -> bool:
        """Tell whether a lane is another, or below it in the tree."""
        if not lane.children:
            return index == lane.index
        while index is not None and index != lane.index:
            index = self.lanes[index].parent
        return index is not None

    def _task_promoted(self, event: e.TaskPromoted) -> None:
        self.now = event.t
        lane = self._known(event.task, event.t)
        run = self._run_of.get(lane.run)
        name = self._shown_name(event.name, event.place)
        if run is not None:
            if lane.result is None:
                run.alive += (event.role in _NUMBERED) - (lane.role in _NUMBERED)
            if name != lane.name:
                if run.names.get(lane.name) == lane.number:
                    run.names[lane.name] -= 1  # else the others of that name keep their numbers
                lane.number = run.names[name] = run.names.get(name, 0) + 1
        if name != lane.name:
            self.renamed.append((lane.index, lane.name, name))
        lane.name, lane.role, lane.place = name, event.role, event.place
        self.holders.number(lane)
        self.systems.pop(lane.index, None)
        self.shape += 1

    def _shown_name(self, name: str, place: e.PlaceId | None) -> str:
        return clean(short_name(name, self.verbs.function(place)), LIMIT_NAME) or "''"  # a name may be empty

    # -- steps -------------------------------------------------------------------------------

    def _task_scheduled(self, event: e.TaskScheduled) -> None:
        self.now = t = event.t
        lane = self._known(event.task, t)
        state = self._move(lane, event)
        lane.readied = len(self.changes)
        if event.scope is not None:
            self._delivered(lane, event.scope, len(self.tape))
        if state is not State.READY:
            if event.cause == "cancel":
                self._cancelled_as_it_came[lane.index] = event
            return
        self.queue[lane.index] = None
        tape = self.tape
        slot = len(tape)
        self.holders.wake(lane, slot, released=event.cause in _RELEASES and not event.interrupt)
        waker = self._lane_of.get(event.waker) if event.waker is not None else None
        lane.change(
            t,
            slot,
            state,
            place=NO_PLACE if event.place is None else event.place,
            waker=NOBODY if waker is None else waker,
            cause=self._why(lane, event),
        )
        if slot and tape.endings[slot] == Ending.OPEN:
            runner = tape.lanes[slot]
            asleep = runner < 0 and self.runs[-1 - runner].run == lane.run
            if asleep or (waker is not None and waker == runner):
                tape.wake(lane.index)

    def _why(self, lane: Lane, event: e.TaskScheduled, place: int = NO_PLACE) -> str:
        """Give the cause of a wake, a word of CAUSES; a cancellation reaches the task at a place, or where it waits."""
        if event.cause != "cancel":
            return "interrupt" if event.interrupt else event.cause
        scope = self.scopes.get(event.scope) if event.scope is not None else None
        if scope is not None and scope.library:
            if self._is_their_own(scope, lane, place):
                return "housekeeping"
            if lane.role in ("main", "user"):
                self._appears(scope)
        lane.cancelled_by = event.scope
        return "cancel"

    def _is_their_own(self, scope: Scope, lane: Lane, place: int) -> bool:
        """Tell whether a library's scope that reaches a task interrupts nothing but code of the library's."""
        if lane.role not in ("main", "user"):
            return True
        if scope.lane != lane.index:
            return False
        # The library was called by that task, and may have called the user's code in turn: a test, a handler
        wait = lane.states.rfind(State.WAITING) if place == NO_PLACE else -1
        stands = self.verbs.places.get(lane.places[wait] if wait >= 0 else place)
        if stands is None or scope.place is None or package_of(stands.file):
            return True
        return self.verbs.same_await(stands.place, scope.place)

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
        place = lane.ended_at if event.place is None else event.place
        came = self._cancelled_as_it_came.pop(lane.index, None)
        cause = (
            self._why(lane, came, place) if came is not None and state is State.READY and came.scope is not None else ""
        )
        if run is not None:
            run.running = None
            if lane.role in _NUMBERED and run.last_slot and self.tape.lanes[run.last_slot] == lane.index:
                ending = Ending.INTERRUPTED if cause == "cancel" else _ENDINGS[state]
                self.tape.end(run.last_slot, t, ending, place=place)
                if self.tape.may_go_on(run.last_slot) and self.verbs.same_await(
                    place, self.tape.places[run.last_slot - 1]
                ):
                    self.tape.join(run.last_slot)
        waits_for = self._waits_for(lane, event) if state is State.WAITING else NOBODY
        lane.change(t, slot, state, place=place, waker=waits_for, cause=cause)

    def _waits_for(self, lane: Lane, event: e.AfterTaskStep) -> int:
        if event.on is None:
            return self._alive_within(lane)
        place = self.verbs.places.get(event.place) if event.place is not None else None
        call = (place.call if place is not None else None) or ""
        owner = self._lane_of.get(event.owner, NOBODY) if event.owner is not None else NOBODY
        return -2 - self.holders.wait(lane, len(self.tape), event.on, call, owner=owner, lock=event.lock)

    def _task_reparked(self, event: e.TaskReparked) -> None:
        self.now = event.t
        lane = self._known(event.task, event.t)
        if lane.state is not State.WAITING:
            if lane.state is not State.UNKNOWN:
                self._damage(event.t, f"task {event.task} cannot be moved while it is {lane.state.name.lower()}")
            return
        owner = self._lane_of.get(event.owner, NOBODY) if event.owner is not None else NOBODY
        self.holders.move(lane, len(self.tape), event.on, owner=owner)

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
            self.systems.pop(lane.index, None)
            if lane.parent is not None:  # once: a lane reads a count below -1 as a thing that is waited for
                self.lanes[lane.parent].alive_children -= 1
        lane.result, lane.error = EXITS[event.result], event.error
        lane.ended_at = NO_PLACE if event.place is None else event.place
        if lane.role == "main" and lane.result is State.RAISED and exit_status(event.error) is not None:
            lane.result = State.EXITED
        self._ended_badly = self._ended_badly or (event.result != "returned" and lane.role in ("main", "user"))
        self._part(lane)

    # -- what follows what -------------------------------------------------------------------

    def _move(self, lane: Lane, event: e.Event) -> State:
        kind = type(event)
        state = FOLLOWS[lane.state].get(kind)
        if state is None:
            word = kind.__struct_config__.tag
            self._damage(self.now, f"{word} of task {lane.task} cannot follow while it is {lane.state.name.lower()}")
            state = NATURAL[kind]
        lane.state = state
        return state

    def _lane_at(self, index: int) -> Lane:
        return self.lanes[index]

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
