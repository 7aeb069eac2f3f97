"""The tool in one environment, the program in another that has trio and nothing of ours: it works, nothing shows."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from programs import Ended, ended, events_of, record, running
from telltales import scripts
from test_cli_run import screen
from triotrace import __version__
from triotrace.events import AfterRun, BeforeRun, Event, Footer, Header, Mark, Output

EXAMPLES = Path(__file__).parent.parent / "examples"
OF_TRIO = ("trio", "outcome", "attr", "attrs", "sniffio", "sortedcontainers", "idna")
"""What a program's environment holds: pure Python, so that one copy serves each version of Python."""

OUR_OWN = [*map(str, sys.version_info[:2]), sys.abiflags or "-"]

PLAIN = 'import trio\nasync def main():\n    print("in it")\n    await trio.sleep(0)\ntrio.run(main)\n'


def others() -> list[str]:
    """Return the other Pythons on this machine, one of each minor version, and the free-threaded ones (`3.13t`)."""
    found = {}
    names = [shutil.which(f"python3.{minor}{flag}") for minor in range(11, 20) for flag in ("", "t")]
    pyenv = Path.home() / ".pyenv" / "versions"
    for python in filter(None, [*names, *map(str, sorted(pyenv.glob("3.*/bin/python")))]):
        told = subprocess.run(
            [python, "-c", "import sys, venv; print(*sys.version_info[:2], sys.abiflags or '-')"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        if len(told) == 3 and (3, 11) <= (int(told[0]), int(told[1])) and OUR_OWN != told:
            found[int(told[0]), int(told[1]), told[2]] = python
    return [found[version] for version in sorted(found)]


def environment(folder: Path, python: str = sys.executable) -> Path:
    """Make an environment with trio alone; return its Python."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in OF_TRIO:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        (packages / name).symlink_to(Path(spec.origin).parent)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of the program, of our own version."""
    return environment(tmp_path_factory.mktemp("apart") / "program")


def packages_of(python: Path) -> Path:
    (found,) = python.parent.parent.glob("lib/python*/site-packages")
    return found


def recorded(folder: Path, python: Path, *words: str) -> tuple[Ended, Ended, list[Event]]:
    """Return how a program ended plain, how recorded, and its events."""
    log = folder / "log.jsonl"
    words = tuple(str(folder / word) if word.endswith(".py") else word for word in words)
    commands = {
        "plain": [str(python), *words],
        "recorded": record(log, *words, options=["--python", str(python)]),
    }
    ends = []
    for command in commands.values():
        with running(command, cwd=folder) as child:
            ends.append(ended(child))
    return ends[0], ends[1], events_of(log)


def traced(events: list[Event]) -> bool:
    return AfterRun in map(type, events) and Footer is type(events[-1])


@pytest.mark.parametrize("way", ["script", "module", "command"])
def test_a_program_elsewhere(tmp_path: Path, python: Path, way: str) -> None:
    """Each way to name it: same output, same status, nothing added, and the whole log."""
    script = tmp_path / "prog.py"
    script.write_text(PLAIN)
    chosen = ["--python", str(python)]
    words = {
        "script": [*chosen, "prog.py"],
        "module": [*chosen, "-m", "prog"],
        "command": ["--", str(python), "prog.py"],
    }
    with running(record(tmp_path / "log.jsonl", *words[way]), cwd=tmp_path) as child:
        assert Ended(b"in it\n", b"", 0) == ended(child)
    events = events_of(tmp_path / "log.jsonl")
    assert traced(events)
    assert isinstance(events[0], Header)
    assert f"triotrace {__version__}" == events[0].tool


@pytest.mark.parametrize("name", ["looks at modules-in-trio", "looks at modules-without-trio", "looks at sys-in-trio"])
def test_nothing_shows(tmp_path: Path, python: Path, name: str) -> None:
    """A program whose environment has no msgspec and no triotrace has none afterwards."""
    text, starts_trio = scripts()[name]
    absent = "for name in ('msgspec', 'triotrace', 'textual', 'click'):\n    try: __import__(name)\n"
    absent += "    except ImportError as error: print(error)\n"
    (tmp_path / "prog.py").write_text(text + absent)
    plain, ours, events = recorded(tmp_path, python, "prog.py")
    assert (4, 0) == (plain.stdout.count(b"No module named"), plain.status)
    assert (plain.stdout, plain.status) == (ours.stdout, ours.status)
    assert (plain.stderr == ours.stderr) == starts_trio
    assert starts_trio == any(isinstance(event, BeforeRun) for event in events)


def test_an_older_triotrace_there(tmp_path: Path) -> None:
    """The tracer is the tool's, whatever the program has under that name; and the program keeps what it has."""
    python = environment(tmp_path / "program")
    older = packages_of(python) / "triotrace"
    older.mkdir()
    (older / "__init__.py").write_text("print('older')\n__version__ = '0.0.1'\n")
    (tmp_path / "prog.py").write_text(PLAIN + "import triotrace\nprint(triotrace.__version__)\n")
    plain, ours, events = recorded(tmp_path, python, "prog.py")
    assert b"in it\nolder\n0.0.1\n" == plain.stdout
    assert plain == ours
    assert traced(events)
    assert f"triotrace {__version__}" == getattr(events[0], "tool", "")


MARKS = """
import trio, triotrace
async def main():
    triotrace.mark("within")
    await trio.sleep(0)
triotrace.mark("before")
trio.run(main)
triotrace.mark("after")
"""


def test_marks_of_a_triotrace_there(tmp_path: Path) -> None:
    """`mark` of the program's own triotrace reaches the log of the tool's; without one it fails as plain."""
    python = environment(tmp_path / "program")
    (tmp_path / "prog.py").write_text(MARKS)
    plain, ours, _ = recorded(tmp_path, python, "prog.py")
    assert b"No module named 'triotrace'" in plain.stderr
    assert ours.stderr.startswith(plain.stderr)
    (tmp_path / "log.jsonl").unlink()
    spec = importlib.util.find_spec("triotrace")
    assert spec is not None
    assert spec.origin is not None
    (packages_of(python) / "triotrace").symlink_to(Path(spec.origin).parent)
    plain, ours, events = recorded(tmp_path, python, "prog.py")
    assert Ended(b"", b"", 0) == plain == ours
    marks = [event for event in events if isinstance(event, Mark)]
    assert ["before", "within", "after"] == [mark.text for mark in marks]
    assert [False, True, False] == [mark.task is not None for mark in marks]


def test_a_tracer_of_the_programs_own(tmp_path: Path) -> None:
    """A program that uses our library is recorded, and its own tracer tells it all: the two do not know each other."""
    (tmp_path / "prog.py").write_text(
        dedent("""
        import trio, triotrace
        from triotrace.events import TaskSpawned, ScopeEntered, Output
        events = []
        async def main():
            with trio.move_on_after(0.001):
                await trio.sleep(1)
            print("printed")
            triotrace.mark("mark")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep, 0)
        trio.run(main, instruments=[triotrace.Tracer(events.extend)])
        names = {}
        for event in events:
            names[type(event).__name__] = names.get(type(event).__name__, 0) + 1
        for name in sorted(names):
            print(name, names[name])
        """)
    )
    plain, ours, events = recorded(tmp_path, Path(sys.executable), "prog.py")
    assert b"" == plain.stderr
    assert plain == ours
    told = dict(line.split() for line in plain.stdout.decode().splitlines()[1:])
    assert told.items() >= {"Mark": "1", "ScopeEntered": "2", "ScopeCancelled": "1", "AfterRun": "1"}.items()
    for name, count in told.items():
        if name not in ("Place", "Source"):
            assert int(count) == sum(type(event).__name__ == name for event in events), name


def test_a_lesson_live(tmp_path: Path, python: Path) -> None:
    """`run` of a lesson whose environment is beside it says so in the title and at the end; `replay` shows it again."""
    (tmp_path / "lesson").mkdir()
    shutil.copy(EXAMPLES / "exemplo_06.py", tmp_path / "lesson")
    (tmp_path / "lesson" / ".venv").symlink_to(python.parent.parent)
    words = ("env", "-u", "VIRTUAL_ENV", sys.executable, "-m", "triotrace")
    with screen(tmp_path, "run", "lesson/exemplo_06.py", before=words) as shown:
        shown.wait("(with lesson/.venv/bin/python)")
        shown.wait("ENDED")
        shown.press("q")
        status, after = shown.end()
    assert 0 == status
    assert "triotrace: the Python was lesson/.venv/bin/python, that of the .venv beside it" in after.splitlines()
    with screen(tmp_path, "replay") as again:
        again.wait("exemplo_06.py")
        again.wait("consumer")
        again.press("q")
        assert (0, "") == again.end()


OTHERS = others()


@pytest.mark.skipif(not OTHERS, reason="no Python of another minor version is installed here")
@pytest.mark.parametrize("other", OTHERS, ids=lambda path: str(path).rpartition("/")[2] or str(path))
def test_another_minor_version(tmp_path: Path, other: str) -> None:
    """There the log comes without msgspec's compiled part; it is as whole, and the user is told what that costs."""
    python = environment(tmp_path / "program", other)
    shutil.copy(EXAMPLES / "exemplo_06.py", tmp_path)
    plain, ours, events = recorded(tmp_path, python, "exemplo_06.py")
    assert b"" == plain.stderr
    assert (plain.stdout, plain.status) == (ours.stdout, ours.status)
    tell = "import sys; print(*sys.version_info[:2], sep='.', end=sys.abiflags)"
    version = subprocess.run([other, "-c", tell], capture_output=True, check=True).stdout.decode()
    assert f"msgspec is built for another Python than {version}\n" in ours.stderr.decode()
    assert 1 == ours.stderr.count(b"\n")
    assert traced(events)
    assert 10 == sum("got value" in event.text for event in events if isinstance(event, Output))

    for name in ("looks at modules-in-trio", "looks at sys-in-trio"):  # and whether its GIL is on
        text, _ = scripts()[name]
        (tmp_path / "looks.py").write_text(text)
        (tmp_path / "log.jsonl").unlink()
        plain, ours, events = recorded(tmp_path, python, "looks.py")
        assert (plain.stdout, 0) == (ours.stdout, plain.status)
        assert traced(events)
