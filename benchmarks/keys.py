"""From a key to its picture: how long a user waits, measured in a real tmux with a living program.

    python benchmarks/keys.py [--presses 100] [--size 100x28] [--json FILE]

A key is sent through tmux's control mode, and the terminal's output comes back through it, each piece with its moment.
The picture is there when the whole frame is that tells what the key did: a step more, PAUSED, RUNNING. Between two keys
a random while passes, so that no timer of the viewer's is met always at the same moment.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

LIMIT = 50.0
"""Milliseconds that 95 of 100 keys may take, when a task is ready."""

RELAY = """\
import trio
async def turn():
    while True:
        await trio.lowlevel.checkpoint()
async def main():
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(turn)
trio.run(main)
"""
"""A task is always ready."""

SLEEPS = RELAY.replace("trio.lowlevel.checkpoint()", "trio.sleep(0.01)")
"""Now a task is ready, now all sleep."""

PATIENCE = 30.0
QUIET = 0.01
"""Seconds without output after which a frame is whole."""

STEP = re.compile(rb"step (\d+) of (\d+)")
STATE = re.compile("❚❚ PAUSED|❚❚ PAUSING|● RUNNING".encode())
OCTAL = re.compile(rb"\\(\d{3})")


class Pane:
    """A program in a tmux of its own; its output with the moment at which it came."""

    def __init__(self, folder: Path, size: tuple[int, int], command: str) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("TMUX", "PYTHON"))}
        env |= {"HOME": str(folder), "XDG_CACHE_HOME": str(folder), "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor"}
        width, height = map(str, size)
        self._client = subprocess.Popen(
            [
                *("tmux", "-S", str(folder / "tmux"), "-f", "/dev/null", "-C"),
                *("set", "-g", "default-terminal", "tmux-256color", ";"),
                *("new-session", "-x", width, "-y", height, "-c", str(folder), command),
            ],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._pieces: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._tell(f"refresh-client -C {width},{height}")

    def press(self, key: str) -> float:
        """Press a key; return the moment."""
        now = time.perf_counter()
        self._tell(f"send-keys {key}")
        return now

    def wait(self, there: Callable[[bytes], bool]) -> tuple[float, float]:
        """Wait for a frame; return the moment at which it told what was wanted, and that of its last piece."""
        told, seconds = None, PATIENCE
        seen = b""
        last = 0.0
        while True:
            try:
                moment, piece = self._pieces.get(timeout=seconds)
            except queue.Empty:
                if told is None:
                    raise SystemExit(f"nothing in {PATIENCE:.0f} s; the last output: {seen[-300:]!r}") from None
                return told, last
            seen += piece
            if told is None and there(seen):
                told, seconds = moment, QUIET
            last = moment
            if told is not None and last - told > QUIET:
                return told, told  # a program that runs never ceases to draw

    def settle(self) -> None:
        """Let pass what is still drawn, and a random while."""
        end = time.perf_counter() + random.uniform(0.03, 0.15)
        while (left := end - time.perf_counter()) > 0:
            try:
                self._pieces.get(timeout=left)
            except queue.Empty:
                return

    def pieces(self, seconds: float) -> list[tuple[float, bytes]]:
        """Give the output that is there, after at most so many seconds of waiting for the first piece."""
        try:
            found = [self._pieces.get(timeout=seconds)]
            while not self._pieces.empty():
                found.append(self._pieces.get_nowait())
        except queue.Empty:
            return []
        return found

    def close(self) -> None:
        """End this tmux."""
        with contextlib.suppress(BrokenPipeError):  # it went with the program
            self._tell("kill-server")
        self._client.wait(PATIENCE)

    def _tell(self, command: str) -> None:
        assert self._client.stdin is not None
        self._client.stdin.write(command.encode() + b"\n")

    def _listen(self) -> None:
        assert self._client.stdout is not None
        buffered = b""
        while chunk := self._client.stdout.read(65_536):
            now = time.perf_counter()
            *lines, buffered = (buffered + chunk).split(b"\n")
            for line in lines:
                if line.startswith(b"%output "):
                    text = line.split(b" ", 2)[2]
                    self._pieces.put((now, OCTAL.sub(lambda found: bytes([int(found[1], 8)]), text)))


def counted(seen: bytes) -> int:
    """Return how many steps the newest title tells of."""
    found = STEP.findall(seen)
    return int(found[-1][1]) if found else -1


def says(state: str, more_than: int = -1) -> Callable[[bytes], bool]:
    """Return what looks for a title that tells a state, and more steps than so many."""

    def there(seen: bytes) -> bool:
        found = STATE.findall(seen)
        return bool(found) and found[-1] == state.encode() and counted(seen) > more_than

    return there


def steps_of(pane: Pane, presses: int) -> list[tuple[float, float]]:
    """Walk a paused program; return the milliseconds from each key to its step."""
    pane.wait(says("❚❚ PAUSED"))
    times = []
    for at in range(presses):
        pane.settle()
        pressed = pane.press("Right")
        told, whole = pane.wait(lambda seen, at=at: counted(seen) > at)
        times.append(((told - pressed) * 1e3, (whole - pressed) * 1e3))
    return times


def looks_back(pane: Pane, presses: int) -> list[tuple[float, float]]:
    """Go back on the tape, which asks nothing of the program."""
    times = []
    for _ in range(presses):
        pane.settle()
        pressed = pane.press("Left")
        told, whole = pane.wait(lambda seen: STEP.search(seen) is not None)
        times.append(((told - pressed) * 1e3, (whole - pressed) * 1e3))
    return times


def holds_and_releases(pane: Pane, presses: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Pause a running program and let it go again."""
    holds, releases = [], []
    pane.wait(says("● RUNNING", 30))
    for _ in range(presses):
        pane.settle()
        pressed = pane.press("Space")
        told, whole = pane.wait(says("❚❚ PAUSED"))
        holds.append(((told - pressed) * 1e3, (whole - pressed) * 1e3))
        pane.settle()
        pressed = pane.press("Space")
        told, whole = pane.wait(says("● RUNNING"))
        releases.append(((told - pressed) * 1e3, (whole - pressed) * 1e3))
    return holds, releases


def measure(presses: int, size: tuple[int, int]) -> dict[str, list[tuple[float, float]]]:
    """Play all cases, each in a tmux of its own."""
    triotrace = f"'{sys.executable}' -m triotrace run"
    found: dict[str, list[tuple[float, float]]] = {}
    for name, program, options, play in [
        ("step", RELAY, "--paused", steps_of),
        ("back", RELAY, "--paused", lambda pane, count: (steps_of(pane, count + 1), looks_back(pane, count))[1]),
        ("pause, release", SLEEPS, "--pace 200", holds_and_releases),
        ("pause, release (real time)", SLEEPS, "", holds_and_releases),
    ]:
        folder = Path(tempfile.mkdtemp(prefix="keys-"))
        (folder / "program.py").write_text(program)
        pane = Pane(folder, size, f"{triotrace} {options} program.py")
        try:
            times = play(pane, presses)
            if isinstance(times, tuple):
                suffix = name.partition(" (")[2]
                for word, part in zip(("pause", "release"), times, strict=True):
                    found[f"{word} ({suffix}" if suffix else word] = part
            else:
                found[name] = times
        finally:
            pane.close()
            shutil.rmtree(folder, ignore_errors=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--size", default="100x28")
    parser.add_argument("--json", type=Path, help="where the figures go, besides the table")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    found = measure(options.presses, (width, height))
    figures = {
        name: {
            "keys": len(times),
            **{
                f"{what}_{figure}_ms": round(value, 1)
                for what, column in (("told", 0), ("whole", 1))
                for figure, value in zip(("p50", "p95", "max"), spread([time[column] for time in times]), strict=True)
            },
        }
        for name, times in found.items()
    }
    print(f"{'key to picture, ms':28}{'keys':>5}{'p50':>8}{'p95':>8}{'max':>8}   whole frame: p50 / p95")
    for name, row in figures.items():
        print(
            f"{name:28}{row['keys']:5}{row['told_p50_ms']:8}{row['told_p95_ms']:8}{row['told_max_ms']:8}"
            f"   {row['whole_p50_ms']:6} / {row['whole_p95_ms']:6}"
            f"{'' if row['whole_p95_ms'] <= LIMIT else '   over the limit of 50 ms'}"
        )
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    else:
        print(json.dumps(figures))


def spread(times: list[float]) -> tuple[float, float, float]:
    """Return the median, the 95th percentile and the most."""
    return statistics.median(times), sorted(times)[max(0, round(0.95 * len(times)) - 1)], max(times)


if __name__ == "__main__":
    main()
