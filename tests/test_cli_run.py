"""`run`, `demo` and `replay` on a real pseudo-terminal: live, left by a key or a signal, last words, nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyte
import pytest

from programs import PATIENCE, events_of, running
from triotrace.events import Footer, Output

LEFT = b"\x1b[?1049l"
"""What ends the alternate screen: all after it is on the normal one."""

RELAY = """\
import sys, trio
async def child(number):
    await trio.sleep(0)
    print("child", number, "\\x1b]0;owned\\x07\\x1b[31mred")
async def main():
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(child, number)
    print("to stderr", file=sys.stderr)
    {end}
trio.run(main)
"""

LASTS = """\
import os, subprocess, sys, trio
async def main():
    subprocess.Popen(["sleep", "1000"])
    print("pid", os.getpid())
    await trio.sleep_forever()
trio.run(main)
"""


class Screen:
    """A program on a terminal of its own: what it drew, keys for it, and how it ended."""

    def __init__(self, folder: Path, *words: str, before: Sequence[str]) -> None:
        self.folder = folder
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 28, 100, 0, 0))
        self.modes = termios.tcgetattr(theirs)
        self.drawn = b""
        self._screen = pyte.Screen(100, 28)
        self._stream = pyte.ByteStream(self._screen)
        home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "TERM": "xterm-256color"}
        self._context = running(
            [*before, *words],
            cwd=folder,
            env=home,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            before=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.child = self._context.__enter__()
        self._theirs = theirs

    def close(self) -> None:
        self._context.__exit__(None, None, None)
        os.close(self._ours)
        os.close(self._theirs)

    def wait(self, text: str) -> None:
        """Wait until `text` stands on the screen."""
        self._read_until(lambda: any(text in line for line in self._screen.display), text)

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit status, and what was written to the normal screen after the viewer."""
        self._read_until(lambda: self.child.poll() is not None, "the end")
        while self._read(0.1):
            pass
        assert termios.tcgetattr(self._theirs) == self.modes, "the terminal is as it was"
        assert self.drawn.count(b"\x1b[?1049h") == self.drawn.count(LEFT), "the normal screen is back"
        after = self.drawn.rpartition(LEFT)[2].decode()
        for sequence in ("\x1b[?25h", "\x1b[?1004l", "\x1b[?1000l", "\x1b[?1003l", "\x1b[?1015l", "\x1b[?1006l"):
            after = after.replace(sequence, "")  # Textual's own way out
        return self.child.returncode, after.replace("\r\n", "\n")

    def log(self) -> Path:
        (log,) = (self.folder / "cache" / "triotrace").glob("*.jsonl")
        return log

    def _read_until(self, done: object, what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():  # type: ignore[operator]
            assert time.monotonic() < deadline, f"{what!r} in vain; the screen:\n" + "\n".join(self._screen.display)
            self._read(0.1)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        chunk = os.read(self._ours, 65_536)
        self.drawn += chunk
        self._stream.feed(chunk)
        return bool(chunk)


@contextlib.contextmanager
def screen(folder: Path, *words: str, before: Sequence[str] = (sys.executable, "-m", "triotrace")) -> Iterator[Screen]:
    shown = Screen(folder, *words, before=before)
    try:
        yield shown
    finally:
        shown.close()


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_program_that_ends(tmp_path: Path) -> None:
    """Its prints, its traceback and its end are on the normal screen; the log is kept, and can be watched again."""
    (tmp_path / "relay.py").write_text(RELAY.format(end="raise ValueError('oh')"))
    with screen(tmp_path, "run", "relay.py") as shown:
        shown.wait("ENDED")
        shown.press("q")
        status, after = shown.end()
        log = shown.log()
    assert status == 1
    lines = after.splitlines()
    assert lines[:3] == [f"child {number} \\x1b]0;owned\\x07\\x1b[31mred" for number in range(3)]
    assert "to stderr" in lines
    assert "    raise ValueError('oh')" in lines
    assert lines[-2:] == [
        "triotrace: relay.py ended with exit status 1",
        f"triotrace: again: triotrace replay {log}",
    ]
    assert "\x1b" not in after
    assert b"owned\x07" not in shown.drawn, "no escape sequence of the program's got through"
    events = events_of(log)
    assert isinstance(events[-1], Footer)
    assert events[-1].exit == 1
    assert sum(isinstance(event, Output) and event.task is not None for event in events) >= 4

    with screen(tmp_path, "replay") as again:
        again.wait("relay.py")
        again.wait("child 2")
        again.press("q")
        assert again.end() == (0, "")


def test_leaving_first_ends_the_whole_group(tmp_path: Path) -> None:
    (tmp_path / "lasts.py").write_text(LASTS)
    with screen(tmp_path, "run", "-o", "kept.json", "lasts.py") as shown:
        shown.wait("RUNNING")
        shown.wait("pid")
        shown.press("q")
        status, after = shown.end()
    assert status == 0
    assert "triotrace: lasts.py was ended as you left\n" in after
    assert is_gone(int(after.split()[1]))
    events = events_of(tmp_path / "kept.json")
    assert isinstance(events[-1], Footer)
    assert {"lasts.py", "kept.json"} <= {path.name for path in tmp_path.iterdir() if path.is_file()}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_viewer_ends_all_and_restores_the_terminal(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "lasts.py").write_text(LASTS)
    with screen(tmp_path, "run", "lasts.py") as shown:
        shown.wait("RUNNING")
        shown.wait("pid")
        shown.child.send_signal(number)
        status, after = shown.end()
    assert status == 128 + number
    assert is_gone(int(after.split()[1]))


def test_a_signal_before_the_viewer_is_there_ends_all(tmp_path: Path) -> None:
    """The program starts first: it must not be left behind when we are ended half a second later."""
    (tmp_path / "lasts.py").write_text(LASTS)
    with screen(tmp_path, "run", "-o", "x.jsonl", "lasts.py") as shown:
        shown._read_until(lambda: (tmp_path / "x.jsonl").exists(), "the log")
        shown.child.send_signal(signal.SIGTERM)
        status, _ = shown.end()
    assert status == 143
    header, *_, footer = events_of(tmp_path / "x.jsonl")
    assert is_gone(header.pid)  # type: ignore[attr-defined]
    assert isinstance(footer, Footer)


def test_an_impatient_user_leaves_nothing_behind(tmp_path: Path) -> None:
    """While a program that is deaf to SIGINT is being ended, Ctrl+C changes nothing, and SIGTERM the status at most."""
    deaf = "    import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    (tmp_path / "lasts.py").write_text(LASTS.replace("    print(", deaf + "    print("))
    with screen(tmp_path, "run", "lasts.py") as shown:
        shown.wait("RUNNING")
        shown.wait("pid")
        shown.press("q")
        shown._read_until(lambda: LEFT in shown.drawn, "the normal screen")
        for _ in range(5):
            shown.press("\x03")
            shown._read(0.1)
        shown.child.send_signal(signal.SIGTERM)
        status, after = shown.end()
    assert status in (0, 143), "143 if it came while the viewer was still leaving"
    assert is_gone(int(after.replace("^C", "").split()[1]))
    assert "triotrace: again: " in after


def test_a_program_without_trio_still_shows_its_prints(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("import os; print('hello'); os.system('echo from a shell; exit 3')")
    with screen(tmp_path, "run", "plain.py") as shown:
        shown.wait("ENDED")
        shown.press("q")
        status, after = shown.end()
    assert status == 0
    assert sorted(after.splitlines()[:2]) == ["from a shell", "hello"]
    assert "triotrace: plain.py never started trio: it did not even import it\n" in after


def test_a_program_that_lets_nothing_in_is_told_why(tmp_path: Path) -> None:
    with screen(tmp_path, "run", "--", sys.executable, "-I", "-c", "print('hello'); raise SystemExit(4)") as shown:
        status, after = shown.end()
    assert status == 4
    assert after.startswith("hello\n")
    assert "nothing of triotrace ran in it" in after


def test_the_demo(tmp_path: Path) -> None:
    with screen(tmp_path, "demo") as shown:
        shown.wait("ENDED")
        shown.wait("producer")
        shown.press("q")
        status, after = shown.end()
    assert status == 0
    assert "got value message 9\n" in after


def test_prints_beyond_two_hundred_lines_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "much.py").write_text(
        "import trio\nasync def main():\n    for n in range(500): print(n)\ntrio.run(main)\n"
    )
    with screen(tmp_path, "run", "much.py") as shown:
        shown.wait("ENDED")
        shown.press("q")
        status, after = shown.end()
    assert status == 0
    assert after.splitlines()[:2] == ["triotrace: 300 earlier lines are left out here", "300"]
    assert "499\n" in after


HINT = "triotrace: it wanted to read, and its standard input is empty here: --stdin FILE gives it one"
ASKS = """\
import trio
async def asks():
    {ask}
async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(asks)
trio.run(main)
"""


@pytest.mark.parametrize(
    ("ask", "given", "hinted"),
    [
        ("input()", False, True),
        ("await trio.to_thread.run_sync(input, 'who? ')", False, True),
        ("input()", True, False),
        ("raise EOFError('the stream has ended')", False, False),
        ("trio.lowlevel.current_task().no_such_thing", False, False),
    ],
)
def test_who_wants_to_read_is_told_how(tmp_path: Path, ask: str, given: bool, hinted: bool) -> None:
    """The error stays the program's own; the way out is named if it was that one, and nobody has gone it already."""
    (tmp_path / "asks.py").write_text(ASKS.format(ask=ask))
    (tmp_path / "empty").touch()
    with screen(tmp_path, "run", *(("--stdin", "empty") if given else ()), "asks.py") as shown:
        shown.wait("ENDED")
        shown.press("q")
        status, after = shown.end()
    assert status == 1
    assert hinted == (HINT in after.splitlines())
    assert ("EOFError" in after) == ("current_task" not in ask)
