"""A nursery rolled up into one lane: at every moment the sum of its tasks, however the run comes in."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from story import Story, relay

from triotrace import events as e
from triotrace.timeline.columns import StepsView
from triotrace.timeline.rolls import Roll
from triotrace.timeline.rows import RowKind, lay_rows
from triotrace.timeline.states import ALIVE, State
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline


@st.composite
def servers(draw: st.DrawFn) -> Story:
    """A task with children, which step, wake each other, give way, end, and spawn grandchildren."""
    story = Story()
    story.spawn("main")
    names = [f"handle#{i}" for i in range(draw(st.integers(1, 5)))]
    story.step("main", waits="nursery", spawns=tuple(names))
    ready, waiting = list(names), ["main"]
    for i in range(draw(st.integers(0, 25))):
        if not ready:
            break
        name = ready.pop(draw(st.integers(0, len(ready) - 1)))
        what = draw(st.sampled_from(["waits", "stays", "ends", "spawns", "wakes"]))
        if what == "stays":
            story.step(name, stays="checkpoint")
            ready.append(name)
        elif what == "ends":
            story.step(name, exits=draw(st.sampled_from(["returned", "raised", "cancelled"])))
        elif what == "spawns":
            story.step(name, waits="nursery", spawns=(f"inner#{i}",))
            ready.append(f"inner#{i}")
            waiting.append(name)
        elif what == "wakes" and waiting:
            woken = waiting.pop(0)
            story.step(name, waits="Event.wait", wakes=(woken,))
            ready.append(woken)
            waiting.append(name)
        else:
            story.step(name, waits="Event.wait")
            waiting.append(name)
    return story


@settings(max_examples=80, deadline=None)
@given(story=servers(), size=st.integers(1, 30))
def test_it_is_the_sum_of_its_tasks_however_it_is_fed(story: Story, size: int) -> None:
    timeline = Timeline()
    roll: Roll | None = None
    for start in range(0, len(story.events), size):
        timeline.feed(story.events[start : start + size])
        if roll is None and len(timeline.lanes) > 1:
            roll = Roll(timeline, 1)
        if roll is not None:
            roll.update()
    assert roll is not None
    members = timeline.lanes[2:]
    assert len(members) == roll.members
    for t in range(0, timeline.now + 1, 500_000):
        assert roll.totals(t) == (
            sum(lane.ran_until(t) for lane in members),
            sum(lane.queued_until(t) for lane in members),
        )
    for slot in range(len(timeline.tape) + 1):
        states = [lane.state_at(lane.after_slot(slot)) for lane in members]
        change = roll.after_slot(slot)
        alive, gone, queue = (roll.alive[change], roll.gone[change], roll.queue[change]) if change >= 0 else (0, 0, 0)
        assert sum(state in ALIVE for state in states) == alive
        assert sum(state is not None and state not in ALIVE for state in states) == gone
        assert states.count(State.READY) == queue


def test_who_comes_from_another_nursery_brings_along_what_it_did() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("server",))
    story.events.append(e.NurseryOpened(story.t, 7, story.tasks["server"]))
    story.spawn("started", by="main")
    story.step("started", waits="Event.wait")
    timeline = Timeline()
    timeline.feed(story.events)
    roll = Roll(timeline, 2)
    roll.update()
    assert 0 == roll.members
    timeline.feed([e.TaskMoved(story.t, story.tasks["started"], 7)])
    roll.update()
    assert (1, 1_000_000) == (roll.members, roll.totals(story.t)[0])


def test_its_label_counts_the_living_and_the_gone_at_a_slot() -> None:
    timeline = Timeline()
    timeline.feed(relay().events)
    roll = Roll(timeline, 1)
    roll.update()
    labels = [roll.label(slot) for slot in (0, 1, 6, 8)]
    assert ["producer… ×0", "producer… ×2", "producer… ×1 ■ 1", "producer… ×0 ■ 2"] == labels


def test_those_that_are_gone_share_a_row() -> None:
    """Whose steps it keeps: the baton goes through it unbroken."""
    timeline = Timeline()
    timeline.feed(relay().events)
    titles = {
        slot: [row.title for row in lay_rows(timeline, gone_by=slot).rows if row.kind is not RowKind.LOOP]
        for slot in (0, 6, 8)
    }
    assert {
        0: ["main", "├ producer", "└ consumer"],
        6: ["main", "├ ■ 1", "└ consumer"],
        8: ["main", "└ ■ 2"],
    } == titles
    rows = lay_rows(timeline, gone_by=8)
    assert "  ┗▓▓━▓↺━▓▓━▓↺━▓■━▓■┛" == StepsPicture(timeline, rows, StepsView(1, 30, 3)).line(1).text.rstrip()


def test_where_turns_begin() -> None:
    """A step that could not have run in the turn before begins one; a sleep does, and not the step after it."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("a", "b"))
    story.step("a", stays="checkpoint")
    story.step("b", waits="sleep")
    story.step("a", waits="sleep")
    story.sleep(10, wakes=("a", "b"))
    story.step("a", exits="returned")
    story.step("b", exits="returned", wakes=("main",))
    story.step("main", exits="returned")
    timeline = Timeline()
    timeline.feed(story.events)
    assert [1, 2, 4, 5, 8] == [slot for slot in range(1, len(timeline.tape) + 1) if timeline.tape.turns[slot]]


def test_marks_stand_over_the_step_that_set_them() -> None:
    story = relay()
    at = next(i for i, event in enumerate(story.events) if isinstance(event, e.Output))
    story.events[at:at] = [e.Mark(0, "begin\x1b[2J", story.tasks["producer"])]
    timeline = Timeline()
    timeline.feed(story.events)
    rows = lay_rows(timeline)
    for zoom, column in ((10, 30), (3, 9), (1, 3)):
        marks = StepsPicture(timeline, rows, StepsView(1, 80, zoom)).marks().text
        assert column == marks.index("◆")
        assert "◆ begin" in marks
        assert "\x1b" not in marks


@st.composite
def moves(draw: st.DrawFn) -> list[e.Event]:
    """Tasks that step, are born anywhere, and go to nurseries of others, time and again."""
    story = Story()
    names = ["main"]
    story.spawn("main")
    for i in range(draw(st.integers(2, 12))):
        owner = draw(st.sampled_from(names))
        story.events.append(
            e.NurseryOpened(story.t, e.NurseryId(story.tasks[owner] + 100), e.TaskId(story.tasks[owner]))
        )
        what = draw(st.sampled_from(["born", "born", "moves", "steps"]))
        if what == "born":
            story.spawn(f"t#{i}", by=owner)
            names.append(f"t#{i}")
        elif what == "moves":
            task = story.tasks[draw(st.sampled_from(names))]
            story.events.append(e.TaskMoved(story.t, e.TaskId(task), e.NurseryId(story.tasks[owner] + 100)))
        else:
            story.step(draw(st.sampled_from(names)), waits="Event.wait")
    return story.events


@settings(max_examples=150, deadline=None)
@given(events=moves(), root=st.integers(1, 3), size=st.integers(1, 9))
def test_one_that_was_there_from_the_start_is_one_made_at_the_end(events: list[e.Event], root: int, size: int) -> None:
    """Whoever comes, goes and comes back, and brings along whom; and it is the sum of those who are below it."""
    timeline = Timeline()
    early: Roll | None = None
    for start in range(0, len(events), size):
        timeline.feed(events[start : start + size])
        if early is None and len(timeline.lanes) > root:
            early = Roll(timeline, root)
        if early is not None:
            early.update()
    if early is None:
        return
    late = Roll(timeline, root)
    late.update()
    known = ("members", "times", "slots", "alive", "gone", "queue", "running", "ran", "queued", "names")
    assert {name: getattr(late, name) for name in known} == {name: getattr(early, name) for name in known}
    below = [lane for lane in timeline.lanes if root in ancestors(timeline, lane.index)]
    assert len(below) == early.members
    assert sum(lane.ran_until(timeline.now) for lane in below) == early.totals(timeline.now)[0]


def ancestors(timeline: Timeline, lane: int) -> set[int]:
    found: set[int] = set()
    parent = timeline.lanes[lane].parent
    while parent is not None:
        assert parent not in found
        found.add(parent)
        parent = timeline.lanes[parent].parent
    return found


def test_who_stays_with_the_same_task_is_not_read_again() -> None:
    """As in `await nursery.start(...)` by the owner of the nursery: it goes from one of its nurseries to another."""
    story = Story()
    story.spawn("main")
    story.spawn("started", by="main")
    story.events += [e.NurseryOpened(0, 7, 2), e.TaskMoved(0, 3, 7)]
    timeline = Timeline()
    timeline.feed(story.events)
    assert ([], 7, 1) == (list(timeline.moved), timeline.lanes[2].nursery, timeline.lanes[2].parent)
