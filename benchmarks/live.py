"""A busy program, live in a real tmux: frames a second, the viewer's CPU, and how soon a key is answered.

    python benchmarks/live.py [--events 100000] [--seconds 10] [--size 160x50] [--axis steps|time] [--json FILE]

The program gives way so often a second that its log grows by about so many events; what it reached is measured at the
log. A frame is told by its title, which counts the steps; the CPU is that of the viewer's process alone, of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from keys import STEP, Pane, says

PROGRAM = """\
import sys, time, trio
TASKS, EVENTS = 50, int(sys.argv[1])
async def worker(turns):
    while True:
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        # As many events as the time that has passed is worth
        ahead = counted[0] / EVENTS - (time.perf_counter() - begun)
        counted[0] += 3 * turns
        await trio.sleep(max(0, ahead))
async def main():
    async with trio.open_nursery() as nursery:
        for i in range(TASKS):
            nursery.start_soon(worker, 10 + i % 7)
counted, begun = [0], time.perf_counter()
trio.run(main)
"""
PAUSE = "❚❚ PAUS".encode()
"""PAUSING says that the key was heard, PAUSED that the program stands."""


def cpu_of(process: int) -> float:
    """Give the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def events_in(log: Path, start: int) -> int:
    """Count the lines of a log from an offset on."""
    with log.open("rb") as file:
        file.seek(start)
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def frames_in(pane: Pane, seconds: float) -> list[float]:
    """Listen for a while; return the moments at which frames came."""
    moments, end = [], time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        for moment, piece in pane.pieces(left):
            moments += [moment] * len(STEP.findall(piece))
    return moments


def measure(events: int, seconds: float, size: tuple[int, int], axis: str, presses: int) -> dict[str, float]:
    """Watch the program for a while, then pause and release it."""
    folder = Path(tempfile.mkdtemp(prefix="live-"))
    (folder / "program.py").write_text(PROGRAM)
    log = folder / "log.jsonl"
    run = f"'{sys.executable}' -m triotrace run --axis {axis} -o log.jsonl program.py {events}"
    pane = Pane(folder, size, f"echo $$ >pid; exec {run}")
    try:
        pane.wait(lambda seen: b"RUNNING" in seen)
        viewer = int((folder / "pid").read_text())
        frames_in(pane, 2)
        start, used, begun = log.stat().st_size, cpu_of(viewer), time.perf_counter()
        moments = frames_in(pane, seconds)
        passed = time.perf_counter() - begun
        used, grown = cpu_of(viewer) - used, events_in(log, start)
        waits = []
        for _ in range(presses):
            pane.settle()
            pressed = pane.press("Space")
            told, _ = pane.wait(lambda seen: PAUSE in seen)
            waits.append((told - pressed) * 1e3)
            pane.settle()
            pane.press("Space")
            pane.wait(says("● RUNNING"))
        waits.sort()
    finally:
        pane.press("q")
        frames_in(pane, 2)
        pane.close()
    gaps = sorted(b - a for a, b in pairwise(moments))
    return {
        "events a second": grown / passed,
        "frames a second": len(moments) / passed,
        "longest gap of 99 of 100 frames, ms": gaps[int(len(gaps) * 0.99)] * 1e3 if gaps else float("nan"),
        "CPU of the viewer, % of a core": 100 * used / passed,
        "key, median ms": statistics.median(waits),
        "key, 95 of 100, ms": waits[min(len(waits) - 1, int(len(waits) * 0.95))],
    }


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--events", type=int, default=100_000)
    words.add_argument("--seconds", type=float, default=10)
    words.add_argument("--size", default="160x50")
    words.add_argument("--axis", choices=("steps", "time"), default="time")
    words.add_argument("--presses", type=int, default=40)
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    width, height = map(int, asked.size.split("x"))
    found = measure(asked.events, asked.seconds, (width, height), asked.axis, asked.presses)
    for name, figure in found.items():
        print(f"{name:<40}{figure:12.1f}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
