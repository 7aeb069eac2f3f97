"""Each lesson runs plain with `python`, prints what it must, and is recorded truly and the same twice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from lessons import EXAMPLES, FREE, NAMES, ON_TRIO, TESTS, Lesson
from programs import events_of
from triotrace.events import (
    AfterRun,
    AfterTaskStep,
    BeforeRun,
    BeforeTaskStep,
    Event,
    Footer,
    Header,
    Output,
    Place,
    Source,
    StepSampled,
    TaskExited,
    TaskScheduled,
    TaskSpawned,
)

IHUU = "".join(f"Ihuu {number}\n" for number in range(10))
PRINTS = {
    "exemplo_00": IHUU + "main terminou, 3 tasks ficaram para trás\nIniciando 1\nIniciando 2\nIniciando 3\n",
    "exemplo_00_trio": IHUU
    + "Iniciando 1\nIniciando 2\nIniciando 3\nTerminando 1\nTerminando 2\nTerminando 3\n"
    + "main terminou, nenhuma task ficou para trás\n",
    "exemplo_01": "Olá, mundo!\n",
    "exemplo_02": "7 é squirtle\n3 é venusaur\n1 é bulbasaur\n10 é caterpie\n4 é charmander\n6 é charizard\n"
    + "2 é ivysaur\n9 é blastoise\n5 é charmeleon\n8 é wartortle\nTodos responderam\n",
    "exemplo_05": "squirtle\npsyduck\ncharmander\nvulpix\n",
    "exemplo_06": "".join(f"got value message {number}\n" for number in range(10)),
    "exemplo_07": 2 * "Esperando o evento...\n" + 2 * "O evento foi liberado!\n",
    "exemplo_08": "charmander pesa 8.5 kg\nwartortle pesa 22.5 kg\nsnorlax demorou demais, seguimos sem resposta\n"
    + "main terminou, sem erro\n",
}
SAME = [name for name in NAMES if name not in FREE]

# Who is spawned, in which order; and whose step each step is, in the order in which tasks became ready.
CHILDREN = {
    "exemplo_00_trio": ["corrotina"] * 3,
    "exemplo_01": [],
    "exemplo_02": ["fetch"] * 10,
    "exemplo_03": ["fetch"] * 10,
    "exemplo_04": ["assar"] * 2,
    "exemplo_05": ["guardar"] * 2,
    "exemplo_06": ["producer", "consumer"],
    "exemplo_07": ["task_a", "task_b", "task_b"],
    "exemplo_08": ["fetch"] * 3,
}
STEPS = {
    "exemplo_00_trio": "main corrotina corrotina corrotina corrotina corrotina corrotina main",
    "exemplo_01": "main",
    "exemplo_04": "main assar assar assar assar main",
    "exemplo_06": "main " + 11 * "producer consumer " + "main",
    "exemplo_07": "main task_a task_b task_b task_a task_b task_b main",
}


def words(name: str) -> str:
    """Return the last word of a task's or function's qualified name."""
    return name.rpartition(".")[2]


def users(events: list[Event]) -> dict[int, str]:
    """Return the tasks of main and of the user's own, with their names' last words."""
    return {
        event.task: words(event.name)
        for event in events
        if isinstance(event, TaskSpawned) and event.role in ("main", "user")
    }


def test_every_lesson_has_its_expectations() -> None:
    assert set(NAMES) == set(PRINTS) | {"exemplo_03", "exemplo_04"}
    assert set(ON_TRIO) == set(CHILDREN) == set(STEPS) | set(FREE)


def text_of(name: str) -> str:
    """Return the source of a lesson."""
    return (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")


def about(name: str) -> str:
    """Return what `triotrace examples` says of a lesson."""
    return (ast.get_docstring(ast.parse(text_of(name))) or "").partition("\n")[0]


@pytest.mark.parametrize("name", [*NAMES, *TESTS])
def test_lesson_is_short_and_says_what_it_teaches(name: str) -> None:
    assert len(text_of(name).splitlines()) < 60
    assert 20 < len(about(name)) < 100
    assert about(name).endswith(".")


def test_readme_lists_the_lessons() -> None:
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    rows = [f"| `{name}.py` | {about(name)} |\n" for name in [*NAMES, *TESTS]]
    assert "".join(["| file | shows |\n|---|---|\n", *rows, "\n"]) in readme


@pytest.mark.parametrize("name", NAMES)
def test_plain(lessons: dict[str, Lesson], name: str) -> None:
    """Trio shuffles the tasks that are ready in one turn, so plain runs promise the lines, not their order."""
    run = lessons[name].plain
    assert (b"", 0) == (run.stderr, run.status)
    if name in PRINTS:
        assert sorted(PRINTS[name].splitlines()) == sorted(run.stdout.decode().splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_recorded_prints(lessons: dict[str, Lesson], name: str) -> None:
    lesson = lessons[name]
    for run in lesson.recorded:
        assert run.status == 0
        if name in SAME:
            assert sorted(lesson.plain.stdout.splitlines()) == sorted(run.stdout.splitlines())
        if name in PRINTS:
            expected, said = PRINTS[name].splitlines(), run.stdout.decode().splitlines()
            assert (expected if name in SAME else sorted(expected)) == (said if name in SAME else sorted(said))


@pytest.mark.parametrize("name", ON_TRIO)
def test_recorded_has_nothing_to_add(lessons: dict[str, Lesson], name: str) -> None:
    assert {b""} == {run.stderr for run in lessons[name].recorded}


def test_asyncio_says_one_sentence(lessons: dict[str, Lesson]) -> None:
    """A program that never starts trio is told so, after its last byte; its log has a beginning and an end."""
    lesson = lessons["exemplo_00"]
    assert lesson.recorded[0].stderr.count(b"\n") == 1
    assert b"never started trio" in lesson.recorded[0].stderr
    header, *between, footer = events_of(lesson.logs[0])
    assert isinstance(header, Header)
    assert isinstance(footer, Footer)
    assert footer.exit == 0
    assert not any(isinstance(event, BeforeRun) for event in between)


@pytest.mark.parametrize("name", ON_TRIO)
def test_log_names_every_task_of_the_source(lessons: dict[str, Lesson], name: str) -> None:
    """The user's tasks are as many as the source spawns, and their places lie in the script."""
    events = events_of(lessons[name].logs[0])
    assert isinstance(events[0], Header)
    assert isinstance(events[-1], Footer)
    assert (0, 0) == (events[-1].dropped, events[-1].exit)
    assert len(events) - 2 == events[-1].events
    places = {event.place: event for event in events if isinstance(event, Place)}
    spawned = [event for event in events if isinstance(event, TaskSpawned) and event.role == "user"]
    assert CHILDREN[name] == [words(event.name) for event in spawned]
    for event in spawned:
        assert event.place is not None
        assert str(EXAMPLES / f"{name}.py") == places[event.place].file
        assert words(event.name) == words(places[event.place].function)
    mains = [event for event in events if isinstance(event, TaskSpawned) and event.role == "main"]
    assert ["main"] == [words(event.name) for event in mains]
    assert {event.parent for event in spawned} <= {event.task for event in mains}


@pytest.mark.parametrize("name", STEPS)
def test_steps_in_started_order(lessons: dict[str, Lesson], name: str) -> None:
    events = events_of(lessons[name].logs[0])
    names = users(events)
    steps = [names[event.task] for event in events if isinstance(event, BeforeTaskStep) and event.task in names]
    assert STEPS[name].split() == steps


@pytest.mark.parametrize("name", [name for name in ON_TRIO if name != "exemplo_03"])
def test_every_task_ended_well(lessons: dict[str, Lesson], name: str) -> None:
    events = events_of(lessons[name].logs[0])
    names = users(events)
    results = [event.result for event in events if isinstance(event, TaskExited) and event.task in names]
    assert ["returned"] * len(names) == results
    assert ["returned"] == [event.result for event in events if isinstance(event, AfterRun)]


@pytest.mark.parametrize("name", ON_TRIO)
def test_prints_belong_to_the_task_that_printed(lessons: dict[str, Lesson], name: str) -> None:
    """Each `output` lies in a step of its task, and all of them together are what was printed."""
    lesson = lessons[name]
    events = events_of(lesson.logs[0])
    running_task, text = None, ""
    for event in events:
        match event:
            case BeforeTaskStep():
                running_task = event.task
            case AfterTaskStep():
                running_task = None
            case Output():
                text += event.text
                if name != "exemplo_04":  # its instrument prints between steps too
                    assert event.task is not None
                    assert running_task == event.task
    assert lesson.recorded[0].stdout.decode() == text


def test_the_source_travels_in_the_log(lessons: dict[str, Lesson]) -> None:
    """The viewer never opens a path that a log names, so the log brings the text."""
    script = EXAMPLES / "exemplo_06.py"
    sources = {
        event.file: event.text for event in events_of(lessons["exemplo_06"].logs[0]) if isinstance(event, Source)
    }
    assert script.read_text(encoding="utf-8") == sources[str(script)]


def test_relay_wakes(lessons: dict[str, Lesson]) -> None:
    """In the lesson on channels each send is met by a receive, which makes the sender ready again."""
    events = events_of(lessons["exemplo_06"].logs[0])
    names = users(events)
    woken = [
        (names[event.waker], names[event.task])
        for event in events
        if isinstance(event, TaskScheduled) and event.cause == "task" and event.waker in names and event.task in names
    ]
    assert 10 * [("consumer", "producer")] == [pair for pair in woken if "main" not in pair]


def test_one_set_frees_both(lessons: dict[str, Lesson]) -> None:
    """In the lesson on Event both task_b become ready inside the one last step of task_a."""
    events = events_of(lessons["exemplo_07"].logs[0])
    names = users(events)
    step, freed = 0, []
    for event in events:
        if isinstance(event, BeforeTaskStep) and event.task in names:
            step += 1
        if isinstance(event, TaskScheduled) and event.cause == "task" and names.get(event.task) == "task_b":
            freed.append((step, names[event.waker or 0]))
    assert [(5, "task_a")] * 2 == freed


def test_their_tracer_beside_ours(lessons: dict[str, Lesson]) -> None:
    """In the lesson on tracers, what their instrument prints is our log, step for step."""
    hooks = {
        TaskSpawned: "+ nasceu",
        TaskScheduled: "? na fila",
        BeforeTaskStep: "> roda",
        AfterTaskStep: "< parou",
        TaskExited: "- terminou",
    }
    names: dict[int, str] = {}
    ours = []
    for event in events_of(lessons["exemplo_04"].logs[0]):
        if isinstance(event, TaskSpawned):
            names[event.task] = event.name
        if type(event) in hooks:
            ours.append(f"{hooks[type(event)]} {names[event.task]}")  # type: ignore[attr-defined]
    theirs = lessons["exemplo_04"].recorded[0].stdout.decode().splitlines()
    assert [line for line in theirs if line.startswith(tuple(hooks.values()))] == ours


CHANGES = {"t", "trio_time", "until", "deadline", "from", "to", "wall_ns"}


def without_times(events: list[Event]) -> Iterator[dict[str, Any]]:
    """Yield the story that two runs share.

    Times differ. So may the moments of flushing: a busy machine makes the watchdog look at a step, which adds a sample
    and a place of it, and may cut one print in two.
    """
    places: dict[Any, Any] = {}
    last: dict[str, Any] = {}
    for event in events:
        fields = {name: value for name, value in msgspec.to_builtins(event).items() if name not in CHANGES}
        if isinstance(event, Place):
            places[fields.pop("place")] = fields
        elif not isinstance(event, Header | Footer | StepSampled):
            if "place" in fields:
                fields["place"] = places[fields["place"]]
            if isinstance(event, Output) and last.get("event") == "output" and last.get("task") == event.task:
                last["text"] += event.text
            else:
                if last:
                    yield last
                last = fields
    yield last


@pytest.mark.parametrize("name", SAME)
def test_the_same_twice(lessons: dict[str, Lesson], name: str) -> None:
    """In started order a lesson is the same each time, but for the clock."""
    first, second = (list(without_times(events_of(log))) for log in lessons[name].logs)
    assert first == second
