"""Private folders of killed runs are swept by the next one, and nothing else is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from programs import ended, running, until
from triotrace.launch import Wishes, chosen_place, parse_target, private, record
from triotrace.launch.inside import Workplace
from triotrace.launch.private import PrivateFolder, sweep

NOBODY = 65534
NAME = "triotrace-abcd_123"

WAITS = "import os, time\nos.write(1, b'ready\\n')\ntime.sleep(3600)\n"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder for this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def abandoned(place: Path, name: str = NAME) -> Path:
    """Make what a killed run leaves: its folder, and the lock file that nobody holds."""
    private = PrivateFolder(str(place.parent))
    private.path.joinpath("msgspec").write_bytes(b"x")
    left = private.path.rename(place.parent / "left")
    private.remove()  # lets go of the lock: where it was made there is no folder any more
    return left.rename(place / name)


def held(place: Path) -> Path:
    """Make the folder of a run that lives."""
    private = PrivateFolder(str(place))
    HELD.append(private)
    return private.path


HELD: list[PrivateFolder] = []


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    yield
    while HELD:
        HELD.pop().remove()


def test_a_run_removes_its_own_folder(temporary: Path) -> None:
    workplace = Workplace()
    workplace.begun(os.getpid())
    assert [workplace.folder] == list(temporary.iterdir())
    workplace.remove()
    assert [] == list(temporary.iterdir())
    workplace.remove()


def test_what_a_killed_run_left_is_swept(temporary: Path) -> None:
    """Whatever the program put there: folders, links that lead out, and names that are no text."""
    outside = temporary / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    left = abandoned(temporary)
    (left / "folder" / "in it").mkdir(parents=True)
    (left / "folder" / "file").touch()
    (left / "link").symlink_to(outside)
    (left / "folder" / "link").symlink_to(outside)
    os.mkfifo(left / "pipe")
    (left / os.fsdecode(b"\xff")).touch()
    sweep([str(temporary)])
    assert [outside] == list(temporary.iterdir())
    assert (outside / "precious").exists()


def foreign_words(place: Path) -> Path:
    folder = abandoned(place)
    (folder / "lock").write_text("somebody's\n")
    return folder


def no_lock(place: Path) -> Path:
    folder = abandoned(place)
    (folder / "lock").unlink()
    return folder


def linked_lock(place: Path) -> Path:
    folder = abandoned(place)
    (folder / "lock").rename(place / "elsewhere")
    (folder / "lock").symlink_to(place / "elsewhere")
    return folder


def second_name(place: Path) -> Path:
    folder = abandoned(place)
    (place / "elsewhere").hardlink_to(folder / "lock")
    return folder


def lock_is_a_pipe(place: Path) -> Path:
    folder = no_lock(place)
    os.mkfifo(folder / "lock")
    return folder


def lock_is_a_folder(place: Path) -> Path:
    folder = no_lock(place)
    (folder / "lock").mkdir()
    return folder


def open_to_others(place: Path) -> Path:
    folder = abandoned(place)
    folder.chmod(0o755)
    return folder


def linked_folder(place: Path) -> Path:
    (place / "elsewhere").mkdir()
    target = abandoned(place / "elsewhere")
    (place / NAME).symlink_to(target)
    return place / NAME


def a_file(place: Path) -> Path:
    (place / NAME).write_text("a file")
    (place / NAME).chmod(0o700)
    return place / NAME


def used(place: Path) -> Path:
    folder = abandoned(place)
    (folder / "status").write_text(f'{{"python": "3.12.1", "pid": {os.getpid()}}}\n')
    return folder


def used_by_the_last_of_many(place: Path) -> Path:
    folder = abandoned(place)
    noise = '[1]\n{"pid": "x"}\n{"pid": -1}\n{"pid": 99999999}\n"pid"\n' + '{"consumed": {}}\n' * 100_000
    (folder / "status").write_text(f'{noise}{{"pid": {os.getpid()}}}\n')
    return folder


STAYS: dict[str, Callable[[Path], Path]] = {
    "a living run's": held,
    "its program lives": used,
    "one of its programs lives": used_by_the_last_of_many,
    "another name": lambda place: abandoned(place, "triotrace-abcd_1234"),
    "another name's case": lambda place: abandoned(place, "triotrace-ABCD_123"),
    "a line after the name": lambda place: abandoned(place, f"{NAME}\n"),
    "no lock file": no_lock,
    "a lock file of somebody's": foreign_words,
    "a lock file that is a link": linked_lock,
    "a lock file that is somebody's under another name": second_name,
    "a lock file that is a pipe": lock_is_a_pipe,
    "a lock file that is a folder": lock_is_a_folder,
    "a folder that others may read": open_to_others,
    "a link to such a folder": linked_folder,
    "a file": a_file,
}


@pytest.mark.parametrize("make", STAYS.values(), ids=STAYS)
def test_what_is_not_ours_beyond_doubt_stays(temporary: Path, make: Callable[[Path], Path]) -> None:
    stays = make(temporary)
    before = sorted(temporary.rglob("*"))
    abandoned(temporary, "triotrace-00000000")
    abandoned(temporary, "triotrace-zzzzzzzz")
    sweep([str(temporary)])
    assert stays in before
    assert before == sorted(temporary.rglob("*"))  # and what lies before and after it in the listing is gone


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what is another user's")
@pytest.mark.parametrize("what", ["folder", "lock"])
def test_what_is_another_users_stays(temporary: Path, what: str) -> None:
    """Root may delete it, and does not."""
    folder = abandoned(temporary)
    os.chown(folder if what == "folder" else folder / "lock", NOBODY, NOBODY)
    sweep([str(temporary)])
    assert (folder / "msgspec").exists()


def test_a_number_that_recurs_after_a_power_loss_holds_nothing(temporary: Path) -> None:
    """What lived when the system was another does not live any more, whoever has its number now."""
    folder = used(temporary)
    lock = folder / "lock"
    first, *_ = lock.read_bytes().splitlines(keepends=True)
    lock.write_bytes(first + b"00000000-0000-0000-0000-000000000000\n")
    sweep([str(temporary)])
    assert not folder.exists()


def test_what_was_swept_in_part_is_swept_on(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that was itself killed, or could not delete something, leaves the lock file to the next."""
    folder = abandoned(temporary)
    unlink = os.unlink

    def refuse(name: str, **where: int) -> None:
        if name == "msgspec":
            raise PermissionError(1, "not now")
        unlink(name, **where)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        sweep([str(temporary)])
    assert ["lock", "msgspec"] == sorted(path.name for path in folder.iterdir())
    sweep([str(temporary)])
    assert not folder.exists()


def test_sweepers_do_not_harm_one_another(temporary: Path) -> None:
    """Several at once, over folders that are made, left and removed meanwhile: what is held is whole, the rest goes."""
    sweepers, over = 4, threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while not over.is_set():
                sweep([str(temporary)])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(sweepers)]
    for thread in threads:
        thread.start()
    try:
        for number in range(200):
            private = PrivateFolder(str(temporary))
            (private.path / "file").touch()
            abandoned(temporary, f"triotrace-{number:08}")
            assert ["file", "lock"] == sorted(path.name for path in private.path.iterdir())
            private.remove()
            assert not private.path.exists()
        until(lambda: None if list(temporary.iterdir()) else True, what="all is swept")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert [] == failures


@pytest.mark.parametrize("place", ["nowhere", "file", "closed"])
def test_a_sweep_never_fails(temporary: Path, place: str) -> None:
    (temporary / "file").touch()
    (temporary / "closed").mkdir(mode=0)
    (temporary / "open").mkdir()
    left = abandoned(temporary / "open")
    sweep([str(temporary / place), str(temporary / "open")])
    assert not left.exists()


def test_where_nothing_can_be_locked_a_run_goes_on_and_nothing_is_swept(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    left = held(temporary)
    sweep([str(temporary)])
    assert [left] == list(temporary.iterdir())
    assert [] == list(left.iterdir())


def test_where_no_thread_can_be_had_a_run_goes_on(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    workplace = Workplace()
    workplace.begun(os.getpid())
    workplace.remove()
    assert [] == list(temporary.iterdir())


def test_no_sweep_is_at_work_when_we_fork(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork of a process that has threads may wait for ever for a lock of theirs, and Python 3.12 warns of it."""
    over, fork = threading.Event(), os.fork
    at_fork: list[str] = []

    def watched_fork() -> int:
        at_fork.extend(thread.name for thread in threading.enumerate())
        return fork()

    monkeypatch.setattr(private, "sweep", lambda _: over.wait())
    monkeypatch.setattr(os, "fork", watched_fork)
    (tmp_path / "ends.py").touch()
    place = chosen_place(tmp_path / "x.jsonl", force=False)
    try:
        outcome = record(parse_target([str(tmp_path / "ends.py")]), Path(sys.executable), place, Wishes())
    finally:
        over.set()
    assert 0 == outcome.returncode
    assert "sweep" not in at_fork


def run_one(mode: str, folder: Path, temporary: Path, script: str) -> list[str]:
    """Return the command of a run whose private folder is in `temporary`."""
    (folder / script).write_text(WAITS if script == "waits.py" else "print('ran')\n")
    return ["env", f"TMPDIR={temporary}", sys.executable, "-m", "triotrace", *mode.split(), script]


def private_folders(temporary: Path) -> list[Path]:
    return sorted(temporary.glob("triotrace-*"))


@pytest.mark.parametrize("dies", ["both", "triotrace alone"])
def test_the_next_run_sweeps_what_a_killed_one_left(tmp_path: Path, temporary: Path, dies: str) -> None:
    """SIGKILL of both; or of triotrace alone, and then the folder stays as long as the program lives."""
    first = run_one("record -o x.jsonl", tmp_path, temporary, "waits.py")
    second = run_one("record -o y.jsonl --force", tmp_path, temporary, "ends.py")
    with running(first, cwd=tmp_path) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        (left,) = private_folders(temporary)
        if dies == "both":
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        else:
            child.kill()
            child.wait()
            with running(second, cwd=tmp_path) as other:
                assert (b"ran\n", 0) == (ended(other).stdout, other.returncode)
            assert [left] == private_folders(temporary)
            assert {"lock", "msgspec", "status"} == {path.name for path in left.iterdir()}
            os.killpg(child.pid, signal.SIGKILL)
        until(lambda: is_left(left) or None, what="all that held it are dead")
        with running(second, cwd=tmp_path) as other:
            assert (b"ran\n", 0) == (ended(other).stdout, other.returncode)
        assert [] == private_folders(temporary)


def processes_of(folder: Path) -> list[int]:
    """Return the processes that a status file names and that live."""
    found = []
    for line in (folder / "status").read_text().splitlines():
        if '"pid": ' in line:
            process = int(line.rpartition('"pid": ')[2].rstrip("}"))
            with contextlib.suppress(OSError):
                if ") Z" not in Path(f"/proc/{process}/stat").read_text():
                    found.append(process)
    return found


def is_left(folder: Path) -> bool:
    """Tell whether nobody uses a folder; what is killed lets go of it a moment later."""
    with (folder / "lock").open() as lock, contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return not processes_of(folder)
    return False


def test_a_shell_holds_the_folder_until_its_python_begins(tmp_path: Path, temporary: Path) -> None:
    """The program of a killed `record` is a shell that has started no Python yet: it is named by triotrace itself."""
    (tmp_path / "later.sh").write_text("echo ready; read line; exec sleep 3600\n")
    words = ["env", f"TMPDIR={temporary}", sys.executable, "-m", "triotrace", "record", "-o", "x.jsonl", "--"]
    with running([*words, "sh", "later.sh"], cwd=tmp_path, stdin=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        (left,) = private_folders(temporary)
        until(lambda: processes_of(left) or None, what="the shell is named")
        child.kill()
        child.wait()
        sweep([str(temporary)])
        assert [left] == private_folders(temporary)
        os.killpg(child.pid, signal.SIGKILL)
        until(lambda: is_left(left) or None, what="all that held it are dead")
        sweep([str(temporary)])
        assert [] == private_folders(temporary)


def test_others_folders_in_any_number_change_nothing(tmp_path: Path, temporary: Path) -> None:
    """Files, folders and links that happen to have our names are in nobody's way, and stay as they are."""
    for number in range(1000):
        path = temporary / f"triotrace-{number:08}"
        (path.mkdir, path.touch, lambda path=path: path.symlink_to("nowhere"))[number % 3]()
    before = sorted(temporary.iterdir())
    with running(run_one("record -o x.jsonl", tmp_path, temporary, "ends.py"), cwd=tmp_path) as child:
        assert b"ran\n" == ended(child).stdout
        assert 0 == child.returncode
    assert before == sorted(temporary.iterdir())
