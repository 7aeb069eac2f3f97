"""Why tasks ended, in real programs: Ctrl+C, an exit of the program, a library that cancelled them."""

from __future__ import annotations

from pathlib import Path

import pytest

from programs import ended, record, running
from recorded import Cases, read
from triotrace.export.heading import heading
from triotrace.timeline.columns import StepsView
from triotrace.timeline.describe import describe
from triotrace.timeline.history import History
from triotrace.timeline.lanes import Lane
from triotrace.timeline.rows import lay_rows
from triotrace.timeline.states import State
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

WORDS = Words()


def ran(tmp_path: Path, source: str, *arguments: str) -> Timeline:
    """Record a program and return what its log tells."""
    script, log = tmp_path / "program.py", tmp_path / "log.jsonl"
    script.write_text(source)
    with running(record(log, script, *arguments, options=["--order", "started"]), cwd=tmp_path) as child:
        ended(child)
    timeline = read(log)
    assert [] == timeline.damages
    return timeline


def lane_of(timeline: Timeline, title: str) -> Lane:
    [found] = [lane for lane in timeline.lanes if timeline.title(lane) == title]
    return found


def sentences(timeline: Timeline) -> str:
    return " ".join(WORDS.happened(timeline, slot) for slot in range(1, len(timeline.tape) + 1))


def drawn(timeline: Timeline) -> list[str]:
    """Return the rows of the whole picture on the step axis."""
    rows = lay_rows(timeline)
    picture = StepsPicture(timeline, rows, StepsView(1, 10 * len(timeline.tape) + 40, 10), WORDS)
    return [row.label + picture.line(i).text for i, row in enumerate(rows.rows)]


def last_words(timeline: Timeline) -> dict[str, str]:
    """Return what stands behind the end of each task of the user's."""
    return {
        timeline.title(lane): WORDS.last_words(timeline, lane)
        for lane in timeline.lanes
        if lane.role in ("main", "user")
    }


# -- Ctrl+C ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["two_locks", "mock_deadlock", "limiter_twice", "pump_is_full"])
def test_who_ends_by_ctrl_c_says_so(cases: Cases, name: str) -> None:
    """The victims, the sentence of the step in which it came, the heading, the inspector and the events."""
    timeline = cases[name].timeline
    said = last_words(timeline)
    assert "KeyboardInterrupt" == said.pop("main")
    assert {"by Ctrl+C"} == set(said.values())
    assert "Ctrl+C" in sentences(timeline)
    assert "nursery of main cancels" not in sentences(timeline)
    assert "raised KeyboardInterrupt, exit 1" == heading(timeline, WORDS)[-1]
    for title in said:
        lane, end = lane_of(timeline, title), len(timeline.tape)
        woke = dict(describe(timeline, lane, end, WORDS))["made ready"]
        assert woke.startswith("by Ctrl+C, step ")
        assert any("by Ctrl+C" in event.details for event in History(timeline, lane, WORDS))
        assert lane.cause_of(lane.states.rfind(State.READY)) == "cancel"


def test_victims_are_named_in_the_order_of_their_lanes(cases: Cases) -> None:
    """Though a set was walked to cancel them."""
    assert "Ctrl+C cancels a to b, b to a and auditor." in sentences(cases["two_locks"].timeline)


def test_main_that_waits_is_given_it(cases: Cases) -> None:
    """It stood in `closed.wait`; that it is to raise KeyboardInterrupt is a red mark on its row."""
    timeline = cases["pump_is_full"].timeline
    assert "Ctrl+C: main gets KeyboardInterrupt." in sentences(timeline)
    main = lane_of(timeline, "main")
    [woke] = [i for i in range(len(main.states)) if main.cause_of(i) == "interrupt"]
    assert main.was_cancelled(woke)
    row = next(row for row in drawn(timeline) if row.startswith("main"))
    assert 1 == row.count("▽") + row.count("△")
    assert "by Ctrl+C, step" in dict(describe(timeline, main, main.slots[woke], WORDS))["made ready"]


RAISED_IN_A_TASK = """
import signal
import trio

async def busy():
    await trio.sleep(0.01)
    signal.raise_signal(signal.SIGINT)

async def other():
    await trio.sleep_forever()

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(busy)
        nursery.start_soon(other)

trio.run(main)
"""


def test_a_task_that_runs_when_it_comes_raises_it(tmp_path: Path) -> None:
    """It is nobody else's doing, and no failure of that task's that its sibling is cancelled."""
    timeline = ran(tmp_path, RAISED_IN_A_TASK)
    assert {"main": "KeyboardInterrupt", "busy": "KeyboardInterrupt", "other": "by Ctrl+C"} == last_words(timeline)
    assert "busy raises KeyboardInterrupt at line 7. Ctrl+C cancels other." in sentences(timeline)
    assert "main raises BaseExceptionGroup (KeyboardInterrupt)" in sentences(timeline)


# -- an exit of the program --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "status", "said"),
    [
        ("0", 0, "main exits the program with status 0."),
        ("3", 3, "main exits the program with status 3."),
        ("'no such file'", 1, "main exits the program with status 1: no such file."),
        ("", 0, "main exits the program with status 0."),
        ("'3'", 1, "main exits the program with status 1: 3."),
    ],
)
def test_an_exit_is_no_failure(tmp_path: Path, argument: str, status: int, said: str) -> None:
    """Not red, no `!`: its words, its status, and in the heading that alone."""
    timeline = ran(tmp_path, f"import sys, trio\nasync def main():\n    sys.exit({argument})\ntrio.run(main)\n")
    assert said == WORDS.happened(timeline, len(timeline.tape))
    assert Ending.EXITED == timeline.tape.endings[-1]
    assert f"exit {status}" == heading(timeline, WORDS)[-1] == last_words(timeline)["main"]
    [row] = drawn(timeline)
    assert "█exit███■" in row
    assert row.rstrip().endswith(f"exit {status}")
    assert "!" not in row
    main = lane_of(timeline, "main")
    assert f"exits with status {status}" == WORDS.state(timeline, main, len(timeline.tape))
    assert "task_exited raised · SystemExit · line 3" == History(timeline, main, WORDS)[-1].details


def test_an_exit_after_a_child(cases: Cases) -> None:
    """As the case has it: the child is gone before."""
    case = cases["system_exit"]
    assert 0 == case.end.status
    assert "exit 0" == heading(case.timeline, WORDS)[-1]
    assert "exit 0" == WORDS.last_words(case.timeline, case.lane("main"))


IN_A_NURSERY = """
import sys
import trio

async def other():
    await trio.sleep_forever()

async def worker():
    await trio.sleep(0.01)
    sys.exit(3)

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        if sys.argv[1] == "child":
            nursery.start_soon(worker)
        else:
            await worker()

trio.run(main, strict_exception_groups=sys.argv[2] == "strict")
"""


@pytest.mark.parametrize("who", ["child", "body"])
def test_an_exit_in_a_group_is_none(tmp_path: Path, who: str) -> None:
    """trio wraps it, Python prints a traceback, and the status is 1: main failed. Its victims say what came."""
    timeline = ran(tmp_path, IN_A_NURSERY, who, "strict")
    said = last_words(timeline)
    assert ("BaseExceptionGroup", "by SystemExit") == (said["main"], said["other"])
    assert "main raises BaseExceptionGroup (SystemExit)" in sentences(timeline)
    assert "raised BaseExceptionGroup, exit 1" == heading(timeline, WORDS)[-1]
    if who == "child":
        assert "SystemExit" == said["worker"]


@pytest.mark.parametrize("who", ["child", "body"])
def test_an_exit_that_is_not_wrapped_is_one(tmp_path: Path, who: str) -> None:
    timeline = ran(tmp_path, IN_A_NURSERY, who, "loose")
    said = last_words(timeline)
    assert ("exit 3", "by SystemExit") == (said["main"], said["other"])
    assert sentences(timeline).endswith("main exits the program with status 3.")
    assert "exit 3" == heading(timeline, WORDS)[-1]


# -- libraries ---------------------------------------------------------------------------------


def test_a_fixture_that_cancels_a_task_of_the_tests_says_so(cases: Cases) -> None:
    """pytest-trio's own scope, and pytest-trio's own call: `check` comes to its sleep, and is cancelled there."""
    case = cases["fixture_cancels"]
    lane = case.lane("check")
    assert State.CANCELLED is lane.result
    assert "by pytest-trio" == WORDS.last_words(case.timeline, lane)
    assert "check comes to `sleep` and is cancelled there, by pytest-trio." in sentences(case.timeline)
    row = next(row for row in drawn(case.timeline) if row.startswith("check"))
    assert "╳" in row
    assert row.rstrip().endswith("by pytest-trio")
    facts = dict(describe(case.timeline, lane, len(case.timeline.tape), WORDS))
    assert facts["made ready"].startswith("by pytest-trio, step ")
    assert "site-packages" not in "".join(facts.values()) + sentences(case.timeline)


THEIRS = """
import trio

async def first_of(*functions):
    '''What the first of them returns; the others are cancelled.'''
    found = []
    async def run(function, nursery):
        found.append(await function())
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        for function in functions:
            nursery.start_soon(run, function, nursery)
    return found[0]

async def with_limit(function):
    '''Calls it, for a while.'''
    with trio.move_on_after(0.05):
        await function()

async def wait_a_while():
    '''Waits for what never comes, in a scope of its own.'''
    with trio.move_on_after(0.01):
        await trio.Event().wait()
"""


def with_a_library(tmp_path: Path, source: str) -> Timeline:
    """Record a program that has a package installed beside it."""
    package = tmp_path / "site-packages" / "their_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(THEIRS)
    path = f"import sys\nsys.path.insert(0, {str(package.parent)!r})\nimport trio\nfrom their_package import *\n"
    return ran(tmp_path, path + source)


def test_a_library_that_cancels_the_users_function_is_named(tmp_path: Path) -> None:
    """Its nursery runs the user's functions, and cancels those that lost."""
    timeline = with_a_library(
        tmp_path,
        """
async def fast():
    await trio.sleep(0.01)

async def slow():
    await trio.sleep_forever()

async def main():
    await first_of(fast, slow)

trio.run(main)
""",
    )
    assert "their-package cancels" in sentences(timeline)
    assert "by their-package" in last_words(timeline).values()
    assert {"▽", "△"} & set("".join(drawn(timeline)))


def test_a_library_that_interrupts_the_users_code_in_the_same_task(tmp_path: Path) -> None:
    """The user's `patient` runs inside the library's time limit: that it ends is no timer."""
    timeline = with_a_library(
        tmp_path,
        """
async def patient():
    await trio.sleep_forever()

async def main():
    await with_limit(patient)
    await trio.sleep(0)

trio.run(main)
""",
    )
    main = lane_of(timeline, "main")
    assert "cancel" in {main.cause_of(i) for i in range(len(main.causes))}
    assert "it cancels main." in sentences(timeline)


def test_what_a_library_cancels_in_its_own_code_is_quiet(tmp_path: Path) -> None:
    """Nobody interrupts the user's code: the library waited for something as long as it liked."""
    timeline = with_a_library(tmp_path, "async def main():\n    await wait_a_while()\ntrio.run(main)\n")
    main = lane_of(timeline, "main")
    assert "cancel" not in {main.cause_of(i) for i in range(len(main.causes))}
    assert "cancel" not in sentences(timeline)


HAPPY_EYEBALLS = """
import trio

async def main():
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    stream = await trio.open_tcp_stream("localhost", port, happy_eyeballs_delay=5)
    await stream.aclose()

trio.run(main)
"""


def test_a_healthy_connection_is_quiet(tmp_path: Path) -> None:
    """The attempt that won cancels the others, and the wait of the task that asked, in a wholly healthy run."""
    timeline = ran(tmp_path, HAPPY_EYEBALLS)
    assert "returned, exit 0" == heading(timeline, WORDS)[-1]
    assert "cancel" not in sentences(timeline)
    assert not set("▽△╳") & set("".join(drawn(timeline)))


# -- nobody ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cancels_nobody", "time_out_reaches_nobody", "body_raises", "shield_holds"])
def test_a_cancellation_that_reaches_nobody_names_nobody(cases: Cases, name: str) -> None:
    """Each sentence of each step is made, and none has a gap where names would be."""
    said = sentences(cases[name].timeline)
    assert "cancels ." not in said
    assert "reaches ." not in said


NESTED = """\
import trio, trio.testing

async def leaf():
    await trio.sleep_forever()

async def middle():
    with trio.move_on_after(0.001):
        await trio.sleep_forever()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(leaf)

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(middle)
        await trio.testing.wait_all_tasks_blocked(0.1)
        nursery.cancel_scope.cancel()

trio.run(main)
"""


def test_who_waited_for_children_ends_for_the_reason_that_they_do(tmp_path: Path) -> None:
    """The last child wakes it, not the cancellation; and an earlier time-out of its own is not what ended it."""
    timeline = ran(tmp_path, NESTED)
    assert {"middle": "by main", "leaf": "by main"} == {
        title: WORDS.last_words(timeline, lane_of(timeline, title)) for title in ("middle", "leaf")
    }


def test_a_server_ends_by_ctrl_c_as_its_nursery_does(cases: Cases) -> None:
    timeline = cases["server_keeps_open"].timeline
    assert "by Ctrl+C" == WORDS.last_words(timeline, lane_of(timeline, "serve_tcp"))


# -- at once, or later -------------------------------------------------------------------------


MEETS_IT_LATER = """\
import trio

async def worker():
    await trio.sleep_forever()

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker)
        nursery.start_soon(worker)
        nursery.cancel_scope.cancel()
    with trio.CancelScope() as scope:
        scope.cancel()
        await trio.sleep(1)
    outer = trio.CancelScope()
    inner = trio.CancelScope()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(both, outer, inner)
        await trio.sleep(0.01)
        inner.cancel()
        outer.cancel()

async def both(outer, inner):
    with outer, inner:
        await trio.sleep_forever()

trio.run(main)
"""


def test_a_cancellation_reaches_those_in_the_queue_at_their_next_checkpoint(tmp_path: Path) -> None:
    said = sentences(ran(tmp_path, MEETS_IT_LATER))
    assert "is cancelled. worker #1 and worker #2 are cancelled at their next checkpoints." in said
    assert "is cancelled. main comes to `sleep` and is cancelled there." in said
    assert "is cancelled: it reaches both." in said
    assert "is cancelled. All in it was cancelled before, with a scope in it." in said
    assert "nobody" not in said


RAISED_BY_HAND = """\
import trio

async def kid():
    await trio.sleep(0.01)
    raise KeyboardInterrupt

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(kid)
        nursery.start_soon(trio.sleep_forever)

trio.run(main)
"""


def test_a_keyboard_interrupt_of_the_programs_own_is_no_ctrl_c(tmp_path: Path) -> None:
    timeline = ran(tmp_path, RAISED_BY_HAND)
    assert "Ctrl+C" not in sentences(timeline)
    assert "by kid" == WORDS.last_words(timeline, lane_of(timeline, "sleep_forever"))


FROM_OUTSIDE = """\
import threading
import trio

async def worker():
    await trio.sleep_forever()

async def main():
    token = trio.lowlevel.current_trio_token()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker)
        await trio.sleep(0.01)
        threading.Thread(target=token.run_sync_soon, args=[nursery.cancel_scope.cancel]).start()

trio.run(main)
"""


def test_a_call_from_outside_trio_that_cancels_is_told_as_such(tmp_path: Path) -> None:
    timeline = ran(tmp_path, FROM_OUTSIDE)
    assert "by a call from outside trio" == WORDS.last_words(timeline, lane_of(timeline, "worker"))


SHIELD_GOES = """\
import trio

async def shielded(scope):
    with scope:
        await trio.sleep_forever()

async def main():
    scope = trio.CancelScope(shield=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shielded, scope)
        await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await trio.sleep(0.01)
        scope.shield = False

trio.run(main)
"""


def test_a_shield_that_is_taken_away_is_told(tmp_path: Path) -> None:
    said = sentences(ran(tmp_path, SHIELD_GOES))
    assert "The shield of line 4 is taken away: shielded is cancelled." in said


MOVED = """\
import trio

async def main():
    with trio.CancelScope(deadline=trio.current_time() + 50) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.sleep(0.05)
            scope.deadline = trio.current_time() - 5

trio.run(main)
"""


def test_a_deadline_that_is_moved_into_the_past_is_not_late(tmp_path: Path) -> None:
    """And its row does not tell the time that it had at first."""
    timeline = ran(tmp_path, MOVED)
    assert " late:" not in sentences(timeline)
    assert not [row for row in drawn(timeline) if "50 s" in row]
