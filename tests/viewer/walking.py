"""A living program in the viewer, driven by keys: as a user sees it, but for the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from driven import press, settle
from textual.pilot import Pilot

from programs import PATIENCE
from triotrace.launch import Child, Wishes, chosen_place, parse_target
from triotrace.source import FileSource
from triotrace.viewer.app import TraceApp

__all__ = ["live", "wait_for", "walk"]

Act = Callable[[TraceApp, Pilot[None]], Awaitable[None]]


def live(
    folder: Path,
    words: tuple[str, ...],
    act: Act,
    *,
    stdin: Path = Path(os.devnull),
    size: tuple[int, int] = (100, 28),
    **wishes: object,
) -> Path:
    """Run a program, paused unless wished otherwise, let `act` drive its viewer, and return its log."""
    place = chosen_place(folder / "live.jsonl", force=True)
    child = Child(
        parse_target(words),
        Path(sys.executable),
        place,
        Wishes(order="started", **{"paused": True, **wishes}),  # type: ignore[arg-type]
        stdin=stdin,
    )

    async def run() -> None:
        source = FileSource(child.log, lambda: child.living, child.control.wait_answer)
        app = TraceApp(source, program=child, title="live.py")
        async with app.run_test(size=size, notifications=True) as pilot:
            await act(app, pilot)

    try:
        asyncio.run(asyncio.wait_for(run(), PATIENCE))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child._process.pid, signal.SIGKILL)
        outcome = child.finish()
    assert outcome.log is not None
    return outcome.log


async def wait_for(app: TraceApp, pilot: Pilot[None], look: Callable[[], object], what: str) -> None:
    """Wait until `look` finds something, the viewer being at work meanwhile."""
    for _ in range(int(PATIENCE / 0.01)):
        if look():
            await settle(pilot)
            return
        await pilot.pause(0.01)
    raise TimeoutError(f"{what}: {app.said_state()}, slot {app.scene.playhead} of {app.scene.end}")


async def walk(app: TraceApp, pilot: Pilot[None], shown: Callable[[int], None]) -> None:
    """Press → again and again until the program has ended and the tape with it; call `shown` for each slot."""
    timeline, scene = app.timeline, app.scene
    await wait_for(app, pilot, lambda: timeline.held, "the first hold")
    shown(scene.playhead)

    def settled() -> bool:
        if timeline.is_over or timeline.ended:
            return True
        return timeline.stands and scene.wanted is None and not app.player._waits

    def moved(before: int) -> bool:
        return (scene.playhead != before or timeline.ended) and settled()

    while True:
        before = scene.playhead
        await press(pilot, "right")
        await wait_for(app, pilot, partial(moved, before), "→")
        if scene.playhead != before:
            shown(scene.playhead)
        elif timeline.ended:
            return
        if timeline.is_over:
            # Or another run begins, and is held before its first step
            await wait_for(app, pilot, lambda: timeline.ended or timeline.stands, "the program's end")
