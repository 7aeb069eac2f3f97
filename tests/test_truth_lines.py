"""The marked line is where it happened: small programs whose truth is known, at the steps in which their tasks end."""

from __future__ import annotations

import pytest

from recorded import Cases, Recorded
from triotrace.timeline.describe import describe
from triotrace.timeline.history import History
from triotrace.timeline.lanes import NO_PLACE, Lane
from triotrace.timeline.words import Words
from triotrace.viewer.scene import Scene


def at_the_end_of(case: Recorded, lane: Lane, *, choose: bool) -> Scene:
    """Return a scene whose playhead is at the last step of a task; `choose`: from the end of all, that is chosen."""
    scene = Scene(case.timeline, follow=False)
    scene.go(len(case.timeline.tape) if choose else lane.slots[-1])
    scene.chosen = lane.index if choose else None
    return scene


def marked(case: Recorded, lane: Lane, *, choose: bool = False) -> int | None:
    """Return the number of the line that is marked; None where none of the user's is."""
    scene = at_the_end_of(case, lane, choose=choose)
    place = case.timeline.verbs.places.get(scene.place)
    return place.line if place is not None and place.file in case.timeline.verbs.sources else None


@pytest.mark.parametrize("choose", [False, True])
def test_a_raise_is_marked_where_it_happened(cases: Cases, choose: bool) -> None:
    """Not at the await before it; and the group that comes of it in main is the same exception."""
    case = cases["raises_after_sleep"]
    line = case.line("return 1 / by")
    assert line == marked(case, case.lane("child"), choose=choose)
    assert line == marked(case, case.lane("main"), choose=choose)


def test_a_raise_in_words(cases: Cases) -> None:
    case, words = cases["raises_after_sleep"], Words()
    child, line = case.lane("child"), case.line("return 1 / by")
    slot = child.slots[-1]
    assert f"child raises ZeroDivisionError at line {line}." in words.happened(case.timeline, slot)
    facts = dict(describe(case.timeline, child, slot, words))
    assert f"divide, line {line}" == facts["stands at"]
    *_, last = History(case.timeline, child, words)
    assert f"task_exited raised · ZeroDivisionError · line {line}" == last.details


@pytest.mark.parametrize("choose", [False, True])
def test_a_function_of_trios_has_no_line(cases: Cases, choose: bool) -> None:
    """Nobody's line is borrowed for it."""
    for name, task in (("raises_after_sleep", "sleep_forever"), ("started_by_me", "sleep #1")):
        case = cases[name]
        assert marked(case, case.lane(task), choose=choose) is None
        assert NO_PLACE == case.lane(task).ended_at


def test_a_return_is_marked_where_it_returned(cases: Cases) -> None:
    case = cases["server_keeps_open"]
    assert case.line("async for data in stream") == marked(case, case.lane("handle #1"))
    assert case.line("async with stream") == marked(case, case.lane("client #2"))


def test_a_test_is_marked_and_not_its_harness(cases: Cases) -> None:
    case = cases["fixture_cancels"]
    test = case.lane("<test 'test_reply'>")
    assert case.line("await send.send") == marked(case, test)
    harness = next(lane for lane in case.timeline.lanes if lane.role == "main")
    assert case.line("await send.send") == marked(case, harness)
    assert case.line("await trio.sleep(0.05)") == marked(case, case.lane("check"))


def test_each_line_that_is_marked_is_the_tasks_own(cases: Cases) -> None:
    """At every step of the cases here: a task's marked line is in a file of the user's, or it says that it has none."""
    for name in ("raises_after_sleep", "started_by_me", "server_keeps_open"):
        case = cases[name]
        scene = Scene(case.timeline, follow=False)
        for slot in range(1, len(case.timeline.tape) + 1):
            scene.go(slot)
            lane = scene.chosen_lane
            assert lane is not None
            place = case.timeline.verbs.places.get(scene.place)
            if lane.role == "library" or lane.name.startswith(("sleep", "serve_tcp")):
                assert place is None or place.file not in case.timeline.verbs.sources
