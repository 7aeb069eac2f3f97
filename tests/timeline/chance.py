"""Runs made up by chance, in the order of trio's hooks, beside what each task did: for naive counts to compare with."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from triotrace import events as e

READY, RUNNING, WAITING, GONE = "ready", "running", "waiting", "gone"


@dataclass
class Life:
    """What a task was, from when on."""

    changes: list[tuple[int, str]] = field(default_factory=list)

    def spans(self, end: int) -> list[tuple[int, int, str]]:
        """Return (from, to, state), up to `end`."""
        untils = [t for t, _ in self.changes[1:]] + [end]
        return [(t, until, state) for (t, state), until in zip(self.changes, untils, strict=True)]


@dataclass
class MadeUp:
    """A run: its events, and the life of each task by its name in the log."""

    events: list[e.Event]
    lives: dict[int, Life]
    end: int = 0
    leaps: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    """When the run's clock showed what."""

    def trio_time(self, t: int) -> int:
        """Return what its mock clock showed."""
        return max(shown for at, shown in self.leaps if at <= t)


@st.composite
def made_up_runs(draw: st.DrawFn, clock: str = "live") -> MadeUp:
    """Make up a run of one main task and its children; a mock clock jumps while all wait."""
    length = st.one_of(st.integers(0, 30), st.integers(0, 2_000))
    t = trio_time = 0
    run = MadeUp([e.BeforeRun(0, 1, "main", "trio", "MainThread", "0", clock, 0)], {})  # type: ignore[arg-type]

    def change(task: int, state: str) -> None:
        run.lives.setdefault(task, Life()).changes.append((t, state))

    def schedule(task: int, cause: str) -> None:
        run.events.append(e.TaskScheduled(t, task, cause))  # type: ignore[arg-type]
        change(task, READY)

    def leap() -> None:
        nonlocal t, trio_time
        if clock == "mock":
            # What happens at the moment of a leap comes after it, in the log too
            t, trio_time = t + 1, trio_time + draw(length)
            run.events.append(e.Clock(t, 1, trio_time))
            run.leaps.append((t, trio_time))

    run.events.append(e.TaskSpawned(t, 1, 1, "main", "main"))
    schedule(1, "spawned")
    for _ in range(draw(st.integers(1, 25))):
        now = {task: life.changes[-1][1] for task, life in run.lives.items()}
        ready = [task for task, state in now.items() if state == READY]
        waiting = [task for task, state in now.items() if state == WAITING]
        if not ready:
            if not waiting:
                break
            run.events.append(e.BeforeIoWait(t, 1))
            t += draw(length)
            leap()
            run.events.append(e.AfterIoWait(t, 1))
            for task in draw(st.sets(st.sampled_from(waiting), min_size=1)):
                schedule(task, "timer")
            continue
        t += draw(st.integers(0, 3))
        task = draw(st.sampled_from(ready))
        run.events.append(e.BeforeTaskStep(t, task))
        change(task, RUNNING)
        t += draw(length)
        if len(run.lives) < 5 and draw(st.booleans()):
            child = len(run.lives) + 1
            run.events.append(e.TaskSpawned(t, child, 1, "child", "user", parent=1, nursery=1))
            schedule(child, "spawned")
        t += draw(length)
        if draw(st.integers(0, 5)) == 0:
            leap()  # the task itself sets the clock
        ending = draw(st.sampled_from([WAITING, READY, GONE] if task > 1 or len(ready + waiting) == 1 else [WAITING]))
        if ending == READY:
            run.events.append(e.TaskScheduled(t, task, "checkpoint", waker=task))
        elif ending == GONE:
            run.events.append(e.TaskExited(t, task, "returned"))
        run.events.append(e.AfterTaskStep(t, task))
        change(task, ending)
    ready = [task for task, life in run.lives.items() if life.changes[-1][1] == READY]
    if ready and draw(st.booleans()):  # the log ends within a step
        run.events.append(e.BeforeTaskStep(t, ready[0]))
        change(ready[0], RUNNING)
    if draw(st.booleans()):  # the log ends a while after the last thing that a task did
        t += draw(length)
        run.events.append(e.Output(t, "stdout", "end\n"))
    run.end = t
    return run
