"""What the keys ask of a living program: n to a task's next step, what trio's end leaves, and what is said about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from driven import press
from textual.pilot import Pilot
from walking import live, wait_for

from recorded import CASES
from triotrace.timeline.states import State
from triotrace.viewer.app import TraceApp

TICKS = """
import trio

async def child(number):
    for _ in range(5):
        await trio.sleep(number)

async def quiet():
    await trio.sleep_forever()

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(quiet)
        for number in (1, 7, 20):
            nursery.start_soon(child, number)

trio.run(main)
"""


def told(app: TraceApp) -> set[str]:
    return {notification.message for notification in app._notifications}


async def held(app: TraceApp, pilot: Pilot[None]) -> None:
    await wait_for(app, pilot, lambda: app.timeline.stands and app.player.seeks is None, "a hold")


def test_n_at_the_end_of_the_tape_goes_on_to_that_tasks_next_step(tmp_path: Path) -> None:
    """The playhead is on that step, the task is chosen, the program held right after it; sleeps are skipped."""
    (tmp_path / "ticks.py").write_text(TICKS)

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        scene, timeline = app.scene, app.timeline
        await held(app, pilot)
        await press(pilot, "right")
        await wait_for(app, pilot, lambda: scene.playhead == 1, "main's step")
        slow = next(lane for lane in timeline.lanes if timeline.title(lane) == "child #3")
        scene.chosen = slow.index
        for _ in range(3):
            before = scene.playhead
            await press(pilot, "n")
            # On its way it follows what is told: at first the sleep in which it was held
            await wait_for(app, pilot, lambda: app.player.seeks is None and app.timeline.stands, "n")
            assert scene.playhead > before
            assert slow.index == scene.chosen == timeline.tape.lanes[scene.playhead]
            between = timeline.tape.lanes[before + 1 : scene.playhead]
            assert slow.index not in between
            assert scene.end <= scene.playhead + 1, "held before the next step, or in the sleep before that"
            assert "❚❚ PAUSED" in app.said_state()
            assert app.player.program.paused
        steps = sum(lane == slow.index for lane in timeline.tape.lanes[1:])
        assert 3 == steps
        # Looked back, n walks on the tape first
        await press(pilot, "N")
        end = scene.end
        await press(pilot, "n")
        assert scene.end == end

    live(tmp_path, (str(tmp_path / "ticks.py"),), act)


def test_n_for_a_task_that_never_steps_again_can_be_stopped_or_ends_with_the_program(tmp_path: Path) -> None:
    (tmp_path / "ticks.py").write_text(
        "import trio\n"
        "async def quiet():\n    await trio.sleep_forever()\n"
        "async def main():\n"
        "    async with trio.open_nursery() as nursery:\n"
        "        nursery.start_soon(quiet)\n"
        "        await trio.to_thread.run_sync(input)\n"
        "trio.run(main)\n"
    )

    os.mkfifo(tmp_path / "stdin")
    writer = os.open(tmp_path / "stdin", os.O_RDWR)

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        scene, timeline = app.scene, app.timeline
        await held(app, pilot)
        for _ in range(2):
            before = scene.playhead
            await press(pilot, "right")
            await wait_for(app, pilot, lambda before=before: scene.playhead > before and not app.player._waits, "→")
        quiet = next(lane for lane in timeline.lanes if lane.name == "quiet")
        scene.chosen = quiet.index
        await press(pilot, "n")
        await wait_for(app, pilot, lambda: timeline.runs[0].asleep_since is not None, "its sleep")
        assert "● RUNNING to the next step of quiet" == app.said_state()
        await press(pilot, "space")
        await held(app, pilot)
        assert app.player.program.paused
        await press(pilot, "n")
        os.write(writer, b"end\n")
        app.player.program.interrupt()
        await wait_for(app, pilot, lambda: timeline.ended and app.player.seeks is None, "the end")
        assert quiet.result is State.CANCELLED
        await press(pilot, "end", "n")
        assert "quiet takes no further step" in told(app)

    try:
        live(tmp_path, (str(tmp_path / "ticks.py"),), act, stdin=tmp_path / "stdin")
    finally:
        os.close(writer)


@pytest.mark.parametrize("paused", [True, False])
def test_a_program_that_goes_on_without_trio_says_so(tmp_path: Path, paused: bool) -> None:
    """The header does, and each key that would drive it; nothing hangs, and nothing is held."""

    os.mkfifo(tmp_path / "stdin")
    writer = os.open(tmp_path / "stdin", os.O_RDWR)

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        if paused:
            await held(app, pilot)
            await press(pilot, "right", "right", "right", "right")
        await wait_for(app, pilot, lambda: app.timeline.is_over, "trio's end")
        over = "● trio has ended · the program goes on"
        await wait_for(app, pilot, lambda: app.said_state() == over, "its being said")
        end = app.scene.end
        await press(pilot, "end")
        for name in ("right", "space", "n"):
            app.clear_notifications()
            await press(pilot, name)
            assert told(app), name
            assert (end, over) == (app.scene.playhead, app.said_state())
        await press(pilot, "left", "right")
        assert end == app.scene.playhead
        assert app.player.program.living
        os.close(writer)
        await wait_for(app, pilot, lambda: not app.player.program.living, "its end")

    live(tmp_path, (str(CASES / "after_trio.py"),), act, stdin=tmp_path / "stdin", paused=paused)
