"""All tasks under one task, rolled up into one lane: how many live, how long they ran and queued, at any moment.

A roll reads the timeline's changes in their order, so it follows a living run at the cost of what is new. Only when a
task comes in from outside, or goes there, is read again what happened since that task was born.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from triotrace.timeline.lanes import Lane
from triotrace.timeline.states import ALIVE, State
from triotrace.timeline.timeline import Timeline

__all__ = ["Roll"]

# Plain numbers: a member of an Enum costs as much to compare as the rest of a change
_RUNNING, _READY = int(State.RUNNING), int(State.READY)
_LIVES = [state in ALIVE for state in State] + [False]
"""By state, and of who is not born yet."""
_UNBORN = len(State)


class Roll:
    """The descendants of the lane `root`. `update` takes notice of what the timeline has learnt since."""

    def __init__(self, timeline: Timeline, root: int) -> None:
        self.timeline = timeline
        self.root = root
        self._read = 0
        """How many of the timeline's changes were read ..."""
        self._moved = len(timeline.moved)
        """... and how many of its moves."""
        self._renamed = len(timeline.renamed)
        self._next: dict[int, int] = {}
        """Of each member, which of its changes comes next."""
        self._outside: set[int] = set()
        """Those who were seen and are no members."""
        self.names: dict[str, int] = {}
        """How many members bear each name."""
        self._positions: array[int] = array("q")
        """Where among the timeline's changes each one of ours is."""
        self.times: array[int] = array("q")
        self.slots: array[int] = array("i")
        self.alive: array[int] = array("i")
        """How many live after the change ..."""
        self.gone: array[int] = array("i")
        """... and how many are gone ..."""
        self.queue: array[int] = array("i")
        """... and how many are ready and wait for their turn."""
        self.running: array[int] = array("i")
        """How many run after the change: one or none, but in a damaged log."""
        self.ran: array[int] = array("q")
        """Nanoseconds they had run before the change ..."""
        self.queued: array[int] = array("q")
        """... and had been in the queue: of two that wait 5 ns, 10."""

    @property
    def members(self) -> int:
        """Count the tasks that ever were under the root."""
        return len(self._next)

    def update(self) -> None:
        """Read what is new."""
        self._rename()
        self._look_at_moves()
        changes, lanes = self.timeline.changes, self.timeline.lanes
        following, outside = self._next, self._outside
        # Sums are kept in locals, and all is in one loop: a nursery of 100,000 tasks is folded at one key
        last = alive = gone = queue = running = ran = queued = 0
        if self.times:
            last, alive, gone, queue = self.times[-1], self.alive[-1], self.gone[-1], self.queue[-1]
            running, ran, queued = self.running[-1], self.ran[-1], self.queued[-1]
        for at in range(self._read, len(changes)):
            index = changes[at]
            change = following.get(index)
            if change is None:
                if index in outside or not self._joins(lanes[index]):
                    outside.add(index)
                    continue
                name = lanes[index].name
                self.names[name] = self.names.get(name, 0) + 1
                change = 0
            following[index] = change + 1
            lane = lanes[index]
            states = lane.states
            t, state, before = lane.times[change], states[change], states[change - 1] if change else _UNBORN
            ran += (t - last) * running
            queued += (t - last) * queue
            last = t
            running += (state == _RUNNING) - (before == _RUNNING)
            queue += (state == _READY) - (before == _READY)
            alive += _LIVES[state] - _LIVES[before]
            gone += _LIVES[before] > _LIVES[state]
            self._positions.append(at)
            self.times.append(t)
            self.slots.append(lane.slots[change])
            self.alive.append(alive)
            self.gone.append(gone)
            self.queue.append(queue)
            self.running.append(running)
            self.ran.append(ran)
            self.queued.append(queued)
        self._read = len(changes)

    def _look_at_moves(self) -> None:
        """Go back to before those were born who came, or left, since the last look: with all that they had done."""
        moved, lanes = self.timeline.moved, self.timeline.lanes
        if self._moved == len(moved):
            return
        back = self._read
        for index in moved[self._moved :]:
            if self._is_below(lanes[index]) != (index in self._next):
                family = [index]
                for member in family:
                    back = min(back, lanes[member].born)
                    family += lanes[member].children
        self._moved = len(moved)
        self._outside.clear()
        self._go_back(back)

    def _joins(self, lane: Lane) -> bool:
        """Tell whether a lane that is met for the first time is below the root: mostly its parent was met before."""
        parent = lane.parent
        while parent is not None and parent != self.root and parent not in self._next and parent not in self._outside:
            parent = self.timeline.lanes[parent].parent
        return parent == self.root or parent in self._next

    def _is_below(self, lane: Lane) -> bool:
        parent = lane.parent
        while parent is not None and parent != self.root:
            parent = self.timeline.lanes[parent].parent
        return parent is not None

    def _go_back(self, read: int) -> None:
        """Forget what was read of the timeline's changes from `read` on."""
        first = bisect_left(self._positions, read)
        for at in self._positions[first:]:
            index = self.timeline.changes[at]
            self._next[index] -= 1
            if not self._next[index]:
                del self._next[index]
                self._forget(self.timeline.lanes[index].name)
        for kept in (
            self._positions, self.times, self.slots, self.alive, self.gone, self.queue, self.running, self.ran,
            self.queued,
        ):  # fmt: skip
            del kept[first:]
        self._read = read

    def _forget(self, name: str) -> None:
        self.names[name] -= 1
        if not self.names[name]:
            del self.names[name]

    def _rename(self) -> None:
        """Take the new names of members that were promoted; of those that come, the newest is read anyway."""
        renamed = self.timeline.renamed
        for index, before, after in renamed[self._renamed :]:
            if index in self._next:
                self.names[after] = self.names.get(after, 0) + 1
                self._forget(before)
        self._renamed = len(renamed)

    def label(self, slot: int) -> str:
        """Name them after a slot, with how many live and how many are gone: `handle ×588 ■ 412`."""
        change = self.after_slot(slot)
        name = next(iter(self.names), "")
        alive, gone = (self.alive[change], self.gone[change]) if change >= 0 else (0, 0)
        return f"{name}{'…' if len(self.names) > 1 else ''} ×{alive}" + (f" ■ {gone}" if gone else "")

    def after_slot(self, slot: int) -> int:
        """Give the index of the last change in or before `slot`; -1 before the first task was born."""
        return bisect_right(self.slots, slot) - 1

    def at_time(self, t: int) -> int:
        """Give the index of the last change at or before `t`; -1 before the first task was born."""
        return bisect_right(self.times, t) - 1

    def totals(self, t: int) -> tuple[int, int]:
        """Give the nanoseconds that they had run and been in the queue at `t`."""
        change = self.at_time(t)
        if change < 0:
            return 0, 0
        span = t - self.times[change]
        return self.ran[change] + span * self.running[change], self.queued[change] + span * self.queue[change]
