"""Who is moved from one parking lot to another, and not woken: `Condition.notify` does that to those who wait for it.

They wait for the Condition's lock from then on. trio has no hook for it, so we wrap `ParkingLot.repark`, by the rules
of `scopes.py`.
"""

from __future__ import annotations

from functools import update_wrapper
from itertools import islice
from typing import Any

import trio

from triotrace.events import TaskReparked
from triotrace.tracing import active
from triotrace.tracing.causes import waited_for
from triotrace.tracing.patches import Patches

__all__ = ["watch_lots"]


def watch_lots(patches: Patches) -> None:
    """Wrap what moves tasks, if this trio lets us."""
    kind: Any = trio.lowlevel.ParkingLot
    original = getattr(kind, "repark", None)
    if original is None or not hasattr(kind(), "_parked"):
        return

    def repark(self: Any, *args: Any, **kwargs: Any) -> None:
        lot: Any = args[0] if args else kwargs.get("new_lot")
        if type(lot) is not kind or not patches.live or not active.states():
            original(self, *args, **kwargs)
            return
        before = len(lot._parked)
        original(self, *args, **kwargs)
        if len(lot._parked) > before:
            active.guarded(_moved, lot, len(lot._parked) - before)

    update_wrapper(repark, original)
    patches.replace(kind, "repark", trio.lowlevel.enable_ki_protection(repark))


def _moved(lot: Any, count: int) -> None:
    tasks = list(islice(reversed(lot._parked), count))
    for state in active.states():
        if state.recorder.closed:
            continue
        for task in reversed(tasks):
            record = state.records.get(task)
            if record is None or record.exited:
                continue
            held = state.places.stand(task, record)
            call = None if record.point is None else record.point.deepest
            if call is None or not call.on:
                continue
            if call.word == "ParkingLot.park":
                on, owner = state.recorder.objects.number(lot), None
            else:
                on, owner, _ = waited_for(state, task, call, held)
            if on is not None:
                state.append(TaskReparked(state.now() - state.origin, record.id, on, owner))
                if len(state.pending) >= state.enough:
                    state.recorder.hand_on()
