"""Does what a log costs grow with its tasks, and no faster, when each moves between nurseries, or there are gaps?

    python benchmarks/many_starts.py [--tasks 100000]

CPU seconds of the fold, of the text that `show` and `show --last 5` print, and of frames of the viewer's picture with
the nursery folded: the first (who lives and who runs is summed up, rows are laid, lines drawn), the next, and one for
1,200 more events. Each beside the same for tasks that `start_soon` brought in, and beside a tenth of the tasks: 10 is
in proportion. The logs are made up in the shape of real ones (`tests/cases/many_starts.py`).
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator
from itertools import count, islice

from triotrace import events as e
from triotrace.export.part import Part
from triotrace.export.text import page
from triotrace.timeline.timeline import Timeline
from triotrace.viewer.scene import Scene

ROWS = 40
MAIN, NURSERY = 1, 1


def start(tasks: int) -> Iterator[e.Event]:
    """Give what `await nursery.start(ready)` tells, so often: a nursery of `start`'s own, then the task moves."""
    yield from opened()
    ticks = count(10, 1_000)
    for task in range(3, 3 + tasks):
        yield e.ScopeEntered(next(ticks), task, MAIN, parent=0, place=2, library=True)
        yield e.NurseryOpened(next(ticks), task, MAIN, task, 2)
        yield e.TaskSpawned(next(ticks), task, 1, "ready", "user", parent=MAIN, nursery=task, eventual=NURSERY, by=MAIN)
        yield e.TaskScheduled(next(ticks), task, "spawned", waker=MAIN, place=2)
        yield e.AfterTaskStep(next(ticks), MAIN, 2)
        yield e.BeforeTaskStep(next(ticks), task)
        yield e.TaskMoved(next(ticks), task, NURSERY)
        yield e.TaskScheduled(next(ticks), MAIN, "task", waker=task, place=3)
        yield e.AfterTaskStep(next(ticks), task, 3)
        yield e.BeforeTaskStep(next(ticks), MAIN)
        yield e.NurseryClosed(next(ticks), task)
        yield e.ScopeExited(next(ticks), task)


def start_from_outside(tasks: int) -> Iterator[e.Event]:
    """Give the same when the one that calls `start` is not the one that owns the nursery: the task crosses over."""
    yield from opened()
    helper, ticks = 2, count(10, 1_000)
    yield e.TaskSpawned(1, helper, 1, "helper", "user", parent=0, nursery=0)
    yield e.TaskScheduled(1, helper, "spawned")
    yield e.AfterTaskStep(2, MAIN, 1)
    yield e.BeforeTaskStep(3, helper)
    for task in range(3, 3 + tasks):
        yield e.NurseryOpened(next(ticks), task, helper, None, 2)
        yield e.TaskSpawned(next(ticks), task, 1, "ready", "user", parent=helper, nursery=task, by=helper)
        yield e.TaskScheduled(next(ticks), task, "spawned", waker=helper, place=2)
        yield e.AfterTaskStep(next(ticks), helper, 2)
        yield e.BeforeTaskStep(next(ticks), task)
        yield e.TaskMoved(next(ticks), task, NURSERY)
        yield e.TaskScheduled(next(ticks), helper, "task", waker=task, place=3)
        yield e.AfterTaskStep(next(ticks), task, 3)
        yield e.BeforeTaskStep(next(ticks), helper)


def start_soon(tasks: int) -> Iterator[e.Event]:
    """Give what `nursery.start_soon(ready)` and a checkpoint tell, so often."""
    yield from opened()
    ticks = count(10, 1_000)
    for task in range(3, 3 + tasks):
        yield e.TaskSpawned(next(ticks), task, 1, "ready", "user", parent=MAIN, nursery=NURSERY, by=MAIN)
        yield e.TaskScheduled(next(ticks), task, "spawned", waker=MAIN, place=2)
        yield e.TaskScheduled(next(ticks), MAIN, "checkpoint")
        yield e.AfterTaskStep(next(ticks), MAIN, 2)
        yield e.BeforeTaskStep(next(ticks), task)
        yield e.AfterTaskStep(next(ticks), task, 3)
        yield e.BeforeTaskStep(next(ticks), MAIN)


def gaps(tasks: int) -> Iterator[e.Event]:
    """Give `start_soon` with a gap after each hundredth task."""
    for number, event in enumerate(start_soon(tasks)):
        yield event
        if number % 700 == 699:
            yield e.Dropped(event.t, 1, event.t)


def scopes(tasks: int) -> Iterator[e.Event]:
    """Give a step in which so many time-outs come and go, one after the other, all in main."""
    yield from opened()
    ticks = count(10, 1_000)
    for scope in range(3, 3 + tasks):
        t = next(ticks)
        yield e.ScopeEntered(t, scope, MAIN, parent=0, place=2, deadline=t + 10**9)
        yield e.AfterTaskStep(next(ticks), MAIN, 3)
        yield e.TaskScheduled(next(ticks), MAIN, "io")
        yield e.BeforeTaskStep(next(ticks), MAIN)
        yield e.ScopeExited(next(ticks), scope)


def opened() -> Iterator[e.Event]:
    """Give the first events of a run: main opens a nursery."""
    yield e.Place(1, "many.py", 14, function="main", call="open_nursery")
    yield e.Place(2, "many.py", 17, function="main", call="Nursery.start")
    yield e.Place(3, "many.py", 10, function="ready", call="sleep_forever")
    yield e.BeforeRun(0, 1, "main", "trio", "MainThread", "0.35.0", "live", 0)
    yield e.TaskSpawned(0, 0, 1, "<init>", "init")
    yield e.TaskSpawned(0, MAIN, 1, "main", "main", parent=0, nursery=0)
    yield e.TaskScheduled(0, MAIN, "spawned")
    yield e.BeforeTaskStep(0, MAIN)
    yield e.ScopeEntered(0, 0, MAIN, place=1)
    yield e.NurseryOpened(0, NURSERY, MAIN, 0, 1)


def spent(do: Callable[[], object]) -> float:
    """Give the CPU seconds of a call, without the collector's."""
    gc.collect()
    gc.disable()
    begun = time.process_time()
    do()
    took = time.process_time() - begun
    gc.enable()
    return took


def draw(scene: Scene) -> None:
    """Draw a screenful of the picture, as the viewer does for each frame."""
    scene.update()
    picture = scene.picture
    picture.head()
    picture.prints()
    for row in range(min(ROWS, len(scene.rows.rows))):
        picture.line(row)
    scene.words.happened(scene.timeline, scene.playhead)
    scene.words.following(scene.timeline, scene.playhead)


def costs(told: Callable[[int], Iterator[e.Event]], tasks: int) -> dict[str, float]:
    """Give the CPU seconds for so many tasks, by what is done."""
    events = list(told(tasks))
    last = events[-1_200:]
    del events[-1_200:]
    timeline, batches = Timeline(), iter(events)

    def fold() -> None:
        while batch := list(islice(batches, 1_200)):
            timeline.feed(batch)

    found = {"fold": spent(fold)}
    found["show --last 5"] = spent(lambda: list(page(timeline, width=120, part=Part(last=5))))
    found["show"] = spent(lambda: list(page(timeline, width=120)))
    for axis in ("steps", "time"):
        scene = Scene(timeline, axis=axis)
        scene.width = 120
        scene.choose_row(0)
        found[f"{axis}: first frame, folded"] = spent(lambda scene=scene: (scene.fold(), draw(scene)))
        found[f"{axis}: next frame, folded"] = spent(lambda scene=scene: (scene.move(-1), draw(scene)))
    timeline.feed(last)
    found["time: 1,200 events more"] = spent(lambda: draw(scene))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tasks", type=int, default=100_000)
    tasks = options.parse_args().tasks
    soon = costs(start_soon, tasks)
    for kind in (start, start_from_outside, start_soon, gaps, scopes):
        many, few = soon if kind is start_soon else costs(kind, tasks), costs(kind, tasks // 10)
        print(f"{kind.__name__}, {tasks:,} and {tasks // 10:,}")
        for name, seconds in many.items():
            beside, grown = seconds / max(soon[name], 1e-4), seconds / max(few[name], 1e-4)
            print(f"  {name:28} {seconds:8.3f} s  {beside:6.2f} times start_soon's, {grown:6.1f} times a tenth's")


if __name__ == "__main__":
    main()
