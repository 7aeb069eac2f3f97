"""Cancellations and deadlines: brackets on the time axis, red marks, who did it, and the words."""

from __future__ import annotations

from story import MILLISECOND, Story

from triotrace import events as e
from triotrace.export.text import picture
from triotrace.timeline.canvas import FUTURE, Ink
from triotrace.timeline.columns import StepsView
from triotrace.timeline.describe import describe
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture, TimeView
from triotrace.timeline.words import Words

SOURCE = "with trio.move_on_after(0.03):\n    await trio.sleep(1)\n"


def folded(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    assert [] == timeline.damages
    return timeline


def failure() -> Story:
    """One child fails, and two that wait are cancelled in its step."""
    story = Story()
    story.spawn("main")
    story.events.append(e.ScopeEntered(story.t, 9, 2))
    story.events.append(e.NurseryOpened(story.t, 1, 2, scope=9))
    story.step("main", waits="nursery", spawns=("bad", "sad#1", "sad#2"))
    story.step("sad#1", waits="sleep")
    story.step("sad#2", waits="sleep")
    story.t += MILLISECOND
    bad = story.tasks["bad"]
    story.events += [
        e.BeforeTaskStep(story.t, bad),
        e.TaskExited(story.t, bad, "raised", e.Error("ValueError", "no")),
        e.ScopeCancelled(story.t, 9, "nursery", task=bad),
        e.TaskScheduled(story.t, story.tasks["sad#1"], "cancel", waker=bad, scope=9),
        e.TaskScheduled(story.t, story.tasks["sad#2"], "cancel", waker=bad, scope=9),
        e.AfterTaskStep(story.t, bad),
    ]
    story.step("sad#1", exits="cancelled")
    story.step("sad#2", exits="cancelled", wakes=("main",))
    story.step("main", exits="returned")
    story.events.insert(-2, e.ScopeExited(story.t, 9))
    return story


def limits(*, cut: bool) -> Story:
    """A task under a deadline of 30 ms that is met, or not."""
    story = Story(SOURCE)
    story.spawn("main")
    place = story.place("CancelScope")
    story.events.append(e.ScopeEntered(story.t, 5, 2, deadline=30 * MILLISECOND, place=place))
    story.step("main", waits="sleep")
    if cut:
        story.sleep(27)
        story.events.append(e.ScopeCancelled(story.t, 5, "deadline"))
        story.events.append(e.TaskScheduled(story.t, 2, "cancel", scope=5))
    else:
        story.sleep(10, wakes=("main",))
    story.events.append(e.ScopeExited(story.t, 5, caught=cut))
    story.step("main", exits="returned")
    story.t += 25 * MILLISECOND
    story.events.append(e.AfterRun(story.t, 1, "returned"))
    return story


def test_the_cancelled_say_who_did_it() -> None:
    drawn = picture(folded(failure()), width=120)
    assert 3 == drawn.count("╳"), "two tasks, and the nursery in its own row"
    assert "█cancel█╳" in drawn
    assert "by bad" in drawn


def test_marks_of_the_cancelled_are_red_and_others_are_not() -> None:
    timeline = folded(failure())
    rows = lay_rows(timeline)
    picture_ = StepsPicture(timeline, rows, StepsView(1, 80, 10))
    sad = picture_.line(2)
    assert (Ink.CANCELLED, "▽") == (sad.inks[36], sad.glyphs[36]), "woken by the failure in step 4"
    assert (Ink.MARK, "▼") == (sad.inks[6], sad.glyphs[6]), "spawned in step 1"
    assert Ink.CANCELLED not in picture_.line(0).inks


def test_the_failure_names_its_victims() -> None:
    timeline = folded(failure())
    said = Words().happened(timeline, 4)
    assert "bad raises ValueError. The nursery of main cancels sad #1 and sad #2." == said


def test_a_deadline_that_was_met_shows_the_time_left() -> None:
    drawn = picture(folded(limits(cut=False)), axis="time", width=60).splitlines()
    assert drawn[2].startswith("  ≤ 30 ms ")
    bracket = drawn[2].partition("[")[2]
    assert bracket.rstrip("·┊").endswith("━]")
    assert bracket.rstrip().endswith("·┊")


def test_a_deadline_that_came_is_a_red_end() -> None:
    timeline = folded(limits(cut=True))
    drawn = picture(timeline, axis="time", width=60).splitlines()
    assert drawn[2].rstrip().endswith("━╳ time is up")
    assert "╳" not in drawn[1], "the task itself went on and returned"
    said = Words().happened(timeline, 2)
    assert "Time is up: `move_on_after(0.03)` of main (line 1) is cancelled." in said


def test_scopes_that_nest_get_a_row_each_and_those_in_sequence_share_one() -> None:
    story = Story()
    story.spawn("main")
    for scope, (begin, end) in enumerate([(1, 4), (2, 3), (5, 6)]):
        story.events.append(e.ScopeEntered(begin * MILLISECOND, scope, 2, deadline=99 * MILLISECOND))
        story.events.append(e.ScopeExited(end * MILLISECOND, scope))
    story.events.sort(key=lambda event: getattr(event, "t", 0))
    timeline = folded(story)
    rows = [row for row in lay_rows(timeline, scopes=Words()).rows if row.scopes]
    assert [[0, 2], [1]] == [[scope.scope for scope in row.scopes] for row in rows]


def test_a_librarys_own_cancellations_are_not_red() -> None:
    """An HTTP client cancels what it has no more need of, in a wholly healthy run."""
    story = Story()
    story.spawn("main")
    story.events.append(e.ScopeEntered(story.t, 7, 2, library=True))
    story.step("main", waits="connect", spawns=("attempt",))
    story.step("attempt", waits="connect")
    story.events.append(e.ScopeCancelled(story.t, 7, "call", task=2))
    story.sleep(1)
    story.events.append(e.TaskScheduled(story.t, 2, "cancel", scope=7))
    story.step("main", exits="returned")
    timeline = folded(story)
    lane = timeline.lanes[1]
    assert "housekeeping" in {lane.cause_of(change) for change in range(len(lane.times))}
    picture_ = StepsPicture(timeline, lay_rows(timeline), StepsView(1, 80, 10))
    assert all(Ink.CANCELLED not in picture_.line(row).inks for row in range(3))
    assert "cancel" not in Words().happened(timeline, 3)


def test_scopes_of_libraries_are_not_drawn() -> None:
    story = Story()
    story.spawn("main")
    story.events.append(e.ScopeEntered(1, 0, 2, deadline=99 * MILLISECOND, library=True))
    assert not any(row.scopes for row in lay_rows(folded(story), scopes=Words()).rows)


def test_words_on_how_a_task_ended_are_no_future_once_it_has() -> None:
    """They stand behind its end, where other lanes show what is still to come."""
    timeline = folded(failure())
    slot = 4
    steps = StepsPicture(timeline, lay_rows(timeline), StepsView(1, 120, 10, playhead=slot))
    view = TimeView(0, MILLISECOND // 2, 60, playhead=timeline.tape.ends[slot])
    for drawn in (steps, TimePicture(timeline, lay_rows(timeline), view)):
        bad, sad = drawn.line(1), drawn.line(3)
        assert Ink.RAISED == bad.inks[bad.text.index("ValueError")]
        assert Ink.CANCELLED | FUTURE == sad.inks[sad.text.index("by bad")]


def test_a_cancelled_nursery_is_drawn_from_the_step_that_cancelled_it() -> None:
    """On the step axis too, in a row between its task and the children; the baton crosses it."""
    timeline = folded(failure())
    drawn = picture(timeline, width=90, zoom=3).splitlines()
    row = next(line for line in drawn if line.startswith("│ nursery"))
    assert row[10:].lstrip(" ╎┃").startswith("╳━━")
    assert "╳" not in drawn[1], "its task lives on"


def test_a_row_of_scopes_is_drawn_in_no_band_before_they_mattered() -> None:
    drawn = picture(folded(failure()), width=46, zoom=10)
    first, *later = drawn.split("\n\n")
    assert "nursery  " not in first
    assert any("│ nursery " in band for band in later)


def test_words_behind_a_cancelled_scope_are_no_future_once_it_is_over() -> None:
    timeline = folded(failure())
    end = len(timeline.tape)
    words = Words()
    for playhead, tint in ((end, 0), (end - 1, FUTURE)):
        rows = lay_rows(timeline, scopes=words, steps=True)
        line = StepsPicture(timeline, rows, StepsView(1, 120, 10, playhead=playhead), words).line(1)
        assert tint == line.inks[line.text.index("by bad")] & FUTURE
        rows = lay_rows(timeline, scopes=words)
        view = TimeView(0, MILLISECOND // 2, 60, playhead=timeline.tape.ends[playhead])
        line = TimePicture(timeline, rows, view, words).line(1)
        assert tint == line.inks[line.text.index("by bad")] & FUTURE


def test_under_a_mock_clock_a_shield_held_for_trios_time() -> None:
    """The clock leaps by 100 s while the task waits behind the shield."""
    story = Story(clock="mock")
    story.spawn("main")
    story.events += [e.ScopeEntered(story.t, 1, 2), e.ScopeEntered(story.t, 2, 2, parent=1, shield=True)]
    story.events.append(e.ScopeCancelled(story.t, 1, "call", task=2))
    story.step("main", waits="sleep")
    story.sleep(1)
    story.events.append(e.Clock(story.t, 1, 100_000 * MILLISECOND))
    story.events.append(e.TaskScheduled(story.t, 2, "timer"))
    story.step("main", exits="returned")
    story.events[-2:-2] = [e.ScopeExited(story.t, 2), e.ScopeExited(story.t, 1)]
    timeline = folded(story)
    for axis in ("steps", "time"):
        drawn = picture(timeline, width=60, zoom=10, axis=axis).splitlines()  # type: ignore[arg-type]
        assert any(line.startswith("  shield") and line.endswith("═ 100 s") for line in map(str.rstrip, drawn)), drawn
    assert ("shielded", "by line ?, for 100 s") in describe(timeline, timeline.lanes[1], 2, Words())
