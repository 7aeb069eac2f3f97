"""A program under `run`: its prints reach the log, its end is at our command, nothing of it stays behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from log_samples import LINES
from programs import until
from triotrace.errors import TriotraceError
from triotrace.events import Footer, Output
from triotrace.launch import Child, LogPlace, Outcome, Wishes, chosen_place, inside, parse_target
from triotrace.launch import child as child_module
from triotrace.log import read_log

# The child's end, as small as can be: the header, the report, and two prints, the first already told.
STAND_IN = f"""
import json, os
agreed = json.loads(os.environ.pop("TRIOTRACE"))
os.environ.pop("PYTHONPATH")
log = os.open(agreed["log"], os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o600)
os.write(log, {LINES[0]!r})
with open(agreed["status"], "a") as status:
    for entry in ({{"python": "3", "pid": os.getpid()}}, {{"trio": "0.35.0"}}, {{"run": 1}}):
        status.write(json.dumps(entry) + "\\n")
    if agreed["capture"]:
        os.write(1, b"told before\\n")
        os.write(log, b'{{"event":"output","t":3,"stream":"stdout","text":"told before\\\\n"}}\\n')
        status.write(json.dumps({{"consumed": {{"stdout": 12, "stderr": 0}}}}) + "\\n")
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inject").mkdir()
    (tmp_path / "inject" / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setattr(inside, "INJECT", tmp_path / "inject")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start_one(*words: str, place: LogPlace | None = None, stdin: Path | None = None, **wishes: int) -> Child:
        place = place or chosen_place(tmp_path / "x.jsonl", force=False)
        given = {} if stdin is None else {"stdin": stdin}
        children.append(Child(parse_target(words), Path(sys.executable), place, Wishes(**wishes), **given))
        return children[-1]

    yield start_one
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child._process.pid, signal.SIGKILL)


def script(folder: Path, text: str) -> str:
    path = folder / "program.py"
    path.write_text(textwrap.dedent(text))
    return str(path)


def wait_for(child: Child) -> int:
    return until(child.poll, what="the program's end")


def outputs(outcome: Outcome) -> list[tuple[str, str]]:
    assert outcome.log
    events = [event for batch in read_log(outcome.log) for event in batch]
    return [(event.stream, event.text) for event in events if isinstance(event, Output)]


@pytest.mark.usefixtures("stand_in")
def test_what_was_printed_and_not_told_is_in_the_log_before_the_footer(
    tmp_path: Path, start: Callable[..., Child]
) -> None:
    child = start(
        script(tmp_path, "import os; os.write(1, 'né'.encode()[:-1]); os.write(2, b'err\\xff\\n'); os._exit(3)")
    )
    assert wait_for(child) == 3
    with child.log.open() as file:
        assert json.loads(file.readlines()[-1])["exit"] == 3, "whole as soon as the program is known to be over"
    outcome = child.finish()
    assert (3, 3, tmp_path / "x.jsonl", ()) == (outcome.returncode, outcome.status, outcome.log, outcome.sentences)
    assert outputs(outcome) == [("stdout", "told before\n"), ("stdout", "n"), ("stdout", "�"), ("stderr", "err�\n")]
    assert stat.S_IMODE(outcome.log.stat().st_mode) == 0o600


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("name", ["x.json", "x.jsonl.gz"])
def test_the_log_takes_its_form_at_the_end(tmp_path: Path, start: Callable[..., Child], name: str) -> None:
    path = tmp_path / name
    child = start(script(tmp_path, "print('hello')"), place=chosen_place(path, force=False))
    wait_for(child)
    outcome = child.finish()
    assert outcome.log == path
    assert ("stdout", "hello\n") in outputs(outcome)
    assert {"inject", "program.py", name} == {file.name for file in tmp_path.iterdir()}


@pytest.mark.usefixtures("stand_in")
def test_prints_beyond_the_size_of_the_log_are_cut_with_a_mark(tmp_path: Path, start: Callable[..., Child]) -> None:
    child = start(script(tmp_path, "import os; os.write(1, b'x' * 200_000)"), max_size=50_000)
    wait_for(child)
    texts = [text for _, text in outputs(child.finish())]
    assert 40_000 < sum(map(len, texts)) < 51_000
    assert "more was printed" in texts[-1]


@pytest.mark.usefixtures("stand_in")
def test_a_killed_program_leaves_a_log_with_its_signal(tmp_path: Path, start: Callable[..., Child]) -> None:
    child = start(script(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    wait_for(child)
    outcome = child.finish()
    assert (-9, 137) == (outcome.returncode, outcome.status)
    assert outcome.log
    last = [event for batch in read_log(outcome.log) for event in batch][-1]
    assert isinstance(last, Footer)
    assert last.exit == -9


def test_without_a_log_the_prints_are_still_there(tmp_path: Path, start: Callable[..., Child]) -> None:
    child = start("--", "sh", "-c", "echo hello; echo oops >&2; exit 4")
    assert wait_for(child) == 4
    outcome = child.finish()
    assert outcome.log is None
    assert [("stdout", "hello\n"), ("stderr", "oops\n")] == [(print_.stream, print_.text) for print_ in outcome.untold]
    assert len(outcome.sentences) == 1
    assert "nothing of triotrace ran in it" in outcome.sentences[0]
    assert not list(tmp_path.iterdir())


def test_stdin_is_empty_or_a_file(tmp_path: Path, start: Callable[..., Child]) -> None:
    given = tmp_path / "given"
    given.write_text("from the file")
    for stdin, expected in ((None, ""), (given, "from the file")):
        child = start("--", "cat", stdin=stdin)
        wait_for(child)
        assert expected == "".join(print_.text for print_ in child.finish().untold)


def test_a_stdin_that_is_missing_is_told_and_nothing_stays(tmp_path: Path, start: Callable[..., Child]) -> None:
    with pytest.raises(TriotraceError, match="nowhere: cannot be opened: No such file"):
        start("--", "cat", stdin=tmp_path / "nowhere")


def test_a_program_that_cannot_be_started_is_told(tmp_path: Path, start: Callable[..., Child]) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(TriotraceError, match="broken: cannot be started: "):
        start("--", str(broken))


FAMILIES = {  # and how many rungs of the ladder are in vain; what a shell starts with & is deaf to SIGINT
    # No fork: a shell that is about to fork puts SIGINT off until its child is done
    "gentle": ("exec sleep 100", 0, -signal.SIGINT),
    "deaf to SIGINT": ("trap '' INT; sleep 100 & wait", 1, -signal.SIGTERM),
    "deaf to all": ("trap '' INT TERM; sleep 100 & sleep 100", 2, -signal.SIGKILL),
    "stopped": ("kill -STOP $$; sleep 100", 0, -signal.SIGINT),
    "leaves a child behind": ("sleep 100 & exit 5", 1, 5),
    "leaves a deaf child behind": ("(trap '' INT TERM; sleep 100) & exit 6", 2, 6),
    "already over": ("exit 7", 0, 7),
}
if not Path("/proc/self/stat").exists():
    FAMILIES.pop("stopped")  # whether it has stopped cannot be seen there


@pytest.mark.parametrize(("family", "in_vain", "returncode"), FAMILIES.values(), ids=FAMILIES)
def test_the_ladder_ends_the_whole_group(
    tmp_path: Path,
    start: Callable[..., Child],
    monkeypatch: pytest.MonkeyPatch,
    family: str,
    in_vain: int,
    returncode: int,
) -> None:
    """A pipe that only the group holds is closed when the last of it is gone."""
    patience = {number: 0.3 if rung < in_vain else 30.0 for rung, number in enumerate(child_module._PATIENCE)}
    monkeypatch.setattr(child_module, "_PATIENCE", patience)
    os.mkfifo(tmp_path / "held")
    child = start("--", "sh", "-c", f"exec 9>'{tmp_path}/held'; echo ready; {family}")
    with (tmp_path / "held").open("rb", buffering=0) as held:
        until(lambda: "ready" in printed(child) or None, what="the program's first print")
        if "STOP" in family:
            until(lambda: is_stopped(child._process.pid) or None, what="its stop")
        if returncode >= 0:
            wait_for(child)
        child.end()
        os.set_blocking(held.fileno(), False)
        assert held.read() == b"", "the last writer is gone"
    assert returncode == child.returncode
    assert not child.living
    child.end()
    child.finish()


def printed(child: Child) -> str:
    return child._workplace.spills["stdout"].read_text()


def is_stopped(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_interrupt_is_ctrl_c(start: Callable[..., Child]) -> None:
    child = start("--", "sh", "-c", "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done")
    until(lambda: "ready" in printed(child) or None, what="the program's first print")
    child.interrupt()
    assert wait_for(child) == 9
    child.interrupt()
    assert child.finish().untold[0].text == "ready\ninterrupted\n"


def test_the_program_cannot_take_the_terminal(start: Callable[..., Child]) -> None:
    child = start("--", "sh", "-c", "(: < /dev/tty) 2>/dev/null && echo has it || echo has none")
    wait_for(child)
    assert child.finish().untold[0].text == "has none\n"


@pytest.mark.usefixtures("stand_in")
def test_keep_copies_a_growing_log_and_overwrites_nothing(tmp_path: Path, start: Callable[..., Child]) -> None:
    child = start(script(tmp_path, "import time; time.sleep(100)"))
    until(lambda: (child.log.exists() and child.log.read_text().count("\n") == 2) or None, what="the log")
    kept = child.keep(tmp_path / "kept.json")
    assert json.loads(kept.read_text())["events"][0]["event"] == "header"
    with pytest.raises(TriotraceError, match=r"kept\.json exists"):
        child.keep(tmp_path / "kept.json")
    child.finish()


@pytest.mark.usefixtures("stand_in")
def test_the_log_of_a_command_waits_for_a_descendant_that_writes_it(
    tmp_path: Path, start: Callable[..., Child]
) -> None:
    program = script(tmp_path, "import os, time; time.sleep(0.3); os.write(1, b'late')")
    child = start("--", "sh", "-c", f"'{sys.executable}' '{program}' & sleep 0.2")
    wait_for(child)
    assert ("stdout", "late") in outputs(child.finish())


def test_a_program_that_is_ended_at_once_is_not_called_untraceable(start: Callable[..., Child]) -> None:
    child = start("--", "sleep", "100")
    assert "it was ended before its Python had begun" in child.finish().sentences[0]


def test_the_private_folder_is_gone_at_the_end(start: Callable[..., Child]) -> None:
    child = start("--", "true")
    folder = child._workplace.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir() if path.is_file())
    wait_for(child)
    child.finish()
    assert not folder.exists()


@pytest.mark.usefixtures("stand_in")
def test_whether_it_lives_is_known_at_no_cost(
    tmp_path: Path, start: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who draws asks often: neither the program's end is looked for then, nor its log finished."""
    finishing, may_finish, who = threading.Event(), threading.Event(), []
    original = child_module.finish_recording

    def finish(*args: object, **options: object) -> object:
        who.append(threading.current_thread())
        finishing.set()
        may_finish.wait(60)
        return original(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(child_module, "finish_recording", finish)
    child = start(script(tmp_path, "print('hello')"))
    assert finishing.wait(60), "nobody had to ask"
    assert child.living, "its log is not whole yet"
    may_finish.set()
    until(lambda: not child.living or None, what="its end")
    assert "exit" in child.log.read_text().splitlines()[-1]
    assert threading.main_thread() not in who


@pytest.mark.usefixtures("stand_in")
def test_a_log_that_cannot_be_finished_is_told_at_the_end(
    tmp_path: Path, start: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever for the end that was not told."""

    def finish(*args: object, **options: object) -> object:
        raise TriotraceError("the disk is full")

    original = child_module.finish_recording
    monkeypatch.setattr(child_module, "finish_recording", finish)
    child = start(script(tmp_path, "print('hello')"))
    until(lambda: not child.living or None, what="its end")
    with pytest.raises(TriotraceError, match="the disk is full"):
        child.finish()
    monkeypatch.setattr(child_module, "finish_recording", original)
    child.finish()
