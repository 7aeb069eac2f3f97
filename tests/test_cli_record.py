"""`record`: names and forms of logs, options, signals; the program keeps its terminal, its status and its group."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from programs import Ended, ended, events_of, running, until
from triotrace.events import BeforeRun, Dropped, Event, Footer, Header, Output, Source, TaskSpawned

SCRIPT = """\
import sys, trio
async def child(number):
    await trio.sleep(0)
    print("child", number)
async def main():
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(child, number)
trio.run(main)
sys.exit(len(sys.argv) - 1)
"""

WAITS = """\
import os, signal, sys, trio
async def main():
    {prelude}
    print("ready", flush=True)
    await trio.sleep_forever()
trio.run(main)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prog.py").write_text(SCRIPT)
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "triotrace", "record", *words]


def record(folder: Path, *words: str, env: dict[str, str] | None = None) -> Ended:
    with running(command(*words), cwd=folder, env=env or {}) as child:
        return ended(child)


def kinds(events: Sequence[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def user_tasks(log: Path) -> list[str]:
    return [event.name for event in events_of(log) if isinstance(event, TaskSpawned) and event.role == "user"]


def test_logs_get_the_programs_name_and_are_numbered(folder: Path) -> None:
    assert record(folder, "prog.py").status == 0
    assert record(folder, "prog.py", "a", "b").status == 2
    logs = [folder / "prog.triotrace.jsonl", folder / "prog.triotrace.2.jsonl"]
    assert {folder / "prog.py", *logs} == set(folder.iterdir())
    for log, status in zip(logs, (0, 2), strict=True):
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        events = events_of(log)
        assert isinstance(events[0], Header)
        assert isinstance(events[-1], Footer)
        assert (status, len(events) - 2, 0) == (events[-1].exit, events[-1].events, events[-1].dropped)


def test_every_form_holds_the_same_kinds_of_events(folder: Path) -> None:
    """json.load reads the document, gzip the compressed one, and no other file stays."""
    names = ["x.jsonl", "x.jsonl.gz", "x.json"]
    for name in names:
        result = record(folder, "--order", "started", "-o", name, "prog.py")
        assert Ended(b"child 0\nchild 1\nchild 2\n", b"", 0) == result
    assert {"prog.py", *names} == {path.name for path in folder.iterdir()}
    with (folder / "x.json").open() as file:
        document = json.load(file)
    assert list(document) == ["events"]
    with gzip.open(folder / "x.jsonl.gz", "rt") as lines:
        unpacked = [json.loads(line) for line in lines]
    shapes = [[event["event"] for event in events] for events in (document["events"], unpacked)]
    assert shapes[0] == shapes[1]
    assert (
        kinds(events_of(folder / "x.jsonl"))
        == kinds(events_of(folder / "x.jsonl.gz"))
        == kinds(events_of(folder / "x.json"))
    )


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_force_overwrites_with_a_whole_new_log(folder: Path, name: str) -> None:
    (folder / name).write_text("precious")
    assert record(folder, "--force", "-o", name, "prog.py").status == 3
    assert (folder / name).read_text() == "precious"
    (folder / name).unlink()
    assert record(folder, "-o", name, "prog.py").status == 0
    old = (folder / name).read_bytes()
    assert record(folder, "-o", name, "prog.py").status == 3
    assert record(folder, "--force", "-o", name, "missing.py").status != 0
    assert old == (folder / name).read_bytes()
    assert record(folder, "--force", "-o", name, "prog.py").status == 0
    assert isinstance(events_of(folder / name)[-1], Footer)


def test_order_stands_in_the_header(folder: Path) -> None:
    for words, order in (([], "shuffled"), (["--order", "started"], "started"), (["--order", "007"], "7")):
        record(folder, "-o", f"{order}.jsonl", *words, "prog.py")
        header = events_of(folder / f"{order}.jsonl")[0]
        assert isinstance(header, Header)
        assert order == header.order
        assert header.argv == ["prog.py"]


def test_what_is_not_wanted_is_not_recorded(folder: Path) -> None:
    record(folder, "-o", "all.jsonl", "prog.py")
    result = record(folder, "-o", "less.jsonl", "--no-output", "--no-source", "prog.py")
    assert sorted(result.stdout.splitlines()) == [b"child 0", b"child 1", b"child 2"]
    assert {Output, Source} <= set(kinds(events_of(folder / "all.jsonl")))
    assert not {Output, Source} & set(kinds(events_of(folder / "less.jsonl")))


def test_a_log_stops_at_its_size_and_the_program_does_not(folder: Path) -> None:
    (folder / "long.py").write_text(
        "import trio\nasync def main():\n    for _ in range(5000):\n        await trio.sleep(0)\n"
        "trio.run(main)\nprint('end')\n"
    )
    result = record(folder, "-o", "x.jsonl", "--max-size", "300000", "long.py")
    assert (b"end\n", 0) == (result.stdout, result.status)
    assert result.stderr.startswith(b"triotrace: the trace is incomplete: ")
    assert result.stderr.count(b"\n") == 1
    assert 150_000 < (folder / "x.jsonl").stat().st_size <= 300_000
    events = events_of(folder / "x.jsonl")
    footer = events[-1]
    assert isinstance(footer, Footer)
    assert any(isinstance(event, Dropped) for event in events)
    assert footer.dropped + footer.events > 15_000


def test_a_package_can_be_counted_as_the_users_own(folder: Path) -> None:
    """What lies in site-packages is a library's, unless the user says that it is his."""
    package = folder / "site-packages" / "mypackage"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(SCRIPT.replace("trio.run(main)\nsys.exit(len(sys.argv) - 1)\n", ""))
    (folder / "uses.py").write_text("import trio, mypackage\ntrio.run(mypackage.main)\n")
    env = {"PYTHONPATH": str(folder / "site-packages")}
    record(folder, "-o", "theirs.jsonl", "uses.py", env=env)
    record(folder, "-o", "mine.jsonl", "--mine", "mypackage", "uses.py", env=env)
    assert user_tasks(folder / "theirs.jsonl") == []
    assert len(user_tasks(folder / "mine.jsonl")) == 3


def test_all_words_after_the_target_are_the_programs(folder: Path) -> None:
    (folder / "args.py").write_text("import sys; print(sys.argv)")
    words = ["--help", "-o", "y", "--", "-m", ""]
    result = record(folder, "-o", "x.jsonl", "args.py", *words)
    assert repr(["args.py", *words]).encode() + b"\n" == result.stdout


def test_a_module(folder: Path) -> None:
    result = record(folder, "-m", "prog", "one")
    assert result.status == 1
    assert len(user_tasks(folder / "prog.triotrace.jsonl")) == 3


def test_a_command_is_traced_where_it_starts_trio(folder: Path) -> None:
    """The shell and the first Python start no trio; their grandchild does, and one only is traced."""
    (folder / "outer.py").write_text(
        "import subprocess, sys\nfor _ in range(2):\n    subprocess.run([sys.executable, 'prog.py'])\nsys.exit(5)\n"
    )
    result = record(folder, "-o", "x.jsonl", "--", "sh", "-c", f"'{sys.executable}' outer.py")
    assert (b"", 5) == (result.stderr, result.status)
    assert len(result.stdout.splitlines()) == 6
    events = events_of(folder / "x.jsonl")
    assert [BeforeRun] == [kind for kind in kinds(events) if kind is BeforeRun]
    assert isinstance(events[-1], Footer)
    assert events[-1].exit == 5


SILENT = {
    "no trio": (["--", sys.executable, "-c", "print('x')"], "never started trio: it did not even import it"),
    "no Python": (
        ["--", "sh", "-c", "echo x"],
        "no trace of sh: nothing of triotrace ran in it: it is no Python, or one",
    ),
    "isolated": (["--", sys.executable, "-I", "-c", "import trio; print('x')"], "started with -I, -E or -S"),
    "no environment": (["--", sys.executable, "-E", "-c", "import trio; print('x')"], "started with -I, -E or -S"),
    "no run": (["--", sys.executable, "-c", "import trio; print('x')"], "imported trio"),
}


@pytest.mark.parametrize(("words", "sentence"), SILENT.values(), ids=SILENT)
def test_why_there_is_no_trace_is_told_after_the_last_byte(folder: Path, words: list[str], sentence: str) -> None:
    result = record(folder, "-o", "x.jsonl", *words)
    assert (b"x\n", 0) == (result.stdout, result.status)
    assert result.stderr.startswith(b"triotrace: ")
    assert result.stderr.count(b"\n") == 1
    assert sentence in result.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_us_reaches_the_program_and_ends_us_both(folder: Path, number: signal.Signals) -> None:
    (folder / "waits.py").write_text(WAITS.format(prelude=""))
    with running(command("-o", "x.jsonl", "waits.py"), cwd=folder) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(number)
        assert Ended(b"", b"", -number) == ended(child)
    footer = events_of(folder / "x.jsonl")[-1]
    assert isinstance(footer, Footer)
    assert footer.exit == -number


def test_ctrl_c_is_the_programs_to_answer(folder: Path) -> None:
    """The whole group gets it, as from a terminal; we wait for what the program makes of it."""
    handles = "signal.signal(signal.SIGINT, lambda *_: (print('caught'), os._exit(42)))"
    (folder / "waits.py").write_text(WAITS.format(prelude=handles).replace("print('caught')", "os.write(1, b'caught')"))
    with running(command("-o", "x.jsonl", "waits.py"), cwd=folder) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        os.killpg(child.pid, signal.SIGINT)
        assert Ended(b"caught", b"", 42) == ended(child)


COUNTS = """\
import os, signal, time
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: os.write(1, b"%d " % number))
signal.signal(signal.SIGUSR1, lambda *_: os._exit(42))
os.write(1, b"%d\\n" % os.getpid())
while True:
    time.sleep(0.01)  # a signal that comes just before a sleep does not end it
"""


@pytest.mark.parametrize("to_group", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_program(folder: Path, number: signal.Signals, *, to_group: bool) -> None:
    """Sent to us alone, as by a supervisor, or to our whole process group, as by a terminal or a shell."""
    (folder / "counts.py").write_text(COUNTS)
    with running(command("-o", "x.jsonl", "counts.py"), cwd=folder) as child:
        assert child.stdout
        program = int(child.stdout.readline())
        for _ in range(2):
            (os.killpg if to_group else os.kill)(child.pid, number)
            assert b"%d " % number == os.read(child.stdout.fileno(), 64)
        os.kill(program, signal.SIGUSR1)
        end = ended(child)
        assert (b"", 42) == (end.stdout, end.status)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_a_signal_that_ends_the_program_ends_us(folder: Path, number: signal.Signals) -> None:
    (folder / "waits.py").write_text(WAITS.format(prelude=f"signal.signal({int(number)}, signal.SIG_DFL)"))
    with running(command("-o", "x.jsonl", "waits.py"), cwd=folder) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        os.killpg(child.pid, number)
        assert -number == ended(child).status
    assert isinstance(events_of(folder / "x.jsonl")[-1], Footer)


def test_what_was_ignored_stays_ignored(folder: Path) -> None:
    """Under nohup a program ignores SIGHUP, and so it does under `record` under nohup."""
    (folder / "shows.py").write_text(
        "import signal\nprint(*[signal.getsignal(n).name for n in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)])\n"
    )

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with running(command("-o", "x.jsonl", "shows.py"), cwd=folder, before=ignore) as child:
        assert ended(child).stdout == b"SIG_IGN SIG_DFL SIG_DFL\n"


def test_descriptors_that_the_shell_opened_reach_the_program(folder: Path) -> None:
    (folder / "writes.py").write_text("import os; os.write(7, b'through')")
    with (folder / "seven").open("wb") as file:
        shell = ["sh", "-c", 'exec "$@" 7>&1', "sh", *command("-o", "x.jsonl", "writes.py")]
        with running(shell, cwd=folder, stdout=file.fileno()) as child:
            ended(child)
    assert (folder / "seven").read_bytes() == b"through"


def test_the_program_is_in_our_group_and_session(folder: Path) -> None:
    (folder / "shows.py").write_text("import os; print(os.getpgid(0) == os.getpgid(os.getppid()), os.getsid(0))")
    with running(command("-o", "x.jsonl", "shows.py"), cwd=folder) as child:
        assert ended(child).stdout == f"True {child.pid}\n".encode()


def test_the_recorder_killed_leaves_lines_that_read(folder: Path) -> None:
    """A document is made at the end; until then its lines lie beside it."""
    (folder / "waits.py").write_text(WAITS.format(prelude=""))
    with running(command("-o", "x.json", "waits.py"), cwd=folder) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        lines = folder / "x.json.recording.jsonl"
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        until(lambda: any(isinstance(event, Output) for event in events_of(lines)) or None, what="the program's print")
    assert not (folder / "x.json").exists()


def test_nothing_of_ours_stays_in_the_temporary_folder(folder: Path) -> None:
    temporary = folder / "tmp"
    temporary.mkdir()
    record(folder, "-o", "x.jsonl", "prog.py", env={"TMPDIR": str(temporary)})
    assert not list(temporary.iterdir())


def test_on_a_terminal_the_name_of_the_log_is_told(folder: Path) -> None:
    """Elsewhere nothing is: stderr is the program's."""
    ours, theirs = os.openpty()
    with running(command("prog.py"), cwd=folder, stderr=theirs) as child:
        os.close(theirs)
        ended(child)
    told = os.read(ours, 1000).decode()
    os.close(ours)
    assert told == (
        "triotrace: the log is prog.triotrace.jsonl; watch it with `triotrace replay prog.triotrace.jsonl`\r\n"
    )


def test_another_python_needs_nothing_of_ours(folder: Path) -> None:
    """Without trio it ends as it does plain."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "bare"], check=True)
    for words, env in ((["--python", "bare/bin/python"], {}), ([], {"VIRTUAL_ENV": str(folder / "bare")})):
        result = record(folder, *words, "prog.py", env=env)
        assert result.status == 1
        assert b"ModuleNotFoundError: No module named 'trio'\n" in result.stderr
        assert b"triotrace: prog.py never started trio" in result.stderr
