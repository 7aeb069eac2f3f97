"""The command line: bad words and bad files are one line and an exit status; never a traceback."""

from __future__ import annotations

import ast
import gzip
import json
import os
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from log_samples import LINES, SMALL_LOG
from programs import surroundings
from triotrace.cli.say import last_lines
from triotrace.events import Output

EXAMPLES = Path(__file__).parent.parent / "examples"


def triotrace(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run one command without a terminal, in a home of its own."""
    home = surroundings({"HOME": str(cwd), "XDG_CACHE_HOME": str(cwd / "cache"), **env})
    command = [sys.executable, "-m", "triotrace", *words]
    return subprocess.run(command, cwd=cwd, env=home, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def written(folder: Path) -> None:
    """Fill a folder with good and bad files."""
    header = json.loads(LINES[0])
    contents = {
        "good.jsonl": SMALL_LOG,
        "empty.jsonl": b"",
        "text.txt": b"hello\nworld\n",
        "two.jsonl": json.dumps({**header, "version": [2, 0]}).encode() + b"\n",
        "random.bin": bytes(range(256)) * 20,
        "brackets.json": b"[" * 100_000,
        "bad.jsonl": LINES[0] + b'{"event":"mark","t":1,"text":"\x1b]0;hi\x07"}\n',
        "bad\x1b[2J.jsonl": b"x",
        "half.jsonl.gz": b"\x1f\x8b\x08\x00\x00",
        "script.py": b"print('ran')\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()


USAGE = {
    "an unknown command": (["fly"], "No such command 'fly'; see `triotrace --help`"),
    "an unknown option": (["show", "--fly", "x"], "No such option"),
    "nothing to run": (["run"], "nothing to run: name a script, -m MODULE, or -- COMMAND"),
    "nothing to record": (["record", "-o", "x.jsonl"], "nothing to run"),
    "nothing after -m": (["record", "-m"], "nothing to run"),
    "nothing after --": (["record", "--"], "nothing to run"),
    "no log": (["show"], "Missing argument 'LOG'; see `triotrace show --help`"),
    "no value": (["record", "--order"], "--order"),
    "a strange order": (["record", "--order", "sorted", "script.py"], "'sorted' is neither started, nor shuffled, nor"),
    "a strange axis": (["show", "--axis", "z", "good.jsonl"], "'z' is not one of"),
    "a strange width": (["show", "--width", "wide", "good.jsonl"], "'wide' is not a valid integer"),
    "a strange bound": (
        ["show", "good.jsonl", "--from", "soon"],
        "'soon' is neither a step (12) nor a time (1.5s, 20ms)",
    ),
    "a bound behind the end": (
        ["show", "good.jsonl", "--from", "9"],
        "--from 9 is behind the end: the log has 2 steps",
    ),
    "an empty span": (["show", "good.jsonl", "--from", "2", "--to", "1"], "nothing lies between --from 2 and --to 1"),
    "a time of steps": (
        ["show", "good.jsonl", "--axis", "steps", "--to", "1.5s"],
        "--to 1.5s is a time, and this axis has steps; --axis time has times",
    ),
    "from and last": (["show", "good.jsonl", "--from", "1", "--last", "2"], "leave out --from"),
    "a task of nobody's": (["show", "good.jsonl", "--task", "\x1b[2J"], "no task is called '\\x1b[2J'; there are"),
    "a strange size": (["record", "--max-size", "-1", "script.py"], "-1 is not in the range"),
    "force without a log": (["record", "--force", "script.py"], "--force overwrites the LOG of -o"),
    "a Python for a command": (["record", "--python", "x", "--", "true"], "--python chooses for a script or module"),
    "a forgotten run": (["script.py", "x"], "to watch a program: `triotrace run script.py x`"),
    "a control character": (["\x1b[2J"], "\\x1b[2J"),
}

IMPOSSIBLE = {
    "a missing script": (["record", "missing.py"], "missing.py: no such script"),
    "a missing script to watch": (["run", "missing.py"], "missing.py: no such script"),
    "a folder": (["record", "folder"], "folder: a directory without __main__.py"),
    "a missing command": (["record", "--", "no-such-command"], "no-such-command: no such command"),
    "a missing Python": (["record", "--python", "/no/python", "script.py"], "/no/python: no such Python"),
    "a log that exists": (["record", "-o", "good.jsonl", "script.py"], "good.jsonl exists: choose another name"),
    "a log in no folder": (["record", "-o", "no/x.jsonl", "script.py"], "no such folder"),
    "a log that is a folder": (["record", "--force", "-o", "folder", "script.py"], "not a file that a log could"),
    "no terminal to run": (["run", "script.py"], "run needs a terminal, on stdin and stderr: `triotrace record`"),
    "no terminal for the demo": (["demo"], "demo needs a terminal"),
    "no terminal to replay": (
        ["replay", "good.jsonl"],
        "replay needs a terminal, on stdin and stderr: `triotrace",
    ),
    "no run to replay": (["replay"], "no run is kept yet"),
    "a missing log": (["show", "missing.jsonl"], "missing.jsonl: no such file"),
    "a folder for a log": (["show", "folder"], "folder: a directory, not a log"),
    "an empty log": (["show", "empty.jsonl"], "empty.jsonl:1: the file is empty"),
    "a text": (["show", "text.txt"], "text.txt:1: not a triotrace log"),
    "version 2": (
        ["show", "two.jsonl"],
        "two.jsonl:1: log format 2.0 is not supported, this triotrace reads 1.x",
    ),
    "random bytes": (["show", "random.bin"], "random.bin:1: not a triotrace log"),
    "100,000 brackets": (["show", "brackets.json"], "brackets.json:1: not a triotrace log"),
    "a damaged line": (["show", "bad.jsonl"], "bad.jsonl:2: invalid record"),
    "a hostile name": (["show", "bad\x1b[2J.jsonl"], "bad\\x1b[2J.jsonl:1: not a triotrace log"),
    "nothing on stdin": (["show", "-"], "-:1: the file is empty"),
    "a torn gzip": (["show", "half.jsonl.gz"], "half.jsonl.gz:1: the file is empty"),
    "lessons over a file": (["examples", "text.txt"], "text.txt: cannot be written"),
}


@pytest.mark.parametrize(
    ("words", "message", "status"),
    [(*case, 2) for case in USAGE.values()] + [(*case, 3) for case in IMPOSSIBLE.values()],
    ids=[*USAGE, *IMPOSSIBLE],
)
def test_bad_words_are_answered_in_one_line(tmp_path: Path, words: list[str], message: str, status: int) -> None:
    written(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    result = triotrace(*words, cwd=tmp_path)
    told = result.stderr.decode()
    assert (b"", status) == (result.stdout, result.returncode), told
    assert message in told
    assert told.startswith("triotrace: ")
    assert told.count("\n") == 1
    assert told[:-1].isprintable()
    assert before == sorted(tmp_path.rglob("*")), "nothing was written"


def test_help_names_every_command(tmp_path: Path) -> None:
    for words in ([], ["--help"], ["-h"]):
        result = triotrace(*words, cwd=tmp_path)
        assert (b"", 0) == (result.stderr, result.returncode)
        for command in ("run", "record", "replay", "show", "demo", "examples"):
            assert f"\n  {command} ".encode() in result.stdout


@pytest.mark.parametrize("command", ["run", "record"])
def test_help_of_a_command_with_a_target(tmp_path: Path, command: str) -> None:
    result = triotrace(command, "--help", cwd=tmp_path)
    assert result.returncode == 0
    for word in (
        b"--order",
        b"--output",
        b"--force",
        b"--no-output",
        b"--no-source",
        b"--mine",
        b"--max-size",
        b"-- COMMAND",
    ):
        assert word in result.stdout


def test_start_up_is_quick_because_little_is_imported(tmp_path: Path) -> None:
    """What draws and what runs trio is imported by the commands that need it."""
    code = "import sys, triotrace.cli; print([name for name in ('trio', 'textual', 'asyncio') if name in sys.modules])"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=surroundings(), capture_output=True, check=True).stdout == b"[]\n"


def test_version(tmp_path: Path) -> None:
    result = triotrace("--version", cwd=tmp_path)
    assert result.stdout.startswith(b"triotrace 0.")


def test_show_draws_a_log_and_says_what_is_odd_about_it(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "torn.jsonl").write_bytes(SMALL_LOG[:-10])
    whole, torn = (triotrace("show", name, "--width", "60", cwd=tmp_path) for name in ("good.jsonl", "torn.jsonl"))
    assert (0, 0) == (whole.returncode, torn.returncode)
    assert whole.stdout
    assert max(len(line) for line in whole.stdout.decode().splitlines()) <= 60
    assert whole.stdout.replace(b"signal 9", b"the log has no end") == torn.stdout
    assert whole.stderr == b""
    assert b"the log ends in the middle of a record" in torn.stderr


@pytest.mark.parametrize("name", ["good.jsonl", "good.jsonl.gz"])
def test_show_reads_stdin(tmp_path: Path, name: str) -> None:
    written(tmp_path)
    (tmp_path / "good.jsonl.gz").write_bytes(gzip.compress(SMALL_LOG))
    command = [sys.executable, "-m", "triotrace", "show", "-", "--width", "60"]
    result = subprocess.run(command, input=(tmp_path / name).read_bytes(), env=surroundings(), capture_output=True)
    assert (b"", 0) == (result.stderr, result.returncode)
    assert result.stdout == triotrace("show", "good.jsonl", "--width", "60", cwd=tmp_path).stdout


def test_a_pipe_gets_the_picture_that_the_terminal_gets(tmp_path: Path) -> None:
    written(tmp_path)
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (24, 44))
    command = [sys.executable, "-m", "triotrace", "show", str(tmp_path / "good.jsonl")]
    with os.fdopen(leader, "rb"), os.fdopen(follower, "wb") as terminal:
        piped = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=surroundings(), check=True)
    assert piped.stdout == triotrace("show", "good.jsonl", "--width", "44", cwd=tmp_path).stdout
    assert piped.stdout != triotrace("show", "good.jsonl", cwd=tmp_path).stdout


def test_a_time_asks_for_the_axis_of_time(tmp_path: Path) -> None:
    written(tmp_path)
    by_unit, by_axis = (
        triotrace("show", "good.jsonl", *words, cwd=tmp_path).stdout
        for words in (["--to", "15ns"], ["--axis", "time", "--to", "0.000000015"])
    )
    assert by_unit == by_axis
    assert b" ns " in by_unit


def test_show_in_seven_bits_goes_everywhere(tmp_path: Path) -> None:
    written(tmp_path)
    result = triotrace("show", "good.jsonl", "--ascii", "--lang", "pt", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (b"", 0) == (result.stderr, result.returncode)
    assert result.stdout.isascii()
    assert b"# roda" in result.stdout
    assert b"\\u" not in result.stdout


def test_show_into_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    written(tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [sys.executable, "-m", "triotrace", "show", "good.jsonl"],
        cwd=tmp_path,
        env=surroundings(),
        stdout=writer,
        stderr=subprocess.PIPE,
    ) as child:
        os.close(writer)
        assert child.stderr
        assert child.stderr.read() == b""
    assert child.returncode == 1


def test_examples_are_listed_with_what_they_are_about(tmp_path: Path) -> None:
    lines = triotrace("examples", cwd=tmp_path).stdout.decode().splitlines()
    for path in [*EXAMPLES.glob("exemplo_*.py"), *EXAMPLES.glob("teste_*.py")]:
        about = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]
        assert any(line.split() == [path.name, *about.split()] for line in lines)


def test_examples_are_copied_and_nothing_is_overwritten(tmp_path: Path) -> None:
    result = triotrace("examples", "mine", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    copied = {path.name: path.read_bytes() for path in (tmp_path / "mine").iterdir()}
    assert copied == {
        path.name: path.read_bytes() for path in EXAMPLES.iterdir() if path.is_file() and path.name[0] != "."
    }
    (tmp_path / "mine" / "exemplo_01.py").write_text("edited")
    (tmp_path / "mine" / "exemplo_00.py").unlink()
    again = triotrace("examples", "mine", cwd=tmp_path)
    assert (3, 1) == (again.returncode, again.stderr.count(b"\n"))
    assert (tmp_path / "mine" / "exemplo_01.py").read_text() == "edited"
    assert not (tmp_path / "mine" / "exemplo_00.py").exists()


PRINTS = [
    Output(0, "stdout", "a\nb"),
    Output(0, "stderr", "x\ny\n"),
    Output(0, "stdout", "c\n\x1b[2Jd\tT\r\n"),
    Output(0, "stderr", "unfinished"),
]


def test_last_lines_are_put_together_clean_and_cut() -> None:
    assert last_lines(PRINTS) == (
        0,
        [
            ("stdout", "a"),
            ("stderr", "x"),
            ("stderr", "y"),
            ("stdout", "bc"),
            ("stdout", "\\x1b[2Jd   T"),
            ("stderr", "unfinished"),
        ],
    )
    assert last_lines(PRINTS, 2) == (4, [("stdout", "\\x1b[2Jd   T"), ("stderr", "unfinished")])
    many = [Output(0, "stdout", f"{number}\n") for number in range(1000)]
    assert last_lines(many, 3) == (997, [("stdout", "997"), ("stdout", "998"), ("stdout", "999")])


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["examples"], ["run", "--help"], ["show", "log.jsonl"], ["show", "--help"]]
)
def test_a_full_device_is_one_line(tmp_path: Path, words: list[str]) -> None:
    """What cannot be written is said on stderr, in one line and without a traceback."""
    (tmp_path / "log.jsonl").write_bytes(SMALL_LOG)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "triotrace", *words], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )
    line = b"triotrace: standard output: cannot be written: No space left on device\n"
    assert (3, line) == (done.returncode, done.stderr)


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """The program runs as Python runs it, and its log is in the cache; a relative name for the log is refused."""
    (tmp_path / "prog.py").write_text("import trio\nasync def main(): print('ran')\ntrio.run(main)\n")
    gone = tmp_path / "gone"

    def record(*words: str) -> subprocess.CompletedProcess[bytes]:
        gone.mkdir()
        command = [sys.executable, "-m", "triotrace", "record", *words, str(tmp_path / "prog.py")]
        environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        return subprocess.run(
            command, cwd=gone, preexec_fn=gone.rmdir, env=environment, capture_output=True, check=False
        )

    done = record()
    assert (0, b"ran\n", b"") == (done.returncode, done.stdout, done.stderr)
    assert 1 == len(list((tmp_path / "cache" / "triotrace").glob("*.jsonl")))
    done = record("-o", "x.jsonl")
    line = b"triotrace: x.jsonl: the current folder is gone; name the log by its whole path\n"
    assert (3, b"", line) == (done.returncode, done.stdout, done.stderr)


def test_a_dumb_terminal_is_refused(tmp_path: Path) -> None:
    """In one line, with what to do instead."""
    (tmp_path / "prog.py").touch()
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "triotrace", "run", "prog.py"]
    environment = os.environ | {"TERM": "dumb"}
    done = subprocess.run(
        command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, check=False
    )
    assert 3 == done.returncode
    assert b"run needs a terminal that can be drawn on, and TERM is dumb: `triotrace record` runs" in os.read(
        ours, 4096
    )
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("encoding", "terminal", "ascii_alone"),
    [
        ("utf-8", False, False),
        ("utf-8", True, False),
        ("latin-1", False, True),
        ("latin-1", True, True),
        ("ascii", False, False),
        ("ascii", True, True),
    ],
)
def test_a_terminal_that_is_not_utf_8_gets_ascii(
    tmp_path: Path, encoding: str, *, terminal: bool, ascii_alone: bool
) -> None:
    """No glyph becomes an escape: it is the picture of `--ascii`. A pipe in a bare locale gets UTF-8 as ever."""
    (tmp_path / "log.jsonl").write_bytes(SMALL_LOG)
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "triotrace", "show", "--width", "60", "log.jsonl"]
    plain = triotrace(*command[3:], *(["--ascii"] if ascii_alone else []), cwd=tmp_path).stdout
    if terminal:
        ours, theirs = os.openpty()
        with os.fdopen(theirs, "wb", 0) as screen:
            subprocess.run(command, cwd=tmp_path, env=environment, stdout=screen, check=True)
            drawn = os.read(ours, 65536)
        os.close(ours)
    else:
        drawn = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, check=True).stdout
    assert plain == drawn.replace(b"\r\n", b"\n")
    assert ascii_alone == plain.isascii()
