"""Where logs live: names that are free, names that were chosen, and the cache of the last ten."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from log_samples import LINES
from triotrace.errors import TriotraceError
from triotrace.launch import cached_place, chosen_place, free_place, newest_log
from triotrace.launch.ending import convert
from triotrace.log import keep_log, read_log

HEADER = LINES[0].decode()
NEW = '{"event":"mark","t":1,"text":"new"}\n'


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    from triotrace.launch.names import cache_folder

    return cache_folder()


def test_a_name_is_taken_before_its_log_is_there(tmp_path: Path) -> None:
    """Two that start at once get two names, though neither program has made its log yet."""
    one, two = free_place("a", tmp_path), free_place("a", tmp_path)
    assert (one.lines.name, two.lines.name) == ("a.triotrace.jsonl", "a.triotrace.2.jsonl")
    one.release()
    assert free_place("a", tmp_path).lines == one.lines
    two.lines.touch()
    with pytest.raises(TriotraceError, match="another triotrace writes this log right now"):
        chosen_place(two.lines, force=True)
    for name in ("x.json", "x.jsonl.gz"):
        places = [chosen_place(tmp_path / name, force=False) for _ in range(3)]
        assert len({place.lines for place in places}) == 3


def test_a_free_name_is_numbered(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        place = free_place("a/b c", tmp_path)
        assert place.lines == place.final
        place.lines.touch()
        names.append(place.lines.name)
    assert names == ["a_b_c.triotrace.jsonl", "a_b_c.triotrace.2.jsonl", "a_b_c.triotrace.3.jsonl"]


def test_a_link_to_nowhere_is_no_free_name(tmp_path: Path) -> None:
    (tmp_path / "a.triotrace.jsonl").symlink_to(tmp_path / "nowhere")
    assert free_place("a", tmp_path).lines.name == "a.triotrace.2.jsonl"


@pytest.mark.parametrize("name", ["x.jsonl", "x.log", "x.json", "x.jsonl.gz"])
def test_a_chosen_name_is_never_overwritten_unless_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    place = chosen_place(path, force=False)
    assert place.final == path
    place.release()
    path.write_text("precious")
    with pytest.raises(TriotraceError, match="exists: choose another name, or overwrite it with --force"):
        chosen_place(path, force=False)
    assert path.read_text() == "precious"
    with pytest.raises(TriotraceError, match="--force replaces only logs, and this is none; choose another name"):
        chosen_place(path, force=True)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.jsonl.gz"])
def test_an_old_log_stays_until_the_new_one_is_whole(tmp_path: Path, name: str) -> None:
    """The lines of the new one are beside it meanwhile, under a name that nobody else has; then it takes the name."""
    lines, path = tmp_path / "old.jsonl", tmp_path / name
    lines.write_text(HEADER)
    keep_log(lines, path)
    old = path.read_bytes()
    (tmp_path / f"{name}.recording.jsonl").touch()
    place = chosen_place(path, force=True)
    assert (tmp_path / f"{name}.recording.2.jsonl", path) == (place.lines, place.final)
    with pytest.raises(TriotraceError, match="another triotrace writes this log right now"):
        chosen_place(path, force=True)
    assert old == path.read_bytes()
    place.lines.write_text(HEADER + NEW)
    assert (path, []) == convert(place)
    assert 2 == sum(len(batch) for batch in read_log(path))
    assert not place.lines.exists()
    place.release()
    assert {"old.jsonl", name, f"{name}.recording.jsonl"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("~nobody-of-this-name/x.jsonl", "~nobody-of-this-name/x.jsonl: there is no such user; write it as ./~"),
        ("\ud800.jsonl", "cannot be written: .*can't encode.*; the log is"),
        ("a\0b.jsonl.gz", "cannot be written: .*null.*; the log is"),
        (f"{'x' * 300}.json", "cannot be written: File name too long; the log is"),
    ],
)
def test_a_name_that_cannot_be_is_told(tmp_path: Path, name: str, message: str) -> None:
    """People type it into the viewer, which goes on: no such user, none in this locale, or none on this system."""
    log = tmp_path / "old.jsonl"
    log.write_text(HEADER)
    with pytest.raises(TriotraceError, match=message):
        keep_log(log, Path(name) if name.startswith("~") else tmp_path / name)
    assert [log] == list(tmp_path.iterdir())


def test_an_empty_file_is_replaced(tmp_path: Path) -> None:
    """Nothing is lost with it, and `mktemp` makes one."""
    (tmp_path / "x.jsonl").touch()
    assert tmp_path / "x.jsonl" == chosen_place(tmp_path / "x.jsonl", force=True).final


def test_what_was_made_meanwhile_stays(tmp_path: Path) -> None:
    """Where the name leads to something else at the end, the new log keeps the name of its lines, and that is said."""
    path = tmp_path / "x.jsonl"
    path.write_text(HEADER)
    place = chosen_place(path, force=True)
    place.lines.write_text(HEADER + NEW)
    path.unlink()
    path.write_text("precious")
    log, [problem] = convert(place)
    assert place.lines == log
    assert problem.endswith(f"x.jsonl was made meanwhile and stays; the log is {place.lines}")
    assert "precious" == path.read_text()


def test_what_cannot_be_a_log(tmp_path: Path) -> None:
    link, nowhere, pipe = (tmp_path / name for name in ("link", "nowhere", "pipe"))
    (tmp_path / "old.jsonl").write_text(HEADER)
    link.symlink_to(tmp_path / "old.jsonl")
    nowhere.symlink_to(tmp_path / "missing")
    os.mkfifo(pipe)
    for path, force, message in (
        (tmp_path, True, "not a file that a log could replace"),
        (Path("/dev/null"), True, "not a file that a log could replace"),
        (link, True, "a link, not a file that a log could replace"),
        (link, False, "a link, not a file that a log could replace"),
        (nowhere, True, "a link, not a file that a log could replace"),
        (Path("/proc/self/fd/0"), True, "a link, not a file that a log could replace"),
        (pipe, True, "not a file that a log could replace"),
        (tmp_path / "missing" / "x.jsonl", False, "no such folder"),
    ):
        with pytest.raises(TriotraceError, match=message):
            chosen_place(path, force=force)


def test_the_cache_keeps_the_last_ten(cache: Path) -> None:
    logs = []
    for number in range(14):
        place = cached_place(f"run{number}")
        place.lines.touch()
        place.release()
        logs.append(place.lines)
        assert logs[-1] == newest_log()
    assert sorted(cache.iterdir()) == logs[-10:]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_a_log_that_is_being_written_is_never_deleted(cache: Path) -> None:
    living = cached_place("living")
    living.lines.touch()
    for _ in range(12):
        place = cached_place("x")
        place.lines.touch()
        place.release()
    assert living.lines.exists()
    living.release()
    cached_place("last").release()
    assert not living.lines.exists()


def test_a_run_that_was_killed_leaves_no_lock_for_ever(cache: Path) -> None:
    killed = cached_place("killed")
    killed.lines.touch()
    assert killed.lock is not None
    os.close(killed.lock)  # as the system does it
    for _ in range(11):
        place = cached_place("x")
        place.lines.touch()
        place.release()
    assert not killed.lines.exists()
    assert not list(cache.glob("*.lock"))


def test_an_empty_cache_is_told(cache: Path) -> None:
    with pytest.raises(TriotraceError, match="no run is kept yet"):
        newest_log()


def test_a_cache_that_cannot_be_made_is_told(cache: Path) -> None:
    cache.parent.parent.mkdir(parents=True, exist_ok=True)
    cache.parent.write_text("a file, not a folder")
    with pytest.raises(TriotraceError, match="so the run cannot be kept there; name a log with -o"):
        cached_place("x")
