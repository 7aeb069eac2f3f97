"""What parent and child agree on: the environment, the report, and the sentences made of it."""

from __future__ import annotations

import json
import os
import stat
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from triotrace import __version__
from triotrace.launch import Target, Wishes
from triotrace.launch.inside import INJECT, Report, Workplace

SCRIPT = Target("script", ("a.py",))


@pytest.fixture
def workplace():
    place = Workplace()
    yield place
    place.remove()
    assert not place.folder.exists()


def test_the_workplace_is_private(workplace: Workplace) -> None:
    assert stat.S_IMODE(workplace.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(workplace.status.stat().st_mode) == 0o600


def test_what_the_child_is_told(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/old:")
    monkeypatch.setenv("TRIOTRACE", "theirs")
    wishes = Wishes(order="7", source=False, output=False, max_size=99, mine=("pkg",))
    environment = workplace.environment(SCRIPT, Path("/x/é.jsonl"), wishes, capture=True)
    assert f"{INJECT}:/old:" == environment["PYTHONPATH"]
    assert environment["TRIOTRACE"].isascii()
    assert json.loads(environment["TRIOTRACE"]) == {
        "log": "/x/é.jsonl",
        "status": str(workplace.status),
        "claim": "self",
        "pid": os.getpid(),
        "pythonpath": "/old:",
        "triotrace": "theirs",
        "order": "7",
        "source": False,
        "output": False,
        "capture": {"stdout": f"{workplace.folder}/stdout", "stderr": f"{workplace.folder}/stderr"},
        "max_size": 99,
        "mine": ["pkg"],
        "control": None,
        "paused": False,
        "pace": None,
        "tool": __version__,
        "msgspec": [str(workplace.folder / "msgspec"), EXTENSION_SUFFIXES[0]],
    }


@pytest.mark.parametrize(("old", "told"), [(None, None), ("", "")])
def test_no_pythonpath_does_not_become_the_current_folder(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, old: str | None, told: str | None
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if old is not None:
        monkeypatch.setenv("PYTHONPATH", old)
    environment = workplace.environment(Target("command", ("x",)), Path("/l"), Wishes(), capture=False)
    agreed = json.loads(environment["TRIOTRACE"])
    assert str(INJECT) == environment["PYTHONPATH"]
    assert (told, "first", None) == (agreed["pythonpath"], agreed["claim"], agreed["capture"])


SENTENCES = {
    "nothing of ours ran": ([], False, ["no trace of a.py: nothing of triotrace ran in it: it is no Python, or one"]),
    "too old": (
        [{"python": "3.9.1", "pid": 1}, {"missing": "ImportError: triotrace needs 3.11 or newer"}],
        True,
        ["no trace of a.py: it cannot be traced in its Python 3.9.1: ImportError: triotrace needs 3.11 or newer"],
    ),
    "trio was never imported": ([{"python": "3.12.1"}], True, ["a.py never started trio: it did not even import it"]),
    "trio was never started": (
        [{"python": "3.12.1"}, {"trio": "0.35.0"}],
        True,
        ["a.py imported trio 0.35.0, but never started it"],
    ),
    "trio ran unseen": (
        [{"python": "3.12.1"}, {"trio": "0.35.0"}, {"run": 1}, {"lost": "cannot\x1b write", "count": 0}],
        False,
        ["no trace of a.py: trio ran where it could not be followed; cannot\\x1b write"],
    ),
    "the log could not be made": (
        [{"python": "3.12.1"}, {"lost": "the log cannot be created: Read-only file system", "count": 0}],
        False,
        ["no trace of a.py: the log cannot be created: Read-only file system"],
    ),
    "no process of a command imported trio": (
        [{"python": "3.12.1"}, {"python": "3.12.1"}],
        False,
        ["a.py never started trio: it did not even import it"],
    ),
    "all is well": ([{"python": "3.12.1"}, {"trio": "0.35.0"}, {"run": 1}], True, []),
    "some was lost": (
        [
            {"python": "3.12.1"},
            {"trio": "0.35.0"},
            {"run": 1},
            {"lost": "full", "count": 7},
            {"lost": "more", "count": 2},
        ],
        True,
        ["the trace is incomplete: full (7 events); more (2 events)"],
    ),
}


@pytest.mark.parametrize(("entries", "has_log", "said"), SENTENCES.values(), ids=SENTENCES)
def test_sentences(workplace: Workplace, entries: list[object], has_log: bool, said: list[str]) -> None:
    workplace.status.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    sentences = workplace.report().sentences("a.py", has_log=has_log)
    assert len(said) == len(sentences)
    assert all(sentence.startswith(start) for sentence, start in zip(sentences, said, strict=True))


def test_a_report_that_the_program_scribbled_on_is_read_as_far_as_it_is_ours(workplace: Workplace) -> None:
    workplace.status.write_bytes(
        b'{"python": "3.12.1", "pid": 5}\n\xff\xfe\n[1]\n'
        + b"[" * 10_000
        + b'\n{"consumed": {"stdout": 7, "stderr": -1}}\n'
        b'{"lost": 5, "count": "x"}\n{"trio": 3}\n{"consumed'
    )
    assert workplace.report() == Report(
        python="3.12.1",
        lost=(("for an unknown reason", 0),),
        processes=(5,),
        consumed={"stdout": 7, "stderr": 0},
    )


def test_the_end_of_a_long_report_counts(workplace: Workplace) -> None:
    """A program whose subprocesses print for hours is told of in many entries."""
    entries = [json.dumps({"consumed": {"stdout": number, "stderr": 0}}) for number in range(60_000)]
    workplace.status.write_text("\n".join(['{"python": "3.12.1"}', *entries, ""]))
    assert ("3.12.1", 59_999) == (workplace.report().python, workplace.report().consumed["stdout"])


def test_a_report_that_is_gone_is_empty(workplace: Workplace) -> None:
    workplace.status.unlink()
    assert workplace.report() == Report()


def test_living_processes_are_known(workplace: Workplace) -> None:
    assert not workplace.is_at_work()
    workplace.status.write_text('{"python": "3", "pid": 99999999}\n')
    assert not workplace.is_at_work()
    workplace.status.write_text(json.dumps({"python": "3", "pid": os.getpid()}) + "\n")
    assert workplace.is_at_work()
