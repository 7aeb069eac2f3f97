"""What a task can be, and the executed table of what makes it so.

The order of trio's hooks that the table encodes:
- a checkpoint is `task_scheduled` of the running task itself, before its `after_task_step`;
- `task_exited` comes before the last `after_task_step` of its task.
"""

from __future__ import annotations

from enum import IntEnum

from triotrace.events import AfterTaskStep, BeforeTaskStep, Event, TaskExited, TaskScheduled

__all__ = ["ALIVE", "EXITS", "FOLLOWS", "GONE", "NATURAL", "TRANSITIONS", "State"]


class State(IntEnum):
    """The state of a task, as its lane stores it."""

    NEW = 0
    READY = 1
    RUNNING = 2
    WOKEN = 3
    """It runs and is scheduled again already: it will give way and stay in the queue."""
    EXITING = 4
    """It runs its last step."""
    WAITING = 5
    RETURNED = 6
    RAISED = 7
    CANCELLED = 8
    UNKNOWN = 9
    """The log began, or was torn, in the middle."""
    EXITED = 10
    """It ended with SystemExit, as the whole program is to do."""


EXITS = {"returned": State.RETURNED, "raised": State.RAISED, "cancelled": State.CANCELLED}
GONE = frozenset([*EXITS.values(), State.EXITED])
ALIVE = frozenset(State) - GONE

TRANSITIONS: dict[State, dict[type[Event], State]] = {
    State.NEW: {TaskScheduled: State.READY},
    State.READY: {BeforeTaskStep: State.RUNNING},
    State.RUNNING: {
        TaskScheduled: State.WOKEN,
        AfterTaskStep: State.WAITING,
        TaskExited: State.EXITING,
    },
    State.WOKEN: {AfterTaskStep: State.READY, TaskExited: State.EXITING},
    State.EXITING: {AfterTaskStep: State.RETURNED},  # or what its task_exited said
    State.WAITING: {TaskScheduled: State.READY},
    State.RETURNED: {},
    State.RAISED: {},
    State.CANCELLED: {},
    State.EXITED: {},
    State.UNKNOWN: {
        TaskScheduled: State.READY,
        BeforeTaskStep: State.RUNNING,
        AfterTaskStep: State.WAITING,
        TaskExited: State.EXITING,
    },
}

FOLLOWS = tuple(TRANSITIONS[state] for state in State)
"""The table again, by the number of a state: to hash a member of an Enum takes longer than all the rest of a change."""

NATURAL = TRANSITIONS[State.UNKNOWN]
"""Where an event leads when the table has no entry: the log is damaged, and the fold goes on from what it says."""
