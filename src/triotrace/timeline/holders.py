"""What tasks wait for - locks, events, channels - and who has it: each thing's owner and waiters, at any step.

trio tells of a release only by whom it wakes. So an owner is sure as long as somebody waits, and just then it matters:
- a step that ends in such a wait says who owns the thing at that moment;
- a task that is moved from one thing to another, and not woken, is told with who has that;
- a lock that is let go goes to the one who is woken from it, and who still waits is not told again.

A thing is known by its index here. Its life is one array, so what is asked costs a bisection however long that was.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import islice

from triotrace.timeline.lanes import NOBODY, Lane

__all__ = ["Holders"]

_KINDS = {
    "Lock.acquire": "lock",
    "StrictFIFOLock.acquire": "lock",
    "Condition.acquire": "lock",
    "Condition.wait": "condition",
    "Event.wait": "event",
    "Semaphore.acquire": "semaphore",
    "CapacityLimiter.acquire": "limiter",
    "to_thread.run_sync": "limiter",
    "MemorySendChannel.send": "channel",
    "MemoryReceiveChannel.receive": "channel",
    "ParkingLot.park": "parking lot",
}
"""What is waited for, by trio's name of the call."""

_FIELDS = 3
"""Of a change: the slot; who owns it from then on, a lane or NOBODY; how many wait for it."""
_MOST_OWNED = 1_000
"""Things of one task that are looked at: the newest. Who had more than that is asked for those."""


class Holders:
    """Is told of waits and wakes in their order; says who had what, and who waited, after any slot."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        """Of each thing, what it is; empty where its call does not tell."""
        self.numbers: array[int] = array("i")
        """1, 2, ... among those of its kind in its run for which a task of the user's waited; 0 if none did."""
        self._runs: array[int] = array("q")
        self._known: dict[int, int] = {}
        self._lives: list[array[int]] = []
        self._counts: dict[tuple[int, str], int] = {}
        self._waiting: dict[int, tuple[int, int]] = {}
        """By lane: the thing that it waits for, and the lock that it must have again; NOBODY if there is none."""
        self._moves: dict[int, array[int]] = {}
        """By lane: each time it was moved, the change that began its wait, the slot, and what it waits for then."""
        self._owned: dict[int, dict[int, None]] = {}
        """By lane: what it ever had that others wanted, in that order."""

    # -- what happens ------------------------------------------------------------------------

    def wait(self, lane: Lane, slot: int, thing: int, call: str, *, owner: int, lock: int | None) -> int:
        """Take notice that a task waits for a thing (of the log), which a lane or NOBODY owns; give its index."""
        kind = _KINDS.get(call, "") or ("lock" if owner != NOBODY else "")
        index = self._index(lane, thing, kind)
        again = NOBODY if lock is None else self._index(lane, lock, "lock")
        self.wake(lane, slot, released=False)  # in a damaged log it may wait already
        self._waiting[lane.index] = index, again
        self._change(index, slot, owner, 1)
        self.number(lane)
        return index

    def move(self, lane: Lane, slot: int, thing: int, *, owner: int) -> None:
        """Take notice that a task that waits was moved to another thing (of the log), which a lane or NOBODY owns."""
        old, _ = self._waiting.get(lane.index, (NOBODY, NOBODY))
        kind = "lock" if owner != NOBODY else ""
        if old != NOBODY:
            self.wake(lane, slot, released=False)
            kind = kind or (self.kinds[old] if self.kinds[old] == "parking lot" else "")
        index = self._index(lane, thing, kind)
        self._waiting[lane.index] = index, NOBODY
        self._change(index, slot, owner, 1)
        self._moves.setdefault(lane.index, array("i")).extend((len(lane.slots) - 1, slot, index))
        self.number(lane)

    def wake(self, lane: Lane, slot: int, *, released: bool) -> None:
        """Take notice that a task that waits was made ready: since another let go of the thing, or otherwise."""
        waited = self._waiting.pop(lane.index, None)
        if waited is None:
            return
        thing, lock = waited
        owner = self.owner_after(thing, slot)
        kind = self.kinds[thing]
        if released and kind == "lock":
            owner = lane.index
        elif released and kind == "limiter":
            owner = NOBODY  # it has a token now, but maybe on behalf of something else
        self._change(thing, slot, owner, -1)
        if released and lock != NOBODY:
            self._change(lock, slot, lane.index, 0)

    def number(self, lane: Lane) -> None:
        """Give a number to what a task waits for, if the task is the user's and it has none yet."""
        thing = self._waiting.get(lane.index, (NOBODY, NOBODY))[0]
        if thing != NOBODY and lane.role in ("main", "user") and self.kinds[thing] and not self.numbers[thing]:
            key = self._runs[thing], self.kinds[thing]
            self.numbers[thing] = self._counts[key] = self._counts.get(key, 0) + 1

    def forget(self, slot: int) -> None:
        """Take notice that events were lost: nobody is known to wait or to have anything."""
        for thing in {thing for thing, _ in self._waiting.values()}:
            self._lives[thing].extend((slot, NOBODY, 0))
        self._waiting.clear()

    def _index(self, lane: Lane, thing: int, kind: str) -> int:
        index = self._known.setdefault(thing, len(self.kinds))
        if index == len(self.kinds):
            self.kinds.append(kind)
            self.numbers.append(0)
            self._runs.append(lane.run)
            self._lives.append(array("i", (0, NOBODY, 0)))
        elif not self.kinds[index]:
            self.kinds[index] = kind
        return index

    def _change(self, thing: int, slot: int, owner: int, more: int) -> None:
        life = self._lives[thing]
        life.extend((slot, owner, max(0, life[-1] + more)))
        if owner != NOBODY:
            self._owned.setdefault(owner, {})[thing] = None

    # -- what is asked -----------------------------------------------------------------------

    def owner_after(self, thing: int, slot: int) -> int:
        """Give the lane that had a thing after a slot; NOBODY if that is not known."""
        return self._lives[thing][self._at(thing, slot) + 1]

    def thing_after(self, lane: Lane, slot: int) -> int | None:
        """Give the thing for which a task waits after a slot; None if it is not known, or it does not wait."""
        return self.thing_in(lane, lane.after_slot(slot), slot)

    def thing_in(self, lane: Lane, wait: int, slot: int) -> int | None:
        """Give the thing for which a task waits after a slot, or did, in the wait that its change `wait` began."""
        thing, moves = lane.thing_at(wait), self._moves.get(lane.index)
        if thing is None or moves is None:
            return thing
        at = range(0, len(moves), _FIELDS)
        after = bisect_right(at, (wait, slot), key=lambda i: (moves[i], moves[i + 1]))
        return moves[at[after - 1] + 2] if after and moves[at[after - 1]] == wait else thing

    def owner_for(self, lane: Lane, slot: int) -> int:
        """Give the lane that has what a task waits for after a slot; NOBODY if that is not known."""
        thing = self.thing_after(lane, slot)
        return NOBODY if thing is None else self.owner_after(thing, slot)

    def waiting_after(self, thing: int, slot: int) -> int:
        """Count those who waited for a thing after a slot."""
        return self._lives[thing][self._at(thing, slot) + 2]

    def held_by(self, lane: int, slot: int) -> list[int]:
        """Give what a task had after a slot, as far as others waited for it, in the order in which they first did."""
        newest = islice(reversed(self._owned.get(lane, {})), _MOST_OWNED)
        held = [t for t in newest if self.owner_after(t, slot) == lane and self.waiting_after(t, slot)]
        return held[::-1]

    def several(self, thing: int) -> bool:
        """Tell whether a thing is one of several of its kind in its run, for which tasks of the user's ever waited."""
        return self._counts.get((self._runs[thing], self.kinds[thing]), 0) > 1

    def _at(self, thing: int, slot: int) -> int:
        life = self._lives[thing]
        after = bisect_right(range(len(life) // _FIELDS), slot, key=lambda at: life[at * _FIELDS])
        return max(0, after - 1) * _FIELDS
