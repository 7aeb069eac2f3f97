"""What a task waits for is said by its own line: in the lane, the inspector and the sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
import trio.testing

import forms
from triotrace import Tracer
from triotrace.events import Event, Source, TaskScheduled
from triotrace.timeline.columns import Columns, StepsView
from triotrace.timeline.describe import describe
from triotrace.timeline.lanes import Lane
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.states import State
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

WORDS = Words()
OWNED = ("Lock.acquire", "Condition.acquire")


def stopped(function: Callable[[], Awaitable[object]]) -> Timeline:
    """Run a task until it waits for good; return what was told up to then."""
    events: list[Event] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(function, name="waiter")
            await trio.testing.wait_all_tasks_blocked(0.02)
            nursery.cancel_scope.cancel()

    trio.run(main, instruments=[Tracer(events.extend)])
    idle = next(i for i, event in enumerate(events) if isinstance(event, TaskScheduled) and event.cause == "idle")
    timeline = Timeline()
    # A tracer in the same process hands over no sources
    timeline.feed([Source(forms.__file__, Path(forms.__file__).read_text(encoding="utf-8")), *events[:idle]])
    return timeline


def waiting(timeline: Timeline) -> tuple[Lane, int]:
    """Return the waiter, and the slot in which it began to wait."""
    [lane] = [lane for lane in timeline.lanes if lane.name == "waiter"]
    assert State.WAITING == lane.states[-1]
    return lane, lane.slots[-1]


@pytest.mark.parametrize("name", forms.FORMS)
def test_each_form_of_a_wait_is_said_by_its_own_line(name: str) -> None:
    """The block has the verb, the state and the sentence what the source says, the inspector trio's word too."""
    form = forms.FORMS[name]
    timeline = stopped(form.waits)
    lane, slot = waiting(timeline)
    facts = dict(describe(timeline, lane, slot, WORDS))
    said = WORDS.happened(timeline, slot)
    rows = lay_rows(timeline)
    view = StepsView(1, zoom=10, width=10 * len(timeline.tape) + 10)
    line = StepsPicture(timeline, rows, view).line(rows.row_of(lane.index) or 0).text
    if form.full == "nursery":
        assert "waits for 1 child" == facts["state"]
        assert said.endswith("waiter waits for 1 child.")
    else:
        assert f"waits: {form.full}" == facts["state"]
        owned = "waits for the lock that `hold` holds" if form.call in OWNED else f"waits at `{form.full}`"
        assert said.endswith(f"waiter {owned}.")
    assert form.call == facts.get("trio's word")
    [block] = [block for block in Columns(timeline, rows, view).blocks if block.first <= slot <= block.last]
    shown = line[block.cell + 1 : block.cell + 8].partition("×")[0].strip(" █")
    if block.first == block.last:
        assert form.short == shown
    else:  # several steps inside one await leave less room
        assert not shown or form.short.startswith(shown.rstrip("…")) or shown in ("recv", "take", "proc", "run")
