"""What to run: words become a target, and what cannot be run is told in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from triotrace.errors import TriotraceError, UsageError
from triotrace.launch import Target, find_python, parse_target

TARGETS = {
    "a script": (["a.py", "-m", "--", "--help"], Target("script", ("a.py", "-m", "--", "--help")), "a"),
    "a script elsewhere": (["x/y z.py"], Target("script", ("x/y z.py",)), "y z"),
    "a module": (["-m", "pkg.mod", "-v"], Target("module", ("pkg.mod", "-v")), "pkg.mod"),
    "a module, as python takes it": (["-mpkg", "-v"], Target("module", ("pkg", "-v")), "pkg"),
    "a command": (["--", "pytest", "-x"], Target("command", ("pytest", "-x")), "pytest"),
    "a command by path": (["--", "/bin/sh", "--"], Target("command", ("/bin/sh", "--")), "sh"),
}


@pytest.mark.parametrize(("words", "target", "name"), TARGETS.values(), ids=TARGETS)
def test_parse_target(words: list[str], target: Target, name: str) -> None:
    assert target == parse_target(words)
    assert name == target.name


@pytest.mark.parametrize("words", [[], ["-m"], ["--"], [""], ["-m", ""]])
def test_nothing_to_run(words: list[str]) -> None:
    with pytest.raises(UsageError, match="nothing to run"):
        parse_target(words)


def test_commands() -> None:
    python = Path("/py")
    assert parse_target(["a.py", "b"]).command(python) == ["/py", "a.py", "b"]
    assert parse_target(["-m", "a", "b"]).command(python) == ["/py", "-m", "a", "b"]
    assert parse_target(["--", "a", "b"]).command(python) == ["a", "b"]
    assert parse_target(["-m", "a", "b"]).title == "-m a b"


def test_what_is_there_may_be_run(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").touch()
    for words in ([__file__], [str(tmp_path / "app")], ["-m", "anything"], ["--", "sh"], ["--", "/bin/sh"]):
        parse_target(words).check()


MISSING = {
    "no script": (["no\x1bthing.py"], r"no\\x1bthing\.py: no such script"),
    "a folder": (["/"], "/: a directory without __main__.py, not a script"),
    "a name too long": (["x" * 300], "File name too long|no such script"),
    "a NUL": (["a\0b"], r"a\\x00b: "),
    "no command": (["--", "no-such-command"], "no-such-command: no such command"),
    "no command by path": (["--", "/no/such/command"], "/no/such/command: no such command"),
}


@pytest.mark.parametrize(("words", "message"), MISSING.values(), ids=MISSING)
def test_what_is_not_there_is_told(words: list[str], message: str) -> None:
    with pytest.raises(TriotraceError, match=message) as caught:
        parse_target(words).check()
    assert str(caught.value).isprintable()
    assert caught.value.exit_code == 3


def fake_python(path: Path, answer: str, status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_python_is_ours_unless_told_otherwise(tmp_path: Path) -> None:
    able = json.dumps([[3, 13], []])
    chosen, active = (fake_python(tmp_path / name / "bin" / "python", able) for name in ("chosen", "active"))
    environment = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert Path(sys.executable) == find_python(None, {})
    assert Path(sys.executable) == find_python(None, {"VIRTUAL_ENV": str(tmp_path / "deleted")})
    assert active == find_python(None, environment)
    assert chosen == find_python(str(chosen), environment)


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (json.dumps([[3, 12], ["triotrace", "msgspec"]]), 0, "cannot import triotrace and msgspec: `.* -m pip install"),
        (json.dumps([[2, 7], ["triotrace"]]), 0, "is Python 2.7; triotrace traces 3.11 and newer"),
        (json.dumps([[3, 12], []]), 1, "does not work as a Python; choose another with --python"),
        ("hello", 0, "does not work as a Python"),
        ("{}", 0, "does not work as a Python"),
        ("5", 0, "does not work as a Python"),
    ],
)
def test_a_python_that_cannot_trace_is_told_with_the_way_out(
    tmp_path: Path, answer: str, status: int, message: str
) -> None:
    python = fake_python(tmp_path / "python", answer, status)
    with pytest.raises(TriotraceError, match=message):
        find_python(str(python), {})


def test_a_python_that_is_not_there() -> None:
    with pytest.raises(TriotraceError, match="/no/such/python: no such Python"):
        find_python("/no/such/python", {})


def test_the_probe_finds_what_is_installed_here(tmp_path: Path) -> None:
    """Our own Python under another name passes its own examination."""
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    other.chmod(0o755)
    assert other == find_python(str(other), {})
