"""What to run: words become a target, and what cannot be run is told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from triotrace.errors import TriotraceError, UsageError
from triotrace.launch import Target, parse_target

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
