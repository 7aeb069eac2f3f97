"""A recorded program cannot be told from a plain one: same bytes, same traceback, same status, same surroundings."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import signal
import sys
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from programs import Ended, ended, events_of, plain, record, running, until
from telltales import scripts
from triotrace.events import BeforeRun, Footer, Header

SCRIPTS = scripts()
GIVEN = "first line\nand more: é\n".encode()


def outcomes(
    folder: Path,
    *words: str | Path,
    env: Mapping[str, str] = {},
    redirection: str = "",
    before: Callable[[], None] = lambda: None,
) -> tuple[Ended, Ended]:
    """Run a script plain and recorded, side by side, each in a home of its own, and return how they ended."""
    homes = [folder / name for name in ("homeA", "homeB")]
    for home in homes:
        home.mkdir()
    commands = [plain(*words), record(folder / "log.jsonl", *words)]
    if redirection:
        commands = [["sh", "-c", f'exec "$0" "$@" {redirection}', *command] for command in commands]
    both = [
        running(command, cwd=home, stdin=-1, env=env, before=before)
        for command, home in zip(commands, homes, strict=True)
    ]
    with both[0] as one, both[1] as two:
        ends = [ended(child, GIVEN) for child in (one, two)]
    first, second = (
        Ended(blurred(end.stdout, home), blurred(end.stderr, home), end.status)
        for end, home in zip(ends, homes, strict=True)
    )
    return first, second


def blurred(text: bytes, home: Path) -> bytes:
    """Return `text` without what differs between any two runs: the home, and addresses in the memory."""
    return re.sub(rb" at 0x[0-9a-f]+", b" at 0x", text.replace(bytes(home), b"HOME"))


def written(folder: Path, text: str) -> Path:
    """Write a script, with a module beside it that it may import."""
    place = folder / "program"
    place.mkdir()
    (place / "neighbour.py").write_text("name = __name__\n")
    script = place / "script.py"
    script.write_text(text)
    return script


def assert_same(one: Ended, two: Ended, *, silent: bool = True) -> None:
    """Assert that both ended alike; unless `silent`, triotrace may add a line of its own after the last byte."""
    assert one.stdout == two.stdout
    ours = two.stderr[len(one.stderr) :] if two.stderr.startswith(one.stderr) and not silent else b""
    assert one.stderr == two.stderr.removesuffix(ours)
    assert ours.count(b"\n") <= 1
    assert ours == b"" or ours.startswith(b"triotrace: ")
    assert one.status == two.status


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_as_plain(tmp_path: Path, name: str) -> None:
    """Output, traceback and end are the same, and the log is whole and knows how it ended."""
    text, starts_trio = SCRIPTS[name]
    one, two = outcomes(tmp_path, written(tmp_path, text), "one", "--two", "", "é *")
    assert_same(one, two, silent=starts_trio)
    events = events_of(tmp_path / "log.jsonl")
    assert isinstance(events[0], Header)
    assert isinstance(events[-1], Footer)
    assert events[-1].exit == one.status
    assert starts_trio == any(isinstance(event, BeforeRun) for event in events)
    files = [{path.name: path.read_bytes() for path in (tmp_path / home).iterdir()} for home in ("homeA", "homeB")]
    assert files[0] == files[1]


SHOW = """\
import os, sys, trio
async def main():
    print(sorted(os.environ.items()), sys.path, sys.flags, sys.argv)
    print([stream and stream.encoding for stream in (sys.stdin, sys.stdout, sys.stderr)])
    print("words", file=sys.stderr)
trio.run(main)
"""


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONPATH": ""},
        {"PYTHONPATH": "/nowhere:relative:"},
        {"PYTHONUNBUFFERED": "1"},
        {"PYTHONIOENCODING": "latin-1:replace"},
        {"PYTHONUTF8": "1", "LC_ALL": "C"},
        {"PYTHONWARNINGS": "error"},
        {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        {"PYTHONSAFEPATH": "1"},
        {"PYTHONFAULTHANDLER": "1", "PYTHONDEVMODE": "1"},
    ],
    ids=str,
)
def test_same_environment(tmp_path: Path, env: dict[str, str]) -> None:
    """What the user told Python by its environment reaches the program untouched."""
    one, two = outcomes(tmp_path, written(tmp_path, SHOW), env=env)
    assert_same(one, two)
    assert one.status == 0


def test_same_as_module(tmp_path: Path) -> None:
    """`record -m MODULE` is `python -m MODULE`."""
    script = written(tmp_path, SCRIPTS["looks at main-in-trio"][0] + SCRIPTS["looks at sys-in-trio"][0] + "1 / 0\n")
    one, two = outcomes(tmp_path, "-m", "script", "--word", "-m", env={"PYTHONPATH": str(script.parent)})
    assert b"--word" in one.stdout
    assert_same(one, two)


def test_same_as_folder(tmp_path: Path) -> None:
    """A folder with a `__main__.py` is a script too."""
    script = written(tmp_path, SHOW)
    script.rename(script.with_name("__main__.py"))
    assert_same(*outcomes(tmp_path, script.parent, "word"))


OWN = "print('run', __name__)\nmine = 'mine'\n"
NAMES = (
    *("triotrace", "msgspec", "events", "install"),
    *("_json", "fcntl", "_datetime", "decimal", "_decimal", "numbers", "uuid", "datetime", "typing_extensions"),
    *("json", "queue", "random", "heapq"),
)
WHAT_TRIO_NEEDS = {
    "queue": "from _queue import SimpleQueue\nclass Queue: pass\n",
    "random": "import _random\nclass Random(_random.Random):\n    def uniform(self, a, b): return a\n",
    "heapq": "from _heapq import *\nfrom _heapq import heappush, heappop\n",
}


@pytest.mark.parametrize("first", [True, False], ids=["imported before trio", "imported after trio"])
@pytest.mark.parametrize("name", NAMES)
def test_modules_of_its_own(tmp_path: Path, name: str, *, first: bool) -> None:
    """A module beside the script, called as one that we import, is run for the program alone, and never hides ours."""
    if name in sys.builtin_module_names:
        pytest.skip("this Python has it within itself: no file can take its place")
    imports = f"import {name}\nprint({name}.mine)\n"
    script = written(tmp_path, imports + SHOW if first else SHOW + imports)
    script.with_name(f"{name}.py").write_text(OWN + WHAT_TRIO_NEEDS.get(name, ""))
    one, two = outcomes(tmp_path, script)
    assert one.status == 0
    assert_same(one, two)
    assert any(isinstance(event, BeforeRun) for event in events_of(tmp_path / "log.jsonl"))


@pytest.mark.parametrize(
    "name", [b"b\xfft.py", b"new\nline.py", "olá, você.py".encode(), b"[@click=x]{}%s.py", b"no suffix"]
)
def test_odd_names(tmp_path: Path, name: bytes) -> None:
    """A script may be called, and may be told, whatever a file system and a kernel allow."""
    script = written(tmp_path, SHOW.replace("sys.argv", "[os.fsencode(word) for word in sys.argv]") + "1 / 0\n")
    odd = script.rename(script.with_name(os.fsdecode(name)))
    one, two = outcomes(tmp_path, odd, os.fsdecode(b"\xff\xfe"), "\x1b[31m", "")
    assert_same(one, two)
    assert one.status == 1
    assert any(isinstance(event, BeforeRun) for event in events_of(tmp_path / "log.jsonl"))


def test_the_sitecustomize_that_ours_shadows_runs(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text("import sys\nprint('theirs', __name__, __file__, sys.flags.safe_path)\n")
    script = written(tmp_path, SHOW + "import sitecustomize\nprint(sitecustomize.__file__)\n")
    one, two = outcomes(tmp_path, script, env={"PYTHONPATH": str(hooks)})
    assert one.stdout.startswith(b"theirs")
    # The parent is a Python too, and runs their sitecustomize before it is ours to run.
    assert_same(one, Ended(two.stdout.removeprefix(one.stdout.splitlines(keepends=True)[0]), two.stderr, two.status))


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("name", ["returns-in-trio", "returns-without-trio", "raises-in-trio", "kills itself-in-trio"])
def test_closed_descriptors(tmp_path: Path, redirection: str, name: str) -> None:
    """A log is never mistaken for the stream whose descriptor it might have got."""
    text, starts_trio = SCRIPTS[name]
    one, two = outcomes(tmp_path, written(tmp_path, text), redirection=redirection)
    assert_same(one, two, silent=starts_trio)
    events = events_of(tmp_path / "log.jsonl")
    assert isinstance(events[-1], Footer)
    assert starts_trio == any(isinstance(event, BeforeRun) for event in events)


def test_few_descriptors(tmp_path: Path) -> None:
    """A program that may open only few files can open as many of them as without us."""
    text = dedent("""\
        import os, trio
        async def main():
            opened = []
            try:
                while True:
                    opened.append(os.open("/dev/null", os.O_RDONLY))
            except OSError as error:
                print(error.errno, len(opened) > 30)
            await trio.sleep(0)
        trio.run(main)
        """)
    limits = (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    one, two = outcomes(
        tmp_path, written(tmp_path, text), before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    )
    assert_same(one, two)


def test_full_disk(tmp_path: Path) -> None:
    """A log that cannot grow is no matter of the program's: it goes on, and one line at the end says what was lost."""
    text = dedent("""\
        import trio
        async def main():
            for number in range(3000):
                await trio.lowlevel.checkpoint()
            print("done", number)
        trio.run(main)
        """)
    limits = (20_000, resource.RLIM_INFINITY)
    one, two = outcomes(
        tmp_path, written(tmp_path, text), before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    )
    assert one == Ended(b"done 2999\n", b"", 0)
    assert (one.stdout, one.status) == (two.stdout, two.status)
    assert two.stderr.count(b"\n") == 1
    assert two.stderr.startswith(b"triotrace: ")
    assert any(isinstance(event, BeforeRun) for event in events_of(tmp_path / "log.jsonl"))


class Terminal:
    """A pseudo-terminal: what a program on it wrote, and keys for it."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        termios.tcsetwinsize(self.theirs, (24, 80))
        os.set_blocking(self.ours, False)
        self.shown = b""

    def look(self, text: bytes) -> bool | None:
        """Read what is there, and tell whether `text` has been shown."""
        try:
            self.shown += os.read(self.ours, 65_536)
        except BlockingIOError:
            pass
        except OSError:  # Linux: nobody has the other end any more
            return True
        return text in self.shown or None

    def control(self) -> None:
        """Make it the terminal that Ctrl+C of its keyboard goes to. Runs in the child."""
        fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)


def on_terminal(command: list[str], folder: Path, *, wait_for: bytes, keys: bytes) -> tuple[bytes, int]:
    """Run `command` on a terminal of its own; type `keys` when it shows `wait_for`; return what it showed."""
    terminal = Terminal()
    streams = {"stdin": terminal.theirs, "stdout": terminal.theirs, "stderr": terminal.theirs}
    with running(command, cwd=folder, before=terminal.control, **streams) as child:
        os.close(terminal.theirs)
        until(lambda: terminal.look(wait_for), what=f"{wait_for!r} on the terminal")
        os.write(terminal.ours, keys)
        until(lambda: None if child.poll() is None else True, what="its end")
        until(lambda: terminal.look(b"\0never\0") or True, what="its last words")
        os.close(terminal.ours)
        return terminal.shown, child.returncode


@pytest.mark.parametrize("trio", [False, True], ids=["without-trio", "in-trio"])
def test_a_terminal_of_its_own(tmp_path: Path, *, trio: bool) -> None:
    """Under `record` the program has the terminal: it can ask, and it stands in the foreground."""
    text = dedent("""\
        import os, sys
        def ask():
            print([stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)], os.get_terminal_size())
            print(os.tcgetpgrp(0) == os.getpgrp(), sys.stdout.line_buffering)
            print("hello", input("name? "))
        """) + ("import trio\nasync def main(): ask()\ntrio.run(main)\n" if trio else "ask()\n")
    script = written(tmp_path, text)
    one = on_terminal(plain(script), tmp_path, wait_for=b"name? ", keys=b"Ada\n")
    two = on_terminal(record(tmp_path / "log.jsonl", script), tmp_path, wait_for=b"name? ", keys=b"Ada\n")
    assert one[0].endswith(b"hello Ada\r\n")
    assert one[0] == (two[0] if trio else two[0][: len(one[0])])
    assert one[1] == two[1] == 0


@pytest.mark.parametrize(
    ("wait", "innermost"),
    [
        ("time.sleep(60)", "stay"),
        ("trio.run(trio.sleep, 60)", "get_events"),
        ("sum(0 for _ in iter(int, 1))", "<genexpr>"),  # Python 3.14 takes `any` into the caller's frame, half of it
    ],
)
def test_ctrl_c(tmp_path: Path, wait: str, innermost: str) -> None:
    """Ctrl+C ends the program as it would without us, and us by the same signal."""
    text = dedent(f"""\
        import sys, threading, time, trio
        def stay():
            {wait}
        def tell(main):
            while sys._current_frames()[main].f_code.co_name != {innermost!r}:
                time.sleep(0.01)
            print("ready")
        threading.Thread(target=tell, args=(threading.get_ident(),)).start()
        try:
            stay()
        finally:
            print("cleaned up")
        """)
    script, log = written(tmp_path, text), tmp_path / "log.jsonl"
    one = on_terminal(plain(script), tmp_path, wait_for=b"ready\r\n", keys=b"\x03")
    two = on_terminal(record(log, script), tmp_path, wait_for=b"ready\r\n", keys=b"\x03")
    assert b"cleaned up" in one[0]
    assert b"KeyboardInterrupt" in one[0]
    assert one[0] == two[0][: len(one[0])]
    assert one[1] == two[1] == -signal.SIGINT
    footer = events_of(log)[-1]
    assert isinstance(footer, Footer)
    assert footer.exit == -signal.SIGINT
