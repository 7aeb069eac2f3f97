"""Who holds what others wait for, in real programs: the log, the sentence, the inspector and the picture say it."""

from __future__ import annotations

from recorded import Cases, Recorded
from triotrace.language import catalogue
from triotrace.timeline.canvas import PLAYHEAD, Ink
from triotrace.timeline.describe import describe
from triotrace.timeline.lanes import NOBODY
from triotrace.timeline.states import State
from triotrace.timeline.words import Words
from triotrace.viewer.scene import Scene

ENGLISH, PORTUGUESE = Words(), Words(catalogue("pt"))


def step_into(case: Recorded, title: str, call: str) -> int:
    """Return the last slot in which a task began to wait in a call of trio's."""
    lane, verbs = case.lane(title), case.timeline.verbs
    waits = [i for i, state in enumerate(lane.states) if state == State.WAITING]
    return [lane.slots[i] for i in waits if verbs.verb(lane.places[i]).call == call][-1]


def facts(case: Recorded, title: str, slot: int) -> dict[str, str]:
    return dict(describe(case.timeline, case.lane(title), slot, ENGLISH))


def test_a_circle_of_locks_is_said_link_by_link(cases: Cases) -> None:
    """Each has one lock and waits for the other's; the auditor waits for one of them."""
    case = cases["two_locks"]
    slot = max(step_into(case, name, "Lock.acquire") for name in ("a to b", "b to a"))
    last = case.timeline.title(case.timeline.lanes[case.timeline.tape.lanes[slot]])
    other = {"a to b": "b to a", "b to a": "a to b"}[last]
    said = ENGLISH.happened(case.timeline, slot)
    mine, theirs = ("lock #1", "lock #2") if last == "b to a" else ("lock #2", "lock #1")
    assert said == (
        f"{last} waits for {mine} that `{other}` holds, which waits for {theirs} that `{last}` holds. "
        "They wait in a circle: only a cancellation can free them."
    )
    assert "lock #1, held by `a to b`, with 1 other" == facts(case, "auditor", slot)["waits for"]
    assert "lock #1 (2 wait)" == facts(case, "a to b", slot)["holds"]
    assert "lock #2 (1 waits)" == facts(case, "b to a", slot)["holds"]


def test_it_is_what_was_then_and_not_what_is_now(cases: Cases) -> None:
    """When the auditor comes to the lock, its owner sleeps, and nobody else waits."""
    case = cases["two_locks"]
    slot = step_into(case, "auditor", "Lock.acquire")
    assert "auditor waits for lock #1 that `a to b` holds." == ENGLISH.happened(case.timeline, slot)
    assert "lock #1, held by `a to b`" == facts(case, "auditor", slot)["waits for"]
    assert "holds" not in facts(case, "a to b", slot - 1)
    assert "holds" not in facts(case, "a to b", len(case.timeline.tape))


def test_who_waits_at_a_lock_does_not_sleep(cases: Cases) -> None:
    """Both sleep while they hold it; there is but one lock, so that it needs no number."""
    case = cases["lock_held_asleep"]
    one, two = sorted(("first", "second"), key=lambda name: step_into(case, name, "sleep"))
    waits = step_into(case, two, "Lock.acquire")
    assert f"{two} waits for the lock that `{one}` holds." == ENGLISH.happened(case.timeline, waits)
    woken = case.lane(two).states.index(State.READY, case.lane(two).after_slot(waits))
    handed = ENGLISH.happened(case.timeline, case.lane(two).slots[woken])
    assert handed.startswith(f"{one} hands the lock on to {two}: {two} is ready.")


def test_who_was_notified_waits_for_the_lock_of_the_condition(cases: Cases) -> None:
    """It is not woken: the notifier sleeps, then hands the lock on to the first, and that to the second."""
    case = cases["condition_notified"]
    notified = step_into(case, "fills", "sleep")
    one, two = "takes #1", "takes #2"
    assert ["the Condition, with 1 other"] * 2 == [facts(case, name, notified - 1)["waits for"] for name in (one, two)]
    assert ["the lock, held by `fills`, with 1 other"] * 2 == [
        facts(case, name, notified)["waits for"] for name in (one, two)
    ]
    assert "the lock (2 wait)" == facts(case, "fills", notified)["holds"]
    assert case.lane("fills").index == case.timeline.holders.owner_for(case.lane(two), notified)
    assert "takes #1 waits for the lock that `fills` holds." == ENGLISH.owned_wait(
        case.timeline, case.lane(one), notified
    )
    asleep = step_into(case, one, "sleep")
    assert "the lock, held by `takes #1`" == facts(case, two, asleep)["waits for"]
    assert "the lock (1 waits)" == facts(case, one, asleep)["holds"]
    assert "holds" not in facts(case, "fills", asleep)
    woken = case.lane(two).slots[case.lane(two).states.rfind(State.READY)]
    scene = Scene(case.timeline, follow=False)
    scene.width = 200
    scene.go(notified)
    assert ["fills"] == [title for title, _ in marked(scene, case, two)]
    slots = [slot for slot in range(asleep, woken + 1) if "hands the lock on to takes #2" in happened(case, slot)]
    assert 1 == len(slots)


def happened(case: Recorded, slot: int) -> str:
    return ENGLISH.happened(case.timeline, slot)


def test_two_events_are_told_apart(cases: Cases) -> None:
    """Each task waits for another; nobody holds an Event."""
    case = cases["mock_deadlock"]
    said = [ENGLISH.happened(case.timeline, step_into(case, name, "Event.wait")) for name in ("left", "right")]
    assert ["left waits at `a.wait` (Event #1).", "right waits at `b.wait` (Event #2)."] == said
    slot = step_into(case, "right", "Event.wait")
    assert ("Event #1", "Event #2") == tuple(facts(case, name, slot)["waits for"] for name in ("left", "right"))


def test_a_limiter_of_which_nobody_knows_who_borrowed(cases: Cases) -> None:
    """Its tokens were taken on behalf of objects: three wait for it, and no task has it."""
    case = cases["limiter_twice"]
    slot = max(lane.slots[lane.states.rfind(State.WAITING)] for lane in case.timeline.lanes if lane.role == "user")
    said = [facts(case, f"submit #{i}", slot)["waits for"] for i in (1, 2, 3)]
    assert ["the limiter, with 2 others"] * 3 == said
    assert all(case.timeline.holders.owner_for(lane, slot) == NOBODY for lane in case.timeline.lanes)


def test_channels_are_told_apart(cases: Cases) -> None:
    """The pump's way out and the wire are two; main waits for an Event, the only one."""
    case = cases["pump_is_full"]
    slot = step_into(case, "Connection.pump", "MemorySendChannel.send")
    assert "(channel #" not in ENGLISH.happened(case.timeline, step_into(case, "main", "Event.wait"))
    assert "waits for" not in facts(case, "main", slot)
    assert "Connection.pump waits at `self.out.send`." == ENGLISH.happened(case.timeline, slot)


def marked(scene: Scene, case: Recorded, title: str) -> list[tuple[str, int]]:
    """Choose a task, and return the rows with the mark of an owner, and its ink in the playhead's column."""
    scene.chosen = case.lane(title).index
    found = []
    for row, shown in enumerate(scene.rows.rows):
        line = scene.line(row)
        if "◇" in line.text:
            ink = line.inks[line.text.index("◇")]
            assert PLAYHEAD & ink
            found.append((shown.label, ink & ~PLAYHEAD))
    return found


def test_the_owner_is_marked_in_the_picture_while_who_waits_is_chosen(cases: Cases) -> None:
    """On the owner's row alone; on a block of its own it stands beside the word."""
    case = cases["two_locks"]
    scene = Scene(case.timeline, follow=False)
    scene.width = 200
    slot = max(step_into(case, name, "Lock.acquire") for name in ("a to b", "b to a"))
    last = case.timeline.tape.lanes[slot]
    scene.go(slot)
    expected = {"auditor": "a to b", "a to b": "b to a", "b to a": "a to b"}
    for title, owner in expected.items():
        ink = Ink.VERB if case.lane(owner).index == last else Ink.HELD
        assert [(owner, ink)] == marked(scene, case, title)
    assert [] == marked(scene, case, "main")
    scene.go(1)
    assert [] == marked(scene, case, "auditor")


def test_in_portuguese(cases: Cases) -> None:
    """The same, in the other language; names stay as they are."""
    case = cases["lock_held_asleep"]
    two = max(("first", "second"), key=lambda name: step_into(case, name, "sleep"))
    said = PORTUGUESE.happened(case.timeline, step_into(case, two, "Lock.acquire"))
    assert said.startswith(two)
    assert "`first`" in said or "`second`" in said
