"""Names of those who ended a task, from values alone: errors, places, scopes of libraries."""

from __future__ import annotations

import pytest
from story import Story

from triotrace import events as e
from triotrace.language import catalogue
from triotrace.timeline.ends import error_name, exit_status, interrupted, long_error_name
from triotrace.timeline.library import opener_of, package_of
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

WORDS = Words()
KI, EXIT = e.Leaf("KeyboardInterrupt", ""), e.Leaf("SystemExit", "3")


@pytest.mark.parametrize(
    ("error", "short", "long", "by_ctrl_c"),
    [
        (None, "", "", False),
        (e.Error("app.Broken", "x"), "Broken", "Broken", False),
        (e.Error("KeyboardInterrupt", ""), "KeyboardInterrupt", "KeyboardInterrupt", True),
        (e.Error("G", "", [KI, EXIT]), "KeyboardInterrupt", "G (KeyboardInterrupt, SystemExit)", True),
        (e.Error("G", "", [e.Leaf("a.B", ""), e.Leaf("c.B", "")]), "G", "G (B)", False),
        (e.Error("G", "", [e.Leaf(name, "") for name in "abcde"]), "G", "G (a, b, c, …)", False),
        (e.Error("G", "", []), "G", "G", False),
        (e.Error("", "", [e.Leaf("", "")]), "", " ()", False),
    ],
)
def test_the_name_of_an_error(error: e.Error | None, short: str, long: str, by_ctrl_c: bool) -> None:
    assert (short, long, by_ctrl_c) == (error_name(error), long_error_name(error), interrupted(error))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, None),
        (e.Error("ValueError", "3"), None),
        (e.Error("SystemExit", "3", status=3), 3),
        (e.Error("cli.Leave", "bye", status=0), 0),
        (e.Error("BaseExceptionGroup", "", [EXIT]), None),
        # A log of version 1.0 does not tell a status from a message
        (e.Error("SystemExit", "3"), 3),
        (e.Error("SystemExit", ""), 0),
        (e.Error("SystemExit", "None"), 0),
        (e.Error("SystemExit", "no"), 1),
        (e.Error("SystemExit", "9" * 5000), 1),
        (e.Error("SystemExit", "²"), 1),
    ],
)
def test_the_status_of_an_exit(error: e.Error | None, status: int | None) -> None:
    assert status == exit_status(error)


@pytest.mark.parametrize(
    ("file", "package"),
    [
        ("/usr/lib/python3/dist-packages/anyio/_core/_tasks.py", "anyio"),
        ("/home/ana/.venv/lib/python3.11/site-packages/pytest_trio/plugin.py", "pytest-trio"),
        ("C:\\Users\\ana\\site-packages\\single_module.py", "single-module"),
        ("/x/site-packages/outer/site-packages/inner/a.py", "inner"),
        ("/x/site-packages/trio/_core/_run.py", ""),
        ("/home/ana/site-packages.py", ""),
        ("/home/ana/app.py", ""),
        ("<string>", ""),
        ("", ""),
    ],
)
def test_the_package_of_a_file(file: str, package: str) -> None:
    assert package == package_of(file)


@pytest.mark.parametrize(
    ("file", "call", "opener"),
    [
        ("/x/site-packages/anyio/a.py", "open_nursery", "anyio"),
        ("/home/ana/app.py", "Nursery.start", "Nursery.start"),
        ("/home/ana/app.py", "serve_tcp", "serve_tcp"),
        ("/home/ana/app.py", "open_nursery", ""),
        ("/home/ana/app.py", "NurseryManager.__aenter__", ""),
        ("/home/ana/app.py", "CancelScope.__enter__", ""),
        ("/home/ana/app.py", "move_on_after", ""),
        ("/home/ana/app.py", None, ""),
    ],
)
def test_who_opened_a_scope(file: str, call: str | None, opener: str) -> None:
    assert opener == opener_of(e.Place(1, file, 1, call=call))
    assert "" == opener_of(None)


def ended(
    *, opened: e.Place | None = None, owner: str = "main", by: str | None = None, cause: str = "call", **flags: bool
) -> Timeline:
    """`victim` is cancelled in the scope of a library's, which its owner is in."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("victim", "other"))
    story.step("victim", waits="sleep")
    if opened is not None:
        story.events.append(opened)
    place = None if opened is None else opened.place
    story.events += [
        e.ScopeEntered(story.t, 5, story.tasks[owner], library=True, place=place),
        e.ScopeCancelled(story.t, 5, cause, task=story.tasks[by] if by else None, **flags),  # type: ignore[arg-type]
        e.TaskScheduled(story.t, story.tasks["victim"], "cancel", scope=5),
    ]
    story.step("victim", exits="cancelled")
    timeline = Timeline()
    timeline.feed(story.events)
    assert [] == timeline.damages
    return timeline


THEIRS = e.Place(90, "/x/site-packages/their_package/a.py", 3)
START = e.Place(91, "/home/ana/app.py", 3, call="Nursery.start")


@pytest.mark.parametrize(
    ("timeline", "words"),
    [
        (ended(opened=THEIRS), "by their-package"),
        (ended(opened=START), "by Nursery.start"),
        (ended(), "by main"),
        (ended(owner="<init>"), "by a library"),
        (ended(opened=THEIRS, by="other"), "by other"),
        (ended(opened=THEIRS, by="other", exits=True), "by SystemExit"),
        (ended(opened=THEIRS, by="other", interrupt=True), "by Ctrl+C"),
        (ended(opened=THEIRS, cause="deadline"), "their-package: time is up"),
        (ended(opened=THEIRS, cause="deadline", interrupt=True), "by Ctrl+C"),
    ],
)
def test_who_ended_the_users_task(timeline: Timeline, words: str) -> None:
    """Ctrl+C and an exit before all, then a task of the user's, then the library, then who is in its scope."""
    victim = timeline.lanes[2]
    assert words == WORDS.last_words(timeline, victim)
    assert victim.was_cancelled(victim.after_slot(2))


def test_a_log_that_lost_the_scope_names_nobody() -> None:
    story = Story()
    story.spawn("main")
    story.step("main", waits="sleep")
    story.events.append(e.TaskScheduled(story.t, 2, "cancel", scope=77))
    story.step("main", exits="cancelled")
    timeline = Timeline()
    timeline.feed(story.events)
    assert "" == WORDS.last_words(timeline, timeline.lanes[1])
    assert "main ends, cancelled." == WORDS.happened(timeline, 2)


def test_the_library_is_not_quiet_about_a_task_that_became_the_users() -> None:
    """It was taken for a library's own when it was born."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery")
    story.spawn("handler", by="main", role="library")
    story.step("handler", waits="sleep")
    story.events += [
        e.ScopeEntered(story.t, 5, 2, library=True),
        e.TaskPromoted(story.t, story.tasks["handler"], "handler", "user"),
        e.ScopeCancelled(story.t, 5, "call"),
        e.TaskScheduled(story.t, story.tasks["handler"], "cancel", scope=5),
    ]
    story.step("handler", exits="cancelled")
    timeline = Timeline()
    timeline.feed(story.events)
    assert "by main" == WORDS.last_words(timeline, timeline.lanes[2])


def test_ctrl_c_has_one_name_in_all_languages() -> None:
    timeline = ended(opened=THEIRS, interrupt=True)
    assert Words(catalogue("pt")).last_words(timeline, timeline.lanes[2]).endswith("Ctrl+C")
