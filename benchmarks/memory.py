"""How much a traced program grows: over ten million events, and for each task that is over.

    python benchmarks/memory.py [--events 10000000] [--json FILE]

Three programs run under `triotrace record`, and each looks at its own size after every tenth of its work: tasks that
give way, tasks that are born and end, and tasks that wait, with scopes, events and channels made anew each time. The
growth counts from the first tenth on, when everything has been met once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 32.0
"""MiB."""

COMMON = """\
import resource, sys, trio
TURNS = int(sys.argv[1])

def size():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except FileNotFoundError:  # no /proc: the most it ever was, which is in bytes on macOS
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

async def main():
    sizes = [size()]
    for _ in range(10):
        for _ in range(TURNS // 10):
            await turn()
        sizes.append(size())
    with open("sizes", "w") as file:
        file.write(repr(sizes))
"""

PROGRAMS = {
    # name: (events a turn, text)
    "checkpoints": (
        3000,
        COMMON
        + """
async def turn():
    for _ in range(1000):
        await trio.lowlevel.checkpoint()
trio.run(main)
""",
    ),
    "tasks": (
        508,
        COMMON
        + """
async def nothing():
    pass
async def turn():
    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(nothing)
trio.run(main)
""",
    ),
    "waits": (
        90,
        COMMON
        + """
async def wait(event, lock, receive):
    await event.wait()
    async with lock:
        await trio.lowlevel.checkpoint()
    await receive.receive()
async def turn():
    send, receive = trio.open_memory_channel(0)
    event, lock = trio.Event(), trio.Lock()
    with trio.move_on_after(60) as scope:
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(wait, event, lock, receive)
            await trio.lowlevel.checkpoint()
            event.set()
            scope.deadline += 1
            for _ in range(3):
                await send.send(None)
            nursery.cancel_scope.cancel()
trio.run(main)
""",
    ),
}


def grown(name: str, events: int, folder: Path) -> dict[str, float]:
    """Run a program; return how much it grew."""
    a_turn, text = PROGRAMS[name]
    (folder / "program.py").write_text(text)
    command = [sys.executable]
    log = folder / "log.jsonl"
    command += ["-m", "triotrace", "record", "--force", "--max-size", str(8 * 1024**3), "-o", str(log), "program.py"]
    subprocess.run([*command, str(max(10, events // a_turn))], cwd=folder, check=True, stdin=subprocess.DEVNULL)
    with log.open("rb") as file:
        file.seek(-4096, 2)
        told = json.loads(file.read().splitlines()[-1])
    sizes = [size / 2**20 for size in json.loads((folder / "sizes").read_text())]
    log.unlink()
    return {
        "events": told["events"],
        "at first": round(sizes[1], 2),
        "at last": round(sizes[-1], 2),
        "grown": round(max(sizes[1:]) - sizes[1], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000_000, help="for each program, about")
    parser.add_argument("--json", type=Path, help="where the figures go, besides the table")
    options = parser.parse_args()
    figures = {}
    print(f"{'resident, MiB':14}{'events':>12}{'after 1/10':>12}{'at the end':>12}{'grown':>8}")
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        for name in PROGRAMS:
            row = figures[name] = grown(name, options.events, Path(folder))
            over = f"   over the limit of {LIMIT:.0f} MiB" if row["grown"] > LIMIT else ""
            print(
                f"{name:14}{row['events']:12}{row['at first']:12}{row['at last']:12}{row['grown']:8}{over}", flush=True
            )
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
