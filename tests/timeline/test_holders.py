"""Who has what others wait for: at every step what a naive model of locks says, and in words."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from story import MILLISECOND, Story

from triotrace import events as e
from triotrace.timeline.canvas import PLAYHEAD
from triotrace.timeline.describe import describe
from triotrace.timeline.history import History
from triotrace.timeline.lanes import NOBODY
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words
from triotrace.viewer.scene import Scene

WORDS = Words()


def folded(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    assert [] == timeline.damages
    return timeline


def wait(
    story: Story, name: str, on: int, *, call: str = "Lock.acquire", owner: str = "", lock: int | None = None
) -> None:
    """Let a task wait for a thing in a step of its own."""
    story.step(name, waits=call)
    after = story.events.pop()
    assert isinstance(after, e.AfterTaskStep)
    has = story.tasks[owner] if owner else None
    story.events.append(e.AfterTaskStep(after.t, after.task, after.place, on=on, owner=has, lock=lock))


def tasks(*names: str) -> Story:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=names)
    return story


# -- the model ---------------------------------------------------------------------------------


@dataclass
class Locks:
    """Locks as trio has them: one owner, and those who wait, first come, first served."""

    owner: dict[int, str] = field(default_factory=dict)
    queue: dict[int, list[str]] = field(default_factory=dict)


@dataclass
class Played:
    """A story, and after each slot who owned what others waited for, and how many did."""

    story: Story
    truth: list[dict[int, tuple[str, int]]] = field(default_factory=lambda: [{}, {}])


@st.composite
def played(draw: st.DrawFn) -> Played:
    """Tasks take locks, hand them on, are cancelled as they wait; a release that wakes nobody is in no log."""
    names = [f"t{i}" for i in range(draw(st.integers(2, 4)))]
    things = [10, 11, 12]
    run, locks = Played(tasks(*names)), Locks(queue={thing: [] for thing in things})
    story, ready = run.story, list(names)

    def note() -> None:
        wanted = {thing: (locks.owner[thing], len(queue)) for thing, queue in locks.queue.items() if queue}
        run.truth.append(wanted)

    slept = False
    for _ in range(draw(st.integers(0, 40))):
        waiting = [name for queue in locks.queue.values() for name in queue]
        if not ready or (waiting and draw(st.integers(0, 6)) == 0):
            if not waiting:
                break
            name = draw(st.sampled_from(sorted(waiting)))
            for queue in locks.queue.values():
                if name in queue:
                    queue.remove(name)
            story.sleep(1, wakes=(name,), cause="cancel")
            ready.append(name)
            if slept:
                run.truth.pop()  # two sleeps with no step between them are one slot
            slept = True
            note()
            continue
        slept = False
        name = ready.pop(draw(st.integers(0, len(ready) - 1)))
        mine = [thing for thing, owner in locks.owner.items() if owner == name]
        woken = []
        for thing in draw(st.sets(st.sampled_from(mine))) if mine else ():
            if locks.queue[thing]:
                locks.owner[thing] = locks.queue[thing].pop(0)
                woken.append(locks.owner[thing])
                ready.append(locks.owner[thing])
            else:
                del locks.owner[thing]
        wanted = draw(st.sampled_from([None, *(thing for thing in things if locks.owner.get(thing) != name)]))
        if wanted in locks.owner:
            locks.queue[wanted].append(name)
            story.step(name, waits="Lock.acquire", wakes=tuple(woken))
            after = story.events.pop()
            owner = story.tasks[locks.owner[wanted]]
            story.events.append(e.AfterTaskStep(after.t, after.task, after.place, on=wanted, owner=owner))
        else:
            if wanted is not None:
                locks.owner[wanted] = name
            story.step(name, stays="Lock.acquire", wakes=tuple(woken))
            ready.append(name)
        note()
    return run


@settings(max_examples=150, deadline=None)
@given(run=played(), size=st.integers(1, 40))
def test_it_is_what_the_locks_were_at_every_step(run: Played, size: int) -> None:
    """However the log comes in, and though the playhead goes back: owners, waiters, and what each task holds."""
    timeline = Timeline()
    for start in range(0, len(run.story.events), size):
        timeline.feed(run.story.events[start : start + size])
    assert [] == timeline.damages
    assert len(run.truth) == len(timeline.tape) + 1
    holders = timeline.holders
    for slot, truth in enumerate(run.truth):
        told = {}
        for lane in timeline.lanes:
            thing = holders.thing_after(lane, slot)
            if thing is not None:
                owner = timeline.lanes[holders.owner_after(thing, slot)]
                told[thing] = timeline.title(owner), holders.waiting_after(thing, slot)
        assert sorted(truth.values()) == sorted(told.values())
        for lane in timeline.lanes:
            held = [
                (timeline.title(lane), holders.waiting_after(thing, slot))
                for thing in holders.held_by(lane.index, slot)
            ]
            assert sorted(held) == sorted(entry for entry in truth.values() if entry[0] == timeline.title(lane))


@settings(max_examples=100, deadline=None)
@given(events=st.lists(st.tuples(st.integers(2, 5), st.integers(0, 2), st.integers(0, 6), st.booleans()), max_size=30))
def test_a_damaged_log_is_taken_as_it_is(events: list[tuple[int, int, int, bool]]) -> None:
    """Waits without an end, owners that were never born, wakes of those who run: nothing raises."""
    timeline = Timeline()
    timeline.feed(tasks("a", "b").events)
    for t, (task, on, owner, waits) in enumerate(events, 100 * MILLISECOND):
        told = e.AfterTaskStep(t, task, on=on, owner=owner, lock=owner) if waits else e.TaskScheduled(t, task, "task")
        if waits and owner == 5:
            told = e.TaskReparked(t, task, on, owner)
        timeline.feed([told, *([e.Dropped(t, 1, t)] if owner == 6 else [])])
        for lane in timeline.lanes:
            describe(timeline, lane, len(timeline.tape), WORDS)
            WORDS.owned_wait(timeline, lane, len(timeline.tape))
    assert all(timeline.holders.waiting_after(thing, 99) >= 0 for thing in range(len(timeline.holders.kinds)))


# -- what goes on from what --------------------------------------------------------------------


def test_a_lock_goes_to_the_one_who_is_woken_from_it() -> None:
    """The log said once that `a` has it. When `b` is woken it has it, and `c`, who waits on, waits for `b`."""
    story = tasks("a", "b", "c")
    story.step("a", waits="sleep")
    wait(story, "b", 7, owner="a")
    wait(story, "c", 7, owner="a")
    story.sleep(1, wakes=("a",))
    story.step("a", waits="sleep", wakes=("b",))
    timeline = folded(story)
    c = timeline.lanes[4]
    assert ["", "", "", "a", "a", "b"] == [
        "" if owner == NOBODY else timeline.title(timeline.lanes[owner])
        for slot in (0, 1, 2, 4, 5, 6)
        for owner in [timeline.holders.owner_after(0, slot)]
    ]
    assert "the lock, held by `a`, with 1 other" == WORDS.waits_for(timeline, c, 4)
    assert "the lock, held by `b`" == WORDS.waits_for(timeline, c, 6)
    assert "a hands the lock on to b: b is ready. a waits at `sleep`." == WORDS.happened(timeline, 6)
    assert "the lock (2 wait)" == WORDS.holds(timeline, timeline.lanes[2], 4)
    assert "the lock (1 waits)" == WORDS.holds(timeline, timeline.lanes[3], 6)
    assert "" == WORDS.holds(timeline, timeline.lanes[2], 6)


def test_who_ends_with_a_lock_breaks_it() -> None:
    """Nothing is handed on: trio wakes who waits, with an error, and no line of anybody's does it."""
    story = tasks("a", "b")
    story.step("a", waits="sleep")
    wait(story, "b", 7, owner="a")
    story.sleep(1, wakes=("a",))
    story.step("a", exits="returned", wakes=("b",))
    assert "a wakes b. a returns." == WORDS.happened(folded(story), 5)


def test_who_is_cancelled_gets_nothing() -> None:
    story = tasks("a", "b", "c")
    story.step("a", waits="sleep")
    wait(story, "b", 7, owner="a")
    wait(story, "c", 7, owner="a")
    story.sleep(1, wakes=("b",), cause="cancel")
    assert "the lock, held by `a`" == WORDS.waits_for(folded(story), folded(story).lanes[4], 5)


def test_a_condition_gives_its_lock_back() -> None:
    """`b` was woken from the condition: it has the lock again, for which `c` had waited while `a` had it."""
    story = tasks("a", "b", "c")
    wait(story, "b", 8, call="Condition.wait", lock=7)
    story.step("a", waits="sleep")
    wait(story, "c", 7, call="Condition.acquire", owner="a")
    story.sleep(1, wakes=("a",))
    story.step("a", waits="sleep", wakes=("b",))
    timeline = folded(story)
    assert "the lock, held by `a`" == WORDS.waits_for(timeline, timeline.lanes[4], 5)
    assert "the lock, held by `b`" == WORDS.waits_for(timeline, timeline.lanes[4], 6)


def moved(story: Story, name: str, on: int, *, owner: str) -> None:
    """Move a task that waits to another thing, within the step that was told last."""
    after = story.events.pop()
    story.events += [e.TaskReparked(story.t, story.tasks[name], on, story.tasks[owner]), after]


def test_who_is_notified_waits_for_the_lock() -> None:
    """`b` and `c` wait for the condition; `a` has its lock and notifies `b`. Before that step it was the condition."""
    story = tasks("a", "b", "c")
    wait(story, "b", 8, call="Condition.wait", lock=7)
    wait(story, "c", 8, call="Condition.wait", lock=7)
    story.step("a", waits="sleep")
    moved(story, "b", 7, owner="a")
    timeline = folded(story)
    a, b, c = timeline.lanes[2:]
    assert "the Condition, with 1 other" == WORDS.waits_for(timeline, b, 3)
    assert "the lock, held by `a`" == WORDS.waits_for(timeline, b, 4)
    assert "the Condition" == WORDS.thing(timeline, timeline.holders.thing_after(c, 4))
    assert "b waits for the lock that `a` holds." == WORDS.owned_wait(timeline, b, 4)
    assert (a.index, "") == (timeline.holders.owner_for(b, 4), WORDS.owned_wait(timeline, b, 3))
    assert ["", "the lock (1 waits)"] == [WORDS.holds(timeline, a, slot) for slot in (3, 4)]
    story.sleep(1, wakes=("a",))
    story.step("a", waits="sleep", wakes=("b",))
    wait(story, "b", 8, call="Condition.wait", lock=7)
    timeline = folded(story)
    assert "a hands the lock on to b: b is ready. a waits at `sleep`." == WORDS.happened(timeline, 6)
    assert "the Condition, with 1 other" == WORDS.waits_for(timeline, timeline.lanes[3], 7)


def test_who_is_moved_and_woken_in_one_step_was_handed_the_lock() -> None:
    story = tasks("a", "b")
    story.place("sleep")
    wait(story, "b", 8, call="Condition.wait", lock=7)
    story.step("a", waits="sleep", wakes=("b",))
    woken, after = story.events[-2:]
    moves = e.TaskReparked(story.t, story.tasks["b"], 7, story.tasks["a"])
    story.events[-2:] = [moves, woken, after]
    assert "a hands the lock on to b: b is ready. a waits at `sleep`." == WORDS.happened(folded(story), 3)


def test_who_does_not_wait_cannot_be_moved() -> None:
    """That is damage, and changes nothing; of a task that the log does not know it tells nothing either."""
    story = tasks("a", "b")
    story.events += [e.TaskReparked(story.t, story.tasks["a"], 7, None), e.TaskReparked(story.t, 99, 7, 98)]
    timeline = Timeline()
    timeline.feed(story.events)
    assert "task 3 cannot be moved while it is ready" in [damage.text for damage in timeline.damages]
    assert [] == timeline.holders.kinds


def test_the_owner_is_marked_on_the_time_axis() -> None:
    """In the playhead's cell of the owner's row, where that waits, while who waits for it is chosen."""
    story = tasks("a", "b")
    story.step("a", waits="sleep")
    wait(story, "b", 7, owner="a")
    story.sleep(500, wakes=("a",))
    scene = Scene(folded(story), axis="time", follow=False)
    scene.width = 100
    scene.go(len(scene.timeline.tape))
    marks = {}
    for chosen in (2, 3):
        scene.chosen = chosen
        lines = {shown.label: scene.line(row) for row, shown in enumerate(scene.rows.rows)}
        marks[chosen] = {label: line.text.index("◇") for label, line in lines.items() if "◇" in line.text}
        assert all(lines[label].inks[cell] & PLAYHEAD for label, cell in marks[chosen].items())
    assert ["a"] == list(marks[3])
    assert {} == marks[2]


def test_who_is_given_a_token_may_have_it_on_behalf_of_others() -> None:
    story = tasks("a", "b", "c")
    story.step("a", waits="sleep")
    wait(story, "b", 7, call="CapacityLimiter.acquire", owner="a")
    wait(story, "c", 7, call="CapacityLimiter.acquire", owner="a")
    story.sleep(1, wakes=("a",))
    story.step("a", exits="returned", wakes=("b",))
    timeline = folded(story)
    assert "c waits for the limiter that `a` holds." == WORDS.happened(timeline, 4)
    assert "" == WORDS.waits_for(timeline, timeline.lanes[4], 6)


def test_lost_events_leave_nobody_known() -> None:
    story = tasks("a", "b")
    story.step("a", waits="sleep")
    wait(story, "b", 7, owner="a")
    story.events.append(e.Dropped(story.t, 5, story.t))
    story.step("a", waits="sleep")
    timeline = folded(story)
    assert "" == WORDS.holds(timeline, timeline.lanes[2], 4)


# -- words -------------------------------------------------------------------------------------


def test_a_chain_is_said_link_by_link() -> None:
    story = tasks("a", "b", "c", "d")
    story.step("a", waits="sleep")
    wait(story, "b", 7, owner="a")
    wait(story, "c", 8, owner="b")
    wait(story, "d", 9, owner="c")
    said = WORDS.happened(folded(story), 5)
    assert said == (
        "d waits for lock #3 that `c` holds, which waits for lock #2 that `b` holds, "
        "which waits for lock #1 that `a` holds."
    )


def test_a_circle_is_said_as_such() -> None:
    story = tasks("a", "b")
    story.step("a", waits="sleep")
    wait(story, "b", 7, owner="a")
    story.sleep(1, wakes=("a",))
    wait(story, "a", 8, owner="b")
    said = WORDS.happened(folded(story), 5)
    assert said.endswith(
        "a waits for lock #2 that `b` holds, which waits for lock #1 that `a` holds. "
        "They wait in a circle: only a cancellation can free them."
    )


def test_a_long_chain_ends_after_a_few_links() -> None:
    names = [f"t{i}" for i in range(50)]
    story = tasks(*names)
    for i in range(1, 50):
        wait(story, names[i], i, owner=names[i - 1])
    said = WORDS.happened(folded(story), len(names))
    assert 4 == said.count("holds")
    assert "circle" not in said


@pytest.mark.parametrize(
    ("call", "one"),
    [
        ("Event.wait", "Event #2"),
        ("Condition.wait", "Condition #2"),
        ("Semaphore.acquire", "Semaphore #2"),
        ("CapacityLimiter.acquire", "limiter #2"),
        ("to_thread.run_sync", "limiter #2"),
        ("MemorySendChannel.send", "channel #2"),
        ("MemoryReceiveChannel.receive", "channel #2"),
        ("ParkingLot.park", "ParkingLot #2"),
    ],
)
def test_of_two_of_a_kind_each_has_a_number(call: str, one: str) -> None:
    """In the order in which they were first waited for; the only one of a kind has none."""
    story = tasks("a", "b")
    wait(story, "a", 7, call=call)
    alone = folded(story)
    wait(story, "b", 5, call=call)
    timeline = folded(story)
    assert "#" not in WORDS.happened(alone, 2)
    assert f"({one})." in WORDS.happened(timeline, 3)
    assert f"({one[:-1]}1)." in WORDS.happened(timeline, 2)
    assert one == WORDS.waits_for(timeline, timeline.lanes[3], 3)
    assert History(timeline, timeline.lanes[3], WORDS)[-1].details.endswith(one)


def test_what_only_libraries_wait_for_is_not_counted() -> None:
    """Else the one Event of the user's would be the third of its kind. Who is promoted counts from then on."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("a",))
    story.spawn("theirs", by="main", role="library")
    wait(story, "theirs", 6, call="Event.wait")
    wait(story, "a", 7, call="Event.wait")
    timeline = folded(story)
    assert "" == WORDS.waits_for(timeline, timeline.lanes[2], 3)
    timeline.feed([e.TaskPromoted(story.t, story.tasks["theirs"], "theirs", "user")])
    assert "Event #1" == WORDS.waits_for(timeline, timeline.lanes[2], 3)
    assert "Event #2" == WORDS.waits_for(timeline, timeline.lanes[3], 3)
