"""With which Python a script or module is run: the one that its user would take, and one that can be traced."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from triotrace.errors import TriotraceError
from triotrace.launch import Python, Target, find_python

OURS = Python(Path(sys.executable))


def fake_python(path: Path, answer: str = "3.13", status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit {status}\n")
    path.chmod(0o755)
    return path


def script(folder: Path, first: str = "") -> Target:
    folder.mkdir(exist_ok=True)
    path = folder / "script.py"
    path.write_text(f"{first}\nprint()\n")
    return Target("script", (str(path),))


def found(target: Target, chosen: str | None = None, **environment: str) -> tuple[Path, str]:
    python = find_python(target, chosen, environment)
    return python.path, python.origin


def test_the_order(tmp_path: Path) -> None:
    """--python, the active environment, the script's first line, the nearest .venv, ours: the first that is there."""
    chosen, active, named = (fake_python(tmp_path / name / "bin" / "python") for name in ("chosen", "active", "named"))
    above, beside = (fake_python(tmp_path / name / ".venv" / "bin" / "python") for name in ("", "project"))
    project = tmp_path / "project"
    plain, telling = script(project), script(tmp_path / "other", f"#!{named} -O")
    environment = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert (chosen, "") == found(telling, str(chosen), **environment)
    assert (active, "") == found(telling, **environment)
    assert (named, "which the first line of script.py names") == found(telling)
    assert (named, "which the first line of script.py names") == found(telling, VIRTUAL_ENV=str(tmp_path / "deleted"))
    assert (beside, "that of the .venv beside it") == found(plain)
    beside.unlink()
    assert (above, "that of the .venv above it") == found(plain)
    above.unlink()
    assert (OURS.path, "") == found(plain)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_venv_of_a_stranger_is_not_taken(tmp_path: Path) -> None:
    """Above a script in a folder that all share anybody can put one; the script's own owner is trusted already."""
    stranger = 12345
    fake_python(tmp_path / ".venv" / "bin" / "python")
    os.chown(tmp_path / ".venv", stranger, stranger)
    target = script(tmp_path / "folder")
    assert (OURS.path, "") == found(target)
    os.chown(target.words[0], stranger, stranger)
    assert (tmp_path / ".venv" / "bin" / "python", "that of the .venv above it") == found(target)


def test_a_module_has_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows where it is before Python does."""
    monkeypatch.chdir(tmp_path)
    target = Target("module", ("package",))
    assert (OURS.path, "") == found(target)
    python = fake_python(tmp_path / ".venv" / "bin" / "python")
    assert (python, "that of the .venv beside it") == found(target)


@pytest.mark.parametrize(
    ("first", "is_named"),
    [
        ("#!{named}", True),
        ("#! {named} -u", True),
        ("#!/usr/bin/env {name}", True),
        ("#!/usr/bin/env -S A=b {name} -u", True),
        ("#!/usr/bin/env", False),
        ("#!/no/such/python3", False),
        ("#!/bin/sh", False),
        ("#!", False),
        ("# !{named}", False),
        ("", False),
    ],
)
def test_first_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, *, is_named: bool) -> None:
    named = fake_python(tmp_path / "bin" / "python3.99")
    monkeypatch.setenv("PATH", f"{named.parent}:/usr/bin:/bin")
    target = script(tmp_path / "folder", first.format(named=named, name=named.name))
    assert (named if is_named else OURS.path) == find_python(target, None, {}).path


def test_ours_under_another_name_is_ours(tmp_path: Path) -> None:
    """What leads to our own Python is told of no more than ours; nor need it be asked."""
    target = script(tmp_path / "folder", f"#!{sys.executable}")
    assert OURS == find_python(target, None, {})
    assert OURS == find_python(target, None, {"VIRTUAL_ENV": sys.prefix})


def test_ours_is_told_where_a_link_leads_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As tools are installed: the environment behind the link is no user's."""
    (tmp_path / "triotrace").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "triotrace")])
    assert (OURS.path, "triotrace's own: --python chooses another") == found(Target("script", ("/x.py",)))


def test_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    python = Python(tmp_path / ".venv" / "bin" / "python", "that of the .venv beside it")
    assert "a.py b (with .venv/bin/python)" == python.beside("a.py b")
    assert "the Python was .venv/bin/python, that of the .venv beside it" == python.sentence()
    assert ("a.py", "") == (OURS.beside("a.py"), OURS.sentence())


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        ("2.7", 0, "is Python 2.7; triotrace traces 3.11 and newer: choose another with --python"),
        ("3.12", 1, "does not work as a Python; choose another with --python"),
        ("hello", 0, "does not work as a Python"),
        ("", 0, "does not work as a Python"),
        ("3", 0, "does not work as a Python|is Python 3;"),
        ("é", 0, "does not work as a Python"),
    ],
)
def test_a_python_that_cannot_trace_is_told_with_the_way_out(
    tmp_path: Path, answer: str, status: int, message: str
) -> None:
    python = fake_python(tmp_path / "python", answer, status)
    for target, chosen in ((script(tmp_path / "a"), str(python)), (script(tmp_path / "b", f"#!{python}"), None)):
        with pytest.raises(TriotraceError, match=message) as caught:
            find_python(target, chosen, {})
        assert 3 == caught.value.exit_code
        assert (chosen is None) == ("which the first line of script.py names" in str(caught.value))


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TriotraceError, match="/no/such/python: no such Python"):
        find_python(script(tmp_path), "/no/such/python", {})


def test_the_probe_asks_a_real_python(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    other.chmod(0o755)
    assert (other, "") == found(script(tmp_path / "folder"), str(other))
