"""A real terminal for tests: a shell in a tmux of its own, keys for it, and what stands on its screen."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from programs import PATIENCE, events_of, surroundings
from triotrace.events import Header
from triotrace.launch.processes import group_lives

__all__ = ["Opens", "Screen", "Terminal", "is_gone", "is_installed"]

_GLANCE = 0.02
_LONGEST = PATIENCE / 3
_PROMPT = "ready$ "


def is_installed() -> bool:
    """Tell whether there is a tmux to be had."""
    return shutil.which("tmux") is not None


@dataclass(frozen=True, slots=True)
class Screen:
    """What stood on the screen at a moment, and the words of the viewer in it."""

    lines: tuple[str, ...]

    def __contains__(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def title(self) -> str:
        """The program, its state, the step."""
        return self.lines[0].strip()

    @property
    def step(self) -> tuple[int, int] | None:
        """The playhead's step, and how many there are, in any language; None when this is no viewer."""
        found = re.search(r" (\d+) (?:of|de) (\d+)\b", self.lines[0])
        return (int(found[1]), int(found[2])) if found else None

    @property
    def said(self) -> str:
        """What just happened: the two lines under the title, without who is next."""
        first, second = self.lines[1:3]
        second = re.sub(r"(^|\s+)\S+ ▸ .*$", "", second)
        return " ".join([*first.split(), *second.split()])

    @property
    def following(self) -> str:
        """Who is next."""
        return self.lines[2].partition(" ▸ ")[2].strip()

    def lane(self, name: str) -> str:
        """The line of a task, label included; empty when it is not shown."""
        return next((line for line in self.lines[3:] if line.lstrip("├└│ ").startswith(name)), "")


class Terminal:
    """A shell in a tmux server of its own, with a home of its own."""

    def __init__(self, folder: Path, width: int, height: int, *, env: Mapping[str, str] = {}) -> None:
        self.folder = folder
        self.width, self.height = width, height
        # A short path: that of a socket may not be long
        self._socket = Path(tempfile.mkdtemp(prefix="tt-")) / "tmux"
        self._raw = self._socket.with_name("raw")
        (folder / "home").mkdir(exist_ok=True)
        self._env = surroundings(env) | {
            "HOME": str(folder / "home"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TERM": "tmux-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            "INPUTRC": str(folder / "home" / "inputrc"),
            "TEXTUAL_ANIMATIONS": "none",
            **env,
        }
        # With COLUMNS in its environment, Textual takes that for the width, whatever the window is
        for name in ("TMUX", "TMUX_PANE", "LANGUAGE", "NO_COLOR", "COLUMNS", "LINES"):
            if name not in env:
                self._env.pop(name, None)

    def open(self) -> None:
        """Start the shell."""
        home = self.folder / "home"
        (home / "bashrc").write_text(f"PS1='{_PROMPT}'\n")
        (home / "inputrc").write_text("set enable-bracketed-paste off\n")  # one mode less to tell apart
        self.tmux(
            *("set", "-g", "default-terminal", "tmux-256color", ";", "set", "-g", "remain-on-exit", "on", ";"),
            *("set", "-g", "history-limit", "5000", ";"),
            *("new-session", "-d", "-x", str(self.width), "-y", str(self.height), "-c", str(self.folder)),
            f"exec bash --noprofile --rcfile '{home}/bashrc' -i",
        )
        self.wait_for_prompt()
        self.tmux("pipe-pane", f"exec cat >{self._raw}")
        self.enter("stty -g >modes")
        self.wait_for_prompt()

    # -- what a user does ------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names: `Right`, `Space`, `C-c`, `x`."""
        self.tmux("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type text as it stands."""
        self.tmux("send-keys", "-l", text)

    def enter(self, command: str, *, tells_its_pid: bool = False) -> None:
        """Type a command into the shell, on a clear screen."""
        self.tmux("send-keys", "C-l")
        if tells_its_pid:  # by the shell: what `ps` says depends on the machine
            command = f"(echo $BASHPID >viewer; exec {command})"
        self.write(command)
        self.press("Enter")

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        self.width, self.height = width, height
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    # -- what a user sees ------------------------------------------------------------------------

    def screen(self) -> Screen:
        """Return what stands on the screen."""
        return Screen(tuple(line.rstrip() for line in self.tmux("capture-pane", "-p").splitlines()))

    def scrollback(self) -> str:
        """Return all that the normal screen holds, long lines joined again."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-")

    def raw(self) -> bytes:
        """Return every byte that was written to the terminal since the shell came up."""
        return self._raw.read_bytes() if self._raw.exists() else b""

    def wait_for(self, wanted: str | Callable[[Screen], object], timeout: float = _LONGEST) -> Screen:
        """Wait until a text, or what a function looks for, is on the screen; return that screen."""
        is_there = wanted if callable(wanted) else lambda screen: wanted in screen
        end = time.monotonic() + timeout
        while True:
            screen = self.screen()
            # A frame may be caught half drawn: both looks must agree
            if is_there(screen) and self.screen() == screen:
                return screen
            if is_there(screen) and time.monotonic() < end:
                continue
            if time.monotonic() >= end:
                what = wanted if isinstance(wanted, str) else getattr(wanted, "__doc__", None) or "a condition"
                raise AssertionError(f"{what!r} was waited for in vain; the screen:\n{screen}")
            time.sleep(_GLANCE)

    def wait_for_prompt(self) -> Screen:
        """Wait until the shell asks for a command."""

        def prompt(screen: Screen) -> bool:
            """The shell's prompt."""
            return next((line for line in reversed(screen.lines) if line), "") == _PROMPT.rstrip()

        return self.wait_for(prompt)

    def flag(self, name: str) -> str:
        """Return what tmux knows of its pane: `alternate_on`, `mouse_any_flag`, `cursor_flag` ..."""
        return self.tmux("display-message", "-p", "#{" + name + "}").strip()

    def viewer(self) -> int:
        """Return the process of the command that was entered last with `tells_its_pid`."""
        return int((self.folder / "viewer").read_text())

    def logs(self) -> list[Path]:
        """Return the logs that `run` keeps, the oldest first."""
        return sorted((self.folder / "cache" / "triotrace").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)

    def program(self) -> int:
        """Return the process of the newest program, which leads a group of its own."""
        header = events_of(self.logs()[-1])[0]
        assert isinstance(header, Header)
        return header.pid

    # -- the end ---------------------------------------------------------------------------------

    def assert_clean(self, *, status: int) -> str:
        """Check that the viewer gave the terminal back as it was; return what the normal screen holds."""
        self.wait_for_prompt()
        told = self.scrollback()
        flags = {
            name: self.flag(name)
            for name in ("alternate_on", "mouse_any_flag", "mouse_sgr_flag", "cursor_flag", "insert_flag")
        }
        assert flags == {
            "alternate_on": "0",
            "mouse_any_flag": "0",
            "mouse_sgr_flag": "0",
            "cursor_flag": "1",
            "insert_flag": "0",
        }
        for mode in (b"?2004", b"?1004", b"?1000", b"?1003", b"?2048", b"?1049"):
            raw = self.raw()
            assert raw.rfind(b"\x1b[" + mode + b"h") <= raw.rfind(b"\x1b[" + mode + b"l"), mode
        self.enter('echo "status $?"; stty -g | cmp - modes && echo "the same modes"')
        screen = self.wait_for(lambda screen: "the same modes" in screen.lines)  # not only in the command
        assert f"status {status}" in screen, f"{screen}\n{told}"
        self.wait_for_prompt()
        return told

    def close(self) -> None:
        """End this tmux and all that runs in it; no other."""
        with contextlib.suppress(AssertionError):  # it never came up
            self.tmux("kill-server")
        shutil.rmtree(self._socket.parent)

    def tmux(self, *words: str) -> str:
        """Give a command to this tmux."""
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", "/dev/null", "-u", *words],
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "replace")


def is_gone(group: int) -> bool:
    """Tell whether nobody is left of a process group, zombies aside."""
    return not group_lives(group)


@contextlib.contextmanager
def _terminal(folder: Path, width: int, height: int, *, env: Mapping[str, str] = {}) -> Iterator[Terminal]:
    """Open a terminal, and close it, come what may."""
    opened = Terminal(folder, width, height, env=env)
    try:
        opened.open()
        yield opened
    finally:
        opened.close()


class Opens:
    """Opens terminals in the test's folder."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self._stack = stack

    def __call__(self, width: int = 100, height: int = 28, **env: str) -> Terminal:
        return self._stack.enter_context(_terminal(self.folder, width, height, env=env))

    def with_file(self, name: str, text: str) -> Path:
        """Write a program into the folder."""
        path = self.folder / name
        path.write_text(text)
        return path
