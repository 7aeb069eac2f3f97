"""What a frame costs: CPU from a key or new events to the text for the terminal, beside Textual painting ready strips.

    python benchmarks/viewer.py [--lanes 10000] [--intervals 1000000] [--size 160x50] [--frames 60] [--json FILE]

A run is made up in the shape of a busy trio program: one task running at a time, up to 24 made ready together, steps
of 5 to 200 us, short sleeps. Headless, with the escape sequences really built, since a headless app builds none.
"ready" is the same frame when every widget gives back strips that it already has: what is left is Textual alone.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MethodType

import trio
from textual.widget import Widget

from triotrace import events as e
from triotrace.viewer.app import TraceApp
from triotrace.viewer.program import StillTape

BATCH = 2000


def invent(lanes: int, *, seed: int = 1) -> Iterator[e.Event]:
    """Make up a run without an end: a server whose tasks live for ever."""
    chance = random.Random(seed)
    t = 0
    yield e.Place(1, "server.py", 7, function="serve", call="open_nursery")
    yield e.Place(2, "server.py", 12, function="handle", call="SocketStream.receive_some")
    yield e.Place(3, "server.py", 14, function="handle", call="SocketStream.send_all")
    yield e.BeforeRun(0, 1, "serve", "trio", "MainThread", trio.__version__, "live", 0)
    yield e.TaskSpawned(0, 1, 1, "<init>", "init")
    yield e.TaskSpawned(0, 2, 1, "serve", "main", parent=1, nursery=1)
    yield e.TaskScheduled(0, 2, "spawned")
    yield e.BeforeTaskStep(t, 2)
    tasks = range(3, 3 + lanes)
    for task in tasks:
        t += 2_000
        yield e.TaskSpawned(t, task, 1, "handle", "user", parent=2, nursery=2)
        yield e.TaskScheduled(t, task, "spawned", waker=2)
    yield e.AfterTaskStep(t, 2, 1)
    first = list(tasks)
    while True:
        batch = first or chance.sample(tasks, chance.randint(1, 24))
        if not first:
            yield e.BeforeIoWait(t, 1, readers=lanes)
            t += chance.randint(10_000, 400_000)
            yield e.AfterIoWait(t, 1)
            for task in batch:
                yield e.TaskScheduled(t, task, "io")
        first = []
        for task in batch:
            t += 1_000
            yield e.BeforeTaskStep(t, task)
            t += chance.randint(5_000, 200_000)
            yield e.AfterTaskStep(t, task, chance.choice((2, 3)))


class NoSource:
    """The events are fed by hand."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.progress = (0, 0)

    async def send_to(self, send: trio.MemorySendChannel[list[e.Event]]) -> None:
        """Nothing comes from here."""
        await send.aclose()


class Stage:
    """An app with no terminal, and the means to make it draw."""

    def __init__(self, app: TraceApp) -> None:
        self.app = app

    def draw(self) -> int:
        """Draw all widgets and build what a terminal would be sent; return its length."""
        screen = self.app.screen
        compositor = screen._compositor
        widgets = {widget for widget in compositor.visible_widgets if not list(widget.children)}
        for widget in widgets:
            widget.refresh()
        compositor.update_widgets(widgets)
        update = compositor.render_update(screen_stack=self.app._background_screens)
        return len(update.render_segments(self.app.console)) if update is not None else 0

    def keep_strips(self) -> Callable[[], None]:
        """Let our widgets give back what they show now, to Textual's own way of painting; return what undoes that."""
        app = self.app
        lines: list[Widget] = [app.head, app.lanes, app.prints_row]
        panels: list[Widget] = [app.title_bar, app.source_panel, app.prints_panel, app.inspector]
        for widget in lines:
            strips = [widget.render_line(y) for y in range(widget.size.height)]
            widget.render_line = strips.__getitem__  # type: ignore[method-assign]
            widget.render_lines = MethodType(Widget.render_lines, widget)  # type: ignore[method-assign]
        for panel in panels:
            text = panel.render()
            panel.render = lambda text=text: text  # type: ignore[method-assign]

        def undo() -> None:
            for widget in lines:
                del widget.render_line, widget.render_lines  # type: ignore[attr-defined]
            for panel in panels:
                del panel.render  # type: ignore[attr-defined]

        return undo


def cpu(action: Callable[[], object]) -> float:
    """Give the milliseconds of CPU that a call takes."""
    start = time.process_time_ns()
    action()
    return (time.process_time_ns() - start) / 1e6


async def measure(lanes: int, intervals: int, size: tuple[int, int], frames: int) -> dict[str, dict[str, float]]:
    """Measure each kind of frame on each axis."""
    source = invent(lanes)
    app = TraceApp(NoSource(), program=StillTape(), title="server.py")
    table: dict[str, dict[str, float]] = {}
    async with app.run_test(size=size) as pilot:
        start = time.process_time()
        fed = 0
        while sum(len(lane.times) for lane in app.timeline.lanes[-200:]) * lanes / 200 < intervals or fed < 3 * lanes:
            app.timeline.feed(list(itertools.islice(source, BATCH)))
            fed += BATCH
        app.look()
        await pilot.pause()
        stage = Stage(app)
        print(
            f"{sum(len(lane.times) for lane in app.timeline.lanes):,} intervals on {len(app.timeline.lanes):,} lanes, "
            f"{app.scene.end:,} slots, fed in {time.process_time() - start:.1f} s of CPU, "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
        )

        def feed() -> None:
            app.timeline.feed(list(itertools.islice(source, 3333)))
            app.look()

        def scroll() -> None:
            app.lanes.scroll_to(y=(app.lanes.scroll_offset.y + 1) % (lanes - 60), animate=False, immediate=True)

        zooms = itertools.cycle(["zoom_in", "zoom_in", "zoom_out", "zoom_out"])
        kinds: dict[str, Callable[[], object]] = {
            "full repaint": lambda: None,
            "scroll one row": scroll,
            "playhead back": lambda: app.action_do("previous"),
            "pan": lambda: app.action_do("pan_left"),
            "zoom": lambda: app.action_do(next(zooms)),
            "choose": lambda: app.action_do("down"),
            "follow, 3,333 events": feed,
        }
        for axis in ("steps", "time"):
            if app.scene.axis != axis:
                app.action_do("axis")
            for name, action in kinds.items():
                app.action_do("now")
                app.look()
                await pilot.pause()
                stage.draw()
                gc.collect()
                costs, ready = [], []
                for _ in range(frames):
                    feeding = 0.0
                    if action is feed:
                        events = list(itertools.islice(source, 3333))
                        feeding = cpu(lambda events=events: app.timeline.feed(events))
                        drawing = cpu(app.look)
                    else:
                        drawing = cpu(action)
                    costs.append(drawing + cpu(stage.draw))
                    undo = stage.keep_strips()
                    ready.append(cpu(stage.draw))
                    undo()
                    table.setdefault(f"{axis}: {name}", {})["feed"] = feeding
                costs.sort()
                figures = table[f"{axis}: {name}"]
                figures |= {
                    "median": statistics.median(costs),
                    "p99": costs[min(len(costs) - 1, int(len(costs) * 0.99))],
                    "ready": statistics.median(ready),
                }
                figures["ratio"] = figures["median"] / figures["ready"]
                await pilot.pause()
    return table


def main() -> None:
    """Measure and print a table."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--lanes", type=int, default=10_000)
    words.add_argument("--intervals", type=int, default=1_000_000)
    words.add_argument("--size", default="160x50")
    words.add_argument("--frames", type=int, default=60)
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    columns, lines = map(int, asked.size.split("x"))
    table = asyncio.run(measure(asked.lanes, asked.intervals, (columns, lines), asked.frames))
    print(f"{'ms of CPU a frame':<32}{'median':>8}{'99th':>8}{'ready':>8}{'ratio':>8}")
    for name, figures in table.items():
        cells = "".join(f"{figures[key]:8.1f}" for key in ("median", "p99", "ready", "ratio"))
        print(f"{name:<32}{cells}")
    if asked.json:
        asked.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
