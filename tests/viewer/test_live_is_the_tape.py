"""→ alone, from before the first step to the end of a living program: each slot once, and as the tape has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from walking import live, walk

from lessons import EXAMPLES
from recorded import CASES, read
from triotrace.timeline.columns import StepsView
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words
from triotrace.viewer.app import TraceApp
from triotrace.viewer.scene import Scene

WALKED = ["walks", "takes_turns", "mock_jump", "started_by_me", "raises_after_sleep", "system_exit", "after_trio"]
CALM = ["exemplo_00_trio", "exemplo_01", "exemplo_04", "exemplo_06", "exemplo_07"]
FREE = ["exemplo_02", "exemplo_03", "exemplo_05", "exemplo_08"]
"""Sockets and threads have a say there: what is told of a sleep may go on while it is looked at."""
ZOOM = 3


def drawn(timeline: Timeline, slot: int) -> dict[str, str]:
    """Draw the columns up to a slot, all but its join with the next: by the row's task."""
    rows = lay_rows(timeline, system=False, folded={}, gone_by=None, only=None, loop=True, scopes=None)
    picture = StepsPicture(timeline, rows, StepsView(1, ZOOM * slot - 1, ZOOM, slot, False), Words())
    return {
        str(row.lane if row.lane is not None else row.kind): picture.line(at).text for at, row in enumerate(rows.rows)
    }


def beside(scene: Scene) -> tuple[object, ...]:
    """Return what stands beside the picture: the marked line, the prints so far, who runs, what all of them do."""
    timeline, slot = scene.timeline, scene.playhead
    place = timeline.verbs.places.get(scene.place)
    return (
        None if place is None else (place.file, place.line, place.function),
        [(entry.slot, entry.text, entry.lane) for entry in timeline.prints if entry.slot <= slot],
        None if scene.chosen_lane is None else timeline.title(scene.chosen_lane),
        {lane.name: scene.words.state(timeline, lane, slot) for lane in timeline.lanes if lane.slots[0] <= slot},
    )


def said(timeline: Timeline, slot: int) -> str:
    return Words().happened(timeline, slot)


@pytest.mark.parametrize("name", [*WALKED, *CALM])
def test_each_slot_once_and_as_the_tape_has_it(tmp_path: Path, name: str) -> None:
    script = next(path for folder in (CASES, EXAMPLES) if (path := folder / f"{name}.py").exists())
    slots: list[int] = []
    seen: list[tuple[dict[str, str], str]] = []
    told: list[tuple[object, ...]] = []

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        def shown(slot: int) -> None:
            slots.append(slot)
            if slot:
                seen.append((drawn(app.timeline, slot), said(app.timeline, slot)))
                told.append(beside(app.scene))

        await walk(app, pilot, shown)

    tape = read(live(tmp_path, (str(script),), act))
    assert [] == tape.damages
    assert list(range(len(tape.tape) + 1)) == slots
    for slot, (picture, words) in enumerate(seen, 1):
        assert said(tape, slot) == words, slot
        scene = Scene(tape)
        scene.go(slot)
        assert beside(scene) == told[slot - 1], slot
        whole = drawn(tape, slot)
        for row, line in picture.items():
            assert whole[row] == line, (slot, row)


@pytest.mark.parametrize("name", FREE)
def test_each_slot_once_where_something_comes_from_outside(tmp_path: Path, name: str) -> None:
    slots: list[int] = []

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await walk(app, pilot, slots.append)

    tape = read(live(tmp_path, (str(EXAMPLES / f"{name}.py"),), act))
    assert [] == tape.damages
    assert list(range(len(tape.tape) + 1)) == slots


TWO_RUNS = """
import threading, trio
async def child(number):
    for _ in range(2):
        await trio.sleep(number)
async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child, 0.01)
        nursery.start_soon(child, 0.02)
threads = [threading.Thread(target=trio.run, args=(main,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
trio.run(main)
"""


def test_each_slot_once_in_several_runs(tmp_path: Path) -> None:
    """Two at once, in threads, and one after them: whichever is held goes on, and no press is lost between them."""
    slots: list[int] = []

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await walk(app, pilot, slots.append)

    (tmp_path / "two.py").write_text(TWO_RUNS)
    tape = read(live(tmp_path, (str(tmp_path / "two.py"),), act))
    assert 3 == len(tape.runs)
    assert list(range(len(tape.tape) + 1)) == slots
