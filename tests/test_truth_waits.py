"""What a task waits for is said by its own line: in the lane, the inspector and the sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

import forms
from programs import PATIENCE, events_of
from recorded import CASES, Cases, Recorded
from served import served
from triotrace import Tracer
from triotrace.events import AfterTaskStep, BeforeIoWait, Event, Place, Source, TaskScheduled, TaskSpawned
from triotrace.export.text import page
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


def stopped(form: forms.Form) -> Timeline:
    """Run a task until it waits for good; return what was told up to then."""
    events: list[Event] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(form.waits, name="waiter")
            with trio.move_on_after(PATIENCE):
                await trio.testing.wait_all_tasks_blocked(0.02)
                while form.call is not None and stands_in(events) != form.call:  # a process begins in a thread
                    await trio.testing.wait_all_tasks_blocked(0.02)
            nursery.cancel_scope.cancel()

    trio.run(main, instruments=[Tracer(events.extend)])
    idle = max(i for i, event in enumerate(events) if isinstance(event, TaskScheduled) and event.cause == "idle")
    timeline = Timeline()
    # A tracer in the same process hands over no sources
    timeline.feed([Source(forms.__file__, Path(forms.__file__).read_text(encoding="utf-8")), *events[:idle]])
    return timeline


def stands_in(events: list[Event]) -> str | None:
    """Return trio's word for where the waiter stood last."""
    calls = {event.place: event.call for event in events if isinstance(event, Place)}
    [waiter] = [event.task for event in events if isinstance(event, TaskSpawned) and event.name == "waiter"]
    steps = [event for event in events if isinstance(event, AfterTaskStep) and event.task == waiter]
    return calls.get(steps[-1].place) if steps and steps[-1].place is not None else None


def waiting(timeline: Timeline) -> tuple[Lane, int]:
    """Return the waiter, and the slot in which it began to wait."""
    [lane] = [lane for lane in timeline.lanes if lane.name == "waiter"]
    assert State.WAITING == lane.states[-1]
    return lane, lane.slots[-1]


@pytest.mark.parametrize("name", forms.FORMS)
def test_each_form_of_a_wait_is_said_by_its_own_line(name: str) -> None:
    """The block has the verb, the state and the sentence what the source says, the inspector trio's word too."""
    form = forms.FORMS[name]
    timeline = stopped(form)
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


# -- programs that people have -------------------------------------------------------------------


def said(case: Recorded) -> list[str]:
    """Return what is said of each step, beginning with the first."""
    return [WORDS.happened(case.timeline, slot) for slot in range(1, len(case.timeline.tape) + 1)]


def drawn(case: Recorded, title: str) -> str:
    """Return a task's lane on the step axis."""
    rows = lay_rows(case.timeline)
    view = StepsView(1, zoom=10, width=10 * len(case.timeline.tape) + 10)
    return StepsPicture(case.timeline, rows, view).line(rows.row_of(case.lane(title).index) or 0).text


def calls(case: Recorded, title: str) -> list[str]:
    """Return trio's words for what a task waited for, one a wait."""
    lane = case.lane(title)
    waits = [place for state, place in zip(lane.states, lane.places, strict=True) if state == State.WAITING]
    return [case.timeline.verbs.verb(place).call for place in waits]


def outside(case: Recorded) -> list[tuple[int, int, int, int, int]]:
    """Return what each sleep of the loop waited for: readers, writers, threads, processes, signals."""
    sleeps = [event for event in events_of(case.log) if isinstance(event, BeforeIoWait)]
    return [(e.readers, e.writers, e.threads, e.processes, e.signals) for e in sleeps]


def test_a_lock_is_waited_for_and_not_its_body(cases: Cases) -> None:
    """The second task waits for the lock while the first one sleeps with it; then it sleeps itself."""
    case = cases["lock_held_asleep"]
    assert ["Lock.acquire", "sleep"] == calls(case, "second")
    assert "█acquire█" in drawn(case, "second")
    assert "█sleep█" in drawn(case, "second")
    assert not [text for text in said(case) if "calls sleep()" in text]
    assert 2 == len([text for text in said(case) if "waits at `sleep`" in text])


def test_two_locks_are_told_by_their_names(cases: Cases) -> None:
    case = cases["two_locks"]
    for title in ("a to b", "b to a"):
        assert ["sleep", "Lock.acquire"] == calls(case, title)
        assert f"{title} gives way at `first.acquire` and stays in the queue." in said(case)
        lane = case.lane(title)
        slot = lane.slots[lane.states.rindex(State.WAITING)]
        assert "waits: second.acquire" == WORDS.state(case.timeline, lane, slot)
    assert ["sleep", "Lock.acquire"] == calls(case, "auditor")


def test_events_that_nobody_sets(cases: Cases) -> None:
    """On the time axis too they wait for their events, not in a sleep."""
    case = cases["mock_deadlock"]
    assert ["Event.wait"] == calls(case, "left")
    assert ["sleep", "Event.wait"] == calls(case, "right")
    shown = list(page(case.timeline, axis="time", width=120))
    assert [True] == [" a.wait " in line for line in shown if "left" in line]
    assert [True] == [" sleep " in line for line in shown if "right" in line], "all of trio's time it did"


def test_tokens_that_nobody_gives_back(cases: Cases) -> None:
    """All wait for the limiter: no thread is at work, and none may come."""
    case = cases["limiter_twice"]
    for number in (1, 2, 3):
        assert ["CapacityLimiter.acquire"] == calls(case, f"submit #{number}")
    assert "submit #1 waits at `to_thread.run_sync (limiter)`." in said(case)
    assert "submit #3 waits at `limiter.acquire_on_behalf_of`." in said(case)
    assert "█limiter█" in drawn(case, "submit #1")
    assert {(0, 0, 0, 0, 0)} == set(outside(case))
    assert not [text for text in said(case) if "thread" in text.replace("to_thread", "")]


def test_a_process_and_a_thread(cases: Cases) -> None:
    """While both are at work both are counted, and each is told by its name when it is over."""
    case = cases["waits_for_process"]
    both = [(readers + threads - 1, processes) for readers, _, threads, processes, _ in outside(case)]
    assert (1, 1) in both
    assert (0, 0, 0, 0, 0) == outside(case)[-1]
    assert [text for text in said(case) if text.endswith("A process that ended woke Process.wait.")]
    assert [text for text in said(case) if text.endswith("A thread woke to_thread.run_sync.")]
    facts = dict(describe(case.timeline, case.lane("Process.wait"), len(case.timeline.tape), WORDS))
    assert facts["made ready"].startswith("by a process that ended, step ")


def test_a_signal_may_come(cases: Cases) -> None:
    """Who goes through signals waits for one; the loop that sleeps knows."""
    case = cases["signals_keep_open"]
    assert ["open_signal_receiver"] == calls(case, "watch_signals")
    assert "watch_signals waits at `signals`." in said(case)
    assert "█signal█" in drawn(case, "watch_signals")
    assert 1 == outside(case)[-2][-1]


def test_requests_wait_for_a_lock(tmp_path: Path) -> None:
    """A request waits for the lock that another one keeps while it sleeps for ever."""
    pytest.importorskip("hypercorn")
    text = (CASES / "asgi_lock.py").read_text()
    timeline = served(tmp_path, text, ["fine"], unanswered=["stuck", "next", "last"])
    waits = [
        [timeline.verbs.verb(place).full for state, place in changes if state == State.WAITING][-1]
        for lane in timeline.lanes
        if lane.role == "user"
        for changes in [list(zip(lane.states, lane.places, strict=True))]
        if State.WAITING in lane.states
    ]
    assert ["sleep_forever", "lock.acquire", "lock.acquire"] == waits[-3:]


def test_at_the_end_of_a_nursery_its_own_children_are_waited_for(cases: Cases) -> None:
    """Not those of the nursery around it, which go on."""
    timeline = cases["server_keeps_open"].timeline
    main = cases["server_keeps_open"].lane("main")
    waits = [
        main.wakers[change]
        for change, state in enumerate(main.states)
        if state == State.WAITING and timeline.verbs.verb(main.places[change]).nursery
    ]
    assert [2, 1] == waits
