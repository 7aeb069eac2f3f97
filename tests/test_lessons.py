"""What the audience must see: each lesson's log, folded, tells what the lesson teaches."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from lessons import EXAMPLES, ROUNDS, Lesson
from programs import ended, events_of, plain, record, running
from seven_bits import same_shape
from triotrace.events import Cause, NurseryId, TaskId, TaskScheduled, TaskSpawned
from triotrace.log import read_log
from triotrace.timeline.canvas import Ink
from triotrace.timeline.columns import StepsView
from triotrace.timeline.lanes import Lane
from triotrace.timeline.records import Scope
from triotrace.timeline.rows import RowKind, lay_rows
from triotrace.timeline.states import State
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.tape import Ending
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture, TimeView

SECOND = 1_000_000_000
RED = frozenset([Ink.RAISED, Ink.CANCELLED])


@pytest.fixture(scope="module")
def told(lessons: dict[str, Lesson]) -> dict[str, Timeline]:
    """The timelines of all lessons; the logs are sound."""
    timelines = {}
    for name, lesson in lessons.items():
        timelines[name] = timeline = Timeline()
        for batch in read_log(lesson.logs[0]):
            timeline.feed(batch)
        assert [] == timeline.damages
    return timelines


def lanes(timeline: Timeline, name: str) -> list[Lane]:
    """Return the lanes of that name, in order of birth."""
    return [lane for lane in timeline.lanes if lane.name == name]


def lane_of(timeline: Timeline, name: str) -> Lane:
    """Return the one lane of that name."""
    [lane] = lanes(timeline, name)
    return lane


def shown(timeline: Timeline) -> list[str]:
    """Return the titles of the tasks that have a row."""
    rows = lay_rows(timeline).rows
    return [
        timeline.title(timeline.lanes[row.lane]) for row in rows if row.kind is RowKind.TASK and row.lane is not None
    ]


def waits(timeline: Timeline, lane: Lane) -> list[str]:
    """Return what a task waited for, as its source says it, each time that it waited."""
    return [
        timeline.verbs.verb(place).full
        for state, place in zip(lane.states, lane.places, strict=True)
        if state == State.WAITING
    ]


def wakers(timeline: Timeline, lane: Lane) -> list[Lane | None]:
    """Return who made a task ready, each time that it had waited: nobody stands for the loop."""
    return [
        timeline.lanes[lane.wakers[change]] if lane.wakers[change] >= 0 else None
        for change in range(1, len(lane.states))
        if (lane.states[change - 1], lane.states[change]) == (State.WAITING, State.READY)
    ]


def reds(timeline: Timeline) -> set[str]:
    """Return the labels of the rows that have something red, on either axis."""
    rows = lay_rows(timeline)
    origin = timeline.runs[0].begun.t
    pictures = (
        StepsPicture(timeline, rows, StepsView(1, 10 * len(timeline.tape))),
        TimePicture(timeline, rows, TimeView(origin, (timeline.now - origin) // 200, 200, origin)),
    )
    return {
        row.label if row.lane is None else timeline.title(timeline.lanes[row.lane])
        for number, row in enumerate(rows.rows)
        if any(RED.intersection(picture.line(number).inks) for picture in pictures)
    }


def own_scopes(timeline: Timeline) -> list[Scope]:
    """Return the scopes with a deadline that the lesson itself opened."""
    return [scope for scope in timeline.scopes.values() if not scope.library and scope.deadline is not None]


def nursery_of(timeline: Timeline, lane: Lane) -> NurseryId:
    """Return the nursery that a task is in."""
    assert lane.nursery is not None
    return lane.nursery


# -- 00, 01 --------------------------------------------------------------------------------------


def test_00_main_stands_until_the_last_child_is_gone(told: dict[str, Timeline]) -> None:
    timeline = told["exemplo_00_trio"]
    main, children = lane_of(timeline, "main"), lanes(timeline, "corrotina")
    assert ["nursery"] == waits(timeline, main)
    last = max(children, key=lambda lane: lane.times[-1])
    assert [last] == wakers(timeline, main)
    nursery = timeline.nurseries[nursery_of(timeline, last)]
    assert nursery.closed is not None
    assert all(lane.times[lane.states.index(State.RETURNED)] <= nursery.closed for lane in children)


def test_01_one_lane_one_step(told: dict[str, Timeline]) -> None:
    """The loop begins before it and ends after it."""
    timeline = told["exemplo_01"]
    assert ["main"] == shown(timeline)
    assert [Ending.RETURNED] == [*timeline.tape.endings[1:]]
    [run] = timeline.runs
    assert run.ended is not None
    assert run.begun.t < timeline.tape.starts[1] < timeline.tape.ends[1] < run.ended


# -- 02 ------------------------------------------------------------------------------------------


def test_02_eleven_lanes(told: dict[str, Timeline]) -> None:
    """The tasks that connect are httpx's and trio's business: they are folded away."""
    timeline = told["exemplo_02"]
    assert ["main", *(f"fetch #{number}" for number in range(1, 11))] == shown(timeline)
    assert any(lane.role == "library" for lane in timeline.lanes)
    assert {State.RETURNED} == {lane.result for lane in timeline.lanes if lane.role in ("main", "user")}


def test_02_nothing_is_red(told: dict[str, Timeline]) -> None:
    """Ten scopes are cancelled, one for each connection that was made: that is trio's own housekeeping."""
    timeline = told["exemplo_02"]
    assert 10 <= len([scope for scope in timeline.scopes.values() if scope.cancelled and scope.library])
    assert set() == reds(timeline)


def test_02_all_stop_at_get_one_after_the_other_then_all_wait(told: dict[str, Timeline]) -> None:
    timeline = told["exemplo_02"]
    fetches = lanes(timeline, "fetch")
    tape = timeline.tape
    assert [lane.index for lane in fetches] == [*tape.lanes[2:12]]
    assert {"client.get"} == {timeline.verbs.verb(place).full for place in tape.places[2:12]}
    everyone = [lane_of(timeline, "main"), *fetches]
    sleeps = [slot for slot in range(1, len(tape) + 1) if tape.endings[slot] == Ending.WOKE]
    # The first answers come soon after the questions: before them, and before a child is gone, all stand together
    together = [
        slot
        for slot in sleeps
        if all(lane.state_at(lane.at_time(tape.starts[slot])) is State.WAITING for lane in everyone)
    ]
    assert together
    assert {"nursery"} == {*waits(timeline, everyone[0])[:1]}


def test_02_answers_come_in_another_order(told: dict[str, Timeline]) -> None:
    timeline = told["exemplo_02"]
    fetches = lanes(timeline, "fetch")
    answered = sorted(fetches, key=lambda lane: lane.times[-1])
    assert fetches != answered
    answers = [said for said in timeline.prints if said.text.strip() and said.lane in {lane.index for lane in fetches}]
    assert [lane.index for lane in answered] == [said.lane for said in answers]


# -- 03 ------------------------------------------------------------------------------------------


def test_03_one_fails_and_its_siblings_are_cancelled_by_it(told: dict[str, Timeline]) -> None:
    """One vertical front: all that still waited are made ready in the step in which the one failed."""
    timeline = told["exemplo_03"]
    fetches = lanes(timeline, "fetch")
    [failed] = [lane for lane in fetches if lane.result is State.RAISED]
    assert 4 == failed.number
    assert "ConnectTimeout" == timeline.error_of(failed)
    cancelled = [lane for lane in fetches if lane.result is State.CANCELLED]
    done = [lane for lane in fetches if lane.result is State.RETURNED]
    assert cancelled
    assert done
    assert len(fetches) == 1 + len(cancelled) + len(done)

    front = [slot for slot in range(1, len(timeline.tape) + 1) if timeline.tape.endings[slot] == Ending.RAISED]
    [slot] = front
    assert failed.index == timeline.tape.lanes[slot]
    assert {lane.index for lane in cancelled} == {*timeline.tape.woken_in(slot)}
    for lane in cancelled:
        scope = timeline.scope_that_cancelled(lane)
        assert scope is not None
        cancellation = scope.cancelled
        assert cancellation is not None
        assert ("nursery", failed.index, slot) == (cancellation.cause, cancellation.by, cancellation.slot)
    for lane in done:
        assert lane.times[-1] < timeline.tape.starts[slot]


def test_03_red_are_the_failed_one_and_the_cancelled(told: dict[str, Timeline]) -> None:
    timeline = told["exemplo_03"]
    hit = [lane for lane in lanes(timeline, "fetch") if lane.result is not State.RETURNED]
    assert {timeline.title(lane) for lane in hit} == reds(timeline)


def test_03_main_gets_one_group_and_catches_it(told: dict[str, Timeline], lessons: dict[str, Lesson]) -> None:
    timeline = told["exemplo_03"]
    [fetch, *_] = lanes(timeline, "fetch")
    error = timeline.nurseries[nursery_of(timeline, fetch)].error
    assert error is not None
    assert "ExceptionGroup" == error.type
    assert ["ConnectTimeout"] == [leaf.type.rpartition(".")[2] for leaf in error.leaves or ()]
    assert State.RETURNED is lane_of(timeline, "main").result
    for run in (lessons["exemplo_03"].plain, *lessons["exemplo_03"].recorded):
        *answers, last = run.stdout.decode().splitlines()
        assert "Não deu para conectar: (ConnectTimeout('')" == last[:42]
        assert {"Chegou"} == {line.split()[0] for line in answers}


# -- 05, 06, 07, 08 ------------------------------------------------------------------------------


def test_05_file_calls_come_back_through_trios_own_task(told: dict[str, Timeline], lessons: dict[str, Lesson]) -> None:
    timeline = told["exemplo_05"]
    causes: dict[TaskId, set[Cause]] = {}
    for event in events_of(lessons["exemplo_05"].logs[0]):
        if isinstance(event, TaskScheduled):
            causes.setdefault(event.task, set()).add(event.cause)
    for lane in lanes(timeline, "guardar"):
        assert {"open_file", "file.write"} <= {*waits(timeline, lane)}
        assert {"system"} == {waker.role if waker else "" for waker in wakers(timeline, lane)}
        assert {"spawned", "checkpoint", "thread"} == causes[lane.task]
    assert any("read_text" in wait for wait in waits(timeline, lane_of(timeline, "main")))


def test_05_meanwhile_the_other_runs(told: dict[str, Timeline]) -> None:
    """While one task waits for its file, the other takes a step."""
    timeline = told["exemplo_05"]
    one, other = lanes(timeline, "guardar")
    runs = [lane for lane in timeline.tape.lanes if lane in (one.index, other.index)]
    assert any(before != after for before, after in pairwise(runs))


def test_06_each_send_meets_a_receive(told: dict[str, Timeline]) -> None:
    timeline = told["exemplo_06"]
    producer, consumer = lane_of(timeline, "producer"), lane_of(timeline, "consumer")
    assert 10 * ["send_channel.send"] == waits(timeline, producer)
    assert 10 * [consumer] == wakers(timeline, producer)


def test_07_before_the_set_nobody_runs_for_ten_seconds(told: dict[str, Timeline]) -> None:
    """Ten seconds are one column, in the loop's own lane; then one step frees both that stand at the event."""
    timeline = told["exemplo_07"]
    tape, task_a = timeline.tape, lane_of(timeline, "task_a")
    waiting = lanes(timeline, "task_b")
    [sleep] = [slot for slot in range(1, len(tape) + 1) if tape.endings[slot] == Ending.WOKE]
    assert tape.ends[sleep] - tape.starts[sleep] > 9 * SECOND
    assert {"event.wait"} == {wait for lane in waiting for wait in waits(timeline, lane)}
    assert task_a.index == tape.lanes[sleep + 1]
    assert {lane.index for lane in waiting} == {*tape.woken_in(sleep + 1)}


def test_08_one_is_cut_by_its_deadline_and_goes_on(told: dict[str, Timeline]) -> None:
    timeline = told["exemplo_08"]
    fetches = lanes(timeline, "fetch")
    scopes = own_scopes(timeline)
    assert [lane.index for lane in fetches] == [scope.lane for scope in scopes]
    *kept, cut = scopes
    for scope in scopes:
        run = timeline.run_of(timeline.lanes[scope.lane])
        assert run is not None
        assert scope.deadline is not None
        assert 2 * SECOND == pytest.approx(scope.deadline - run.trio_time(scope.entered), abs=SECOND / 10)
    assert [None, None] == [scope.cancelled for scope in kept]
    assert cut.cancelled is not None
    assert ("deadline", None, True) == (cut.cancelled.cause, cut.cancelled.by, cut.caught)
    # It leaves the `with`, prints, and returns
    assert {State.RETURNED} == {lane.result for lane in timeline.lanes if lane.role in ("main", "user")}
    assert cut.exited is not None
    late = [said for said in timeline.prints if said.lane == cut.lane and "demorou demais" in said.text]
    assert [True] == [said.t >= cut.exited for said in late]


# -- the tests -----------------------------------------------------------------------------------


def run_named(timeline: Timeline, name: str) -> int:
    """Return the index of the run of a test."""
    [index] = [run.index for run in timeline.runs if name in run.name]
    return index


def test_tests_pass_in_started_order(lessons: dict[str, Lesson]) -> None:
    """The flaky one is so lucky then; shuffled, one test at most fails."""
    lesson = lessons["tests"]
    assert 0 == lesson.recorded[0].status, lesson.recorded[0].stdout.decode()
    assert b"4 passed" in lesson.recorded[0].stdout
    assert any(line in lesson.plain.stdout for line in (b"4 passed", b"1 failed, 3 passed"))


def test_teste_00_the_clock_jumps(told: dict[str, Timeline]) -> None:
    """5,000 s of trio's time pass between two events that are next to nothing apart."""
    timeline = told["tests"]
    run = timeline.runs[run_named(timeline, "test_sleep")]
    assert "mock" == run.begun.clock
    jumps = [(t - before, time - old) for (before, old), (t, time) in pairwise(run.ties) if time != old]
    assert [5_000 * SECOND] == [jump for _, jump in jumps]
    assert jumps[0][0] < 60 * SECOND


def test_teste_01_ten_seconds_are_cut_in_trios_time(told: dict[str, Timeline]) -> None:
    timeline = told["tests"]
    run = timeline.runs[run_named(timeline, "test_fail_after")]
    [scope] = own_scopes(timeline)
    assert scope.cancelled is not None
    assert scope.exited is not None
    assert ("deadline", True) == (scope.cancelled.cause, scope.caught)
    assert 0 == run.trio_time(scope.entered)
    assert scope.deadline == run.trio_time(scope.exited) == 10 * SECOND
    assert "returned" == run.result


def test_teste_02_two_orders_one_of_which_fails(told: dict[str, Timeline]) -> None:
    """Both are ready in one turn; the wrong test passes only if the sender comes first, the right one always."""
    timeline = told["flaky"]
    assert 2 * ROUNDS == len(timeline.runs)
    ends: dict[str, set[tuple[str, str | None]]] = {"test_errado": set(), "test_certo": set()}
    for run in timeline.runs:
        of_run = {lane.name: lane for lane in timeline.lanes if lane.run == run.run}
        pair = sorted((of_run["enviar"], of_run["receber"]), key=lambda lane: lane.times[-1])
        first, second = pair
        # When the first of them begins its last step, the second is in the queue as well
        begun = first.times[len(first.states) - 1 - first.states[::-1].index(State.RUNNING)]
        assert State.READY is second.state_at(second.at_time(begun))
        [name] = [name for name in ends if name in run.name]
        ends[name].add((first.name, run.result))
    assert {("enviar", "returned"), ("receber", "raised")} == ends["test_errado"]
    assert {("enviar", "returned"), ("receber", "returned")} == ends["test_certo"]


# -- what they fetch from ------------------------------------------------------------------------


def test_the_server_dies_with_a_lesson_that_is_killed(tmp_path: Path) -> None:
    """Its stderr is the lesson's: as long as the server lives, the pipe stays open, and this test waits."""
    lesson = plain(EXAMPLES / "exemplo_08.py")
    with running(lesson, cwd=tmp_path, env={"PYTHONUNBUFFERED": "1"}) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith(b"charmander")
        child.send_signal(signal.SIGKILL)
        assert -signal.SIGKILL == ended(child).status


def test_an_interrupt_is_for_the_lesson_alone(tmp_path: Path) -> None:
    """Ctrl+C reaches all that is in the foreground; the server is not, and ends quietly when the lesson does."""
    with running(plain(EXAMPLES / "exemplo_08.py"), cwd=tmp_path, env={"PYTHONUNBUFFERED": "1"}) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith(b"charmander")
        os.killpg(child.pid, signal.SIGINT)
        result = ended(child)
    assert 1 == result.status  # trio raises it in a group
    assert b"KeyboardInterrupt" in result.stderr
    assert not re.search(rb'pokeapi\.py", line \d+, in <module>', result.stderr)


def test_a_tracer_follows_the_lesson_and_not_its_server(tmp_path: Path) -> None:
    """Behind `--` the first process that starts trio is traced, and the server starts it first."""
    log = tmp_path / "log.jsonl"
    with running(record(log, "--", *plain(EXAMPLES / "exemplo_02.py")), cwd=tmp_path) as child:
        assert 0 == ended(child).status
    spawned = [event.name for event in events_of(log) if isinstance(event, TaskSpawned) and event.role == "user"]
    assert ["__main__.fetch"] * 10 == spawned


def test_the_lessons_ask_whom_pokeapi_names(tmp_path: Path, lessons: dict[str, Lesson]) -> None:
    """A server that somebody else started answers as well; it ends, by itself, when its stdin does."""
    with running(plain(EXAMPLES / "pokeapi.py"), cwd=tmp_path, stdin=subprocess.PIPE) as server:
        assert server.stdout is not None
        url = server.stdout.readline().decode().strip()
        with running(plain(EXAMPLES / "exemplo_02.py"), cwd=tmp_path, env={"POKEAPI": f"{url}/"}) as child:
            asked = ended(child)
        assert (0, b"") == (asked.status, asked.stderr)
        assert sorted(lessons["exemplo_02"].plain.stdout.splitlines()) == sorted(asked.stdout.splitlines())
        assert (b"", 0) == (ended(server).stderr, server.returncode)
    with running(plain(EXAMPLES / "exemplo_02.py"), cwd=tmp_path, env={"POKEAPI": url}) as child:
        in_vain = ended(child)
    assert 1 == in_vain.status
    assert b"ConnectError" in in_vain.stderr


@pytest.mark.parametrize("axis", ["steps", "time"])
def test_each_lesson_is_the_same_picture_in_seven_bits(told: dict[str, Timeline], axis: str) -> None:
    for timeline in told.values():
        same_shape(timeline, axis)  # type: ignore[arg-type]
