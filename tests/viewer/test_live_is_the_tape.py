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

WALKED = ["walks", "takes_turns", "mock_jump", "started_by_me", "raises_after_sleep", "system_exit", "after_trio"]
CALM = ["exemplo_00_trio", "exemplo_01", "exemplo_04", "exemplo_06", "exemplo_07"]
ZOOM = 3


def drawn(timeline: Timeline, slot: int) -> dict[str, str]:
    """Draw the columns up to a slot, all but its join with the next: by the row's task."""
    rows = lay_rows(timeline, system=False, folded={}, gone_by=None, only=None, loop=True, scopes=None)
    picture = StepsPicture(timeline, rows, StepsView(1, ZOOM * slot - 1, ZOOM, slot, False), Words())
    return {
        str(row.lane if row.lane is not None else row.kind): picture.line(at).text for at, row in enumerate(rows.rows)
    }


def said(timeline: Timeline, slot: int) -> str:
    return Words().happened(timeline, slot)


@pytest.mark.parametrize("name", [*WALKED, *CALM])
def test_each_slot_once_and_as_the_tape_has_it(tmp_path: Path, name: str) -> None:
    script = next(path for folder in (CASES, EXAMPLES) if (path := folder / f"{name}.py").exists())
    slots: list[int] = []
    seen: list[tuple[dict[str, str], str]] = []

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        def shown(slot: int) -> None:
            slots.append(slot)
            if slot:
                seen.append((drawn(app.timeline, slot), said(app.timeline, slot)))

        await walk(app, pilot, shown)

    tape = read(live(tmp_path, (str(script),), act))
    assert [] == tape.damages
    assert list(range(len(tape.tape) + 1)) == slots
    for slot, (picture, words) in enumerate(seen, 1):
        assert said(tape, slot) == words, slot
        whole = drawn(tape, slot)
        for row, line in picture.items():
            assert whole[row] == line, (slot, row)
