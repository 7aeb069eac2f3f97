"""What it costs to be watched: CPU time a task step, plain and under each of four watchers.

    python benchmarks/overhead.py [--rounds 9] [--repeats 3] [--workload NAME ...] [--json FILE]

Every figure is the median over all runs. Each round runs every workload with every watcher, in an order drawn anew,
each in a process of its own: what else the machine does, and how warm it is, meets all alike. `triotrace` is the whole
of `triotrace record`: places, wakers, scopes, outcomes, and the log on disk. VizTracer is left out where it is not
installed.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

import trio
from workloads import WORKLOADS, Counter

HERE = Path(__file__).parent
WATCHERS = ("none", "no-op", "printing", "viztracer", "triotrace")
LIMITS = {"checkpoint": 3.3, "pingpong": 3.3, "spawn": 4.0, "echo": 3.3}
"""How much more triotrace may add than the instrument that does nothing adds."""


def runs_of(workload: str, watcher: str, repeats: int, folder: Path) -> list[int]:
    """Run a workload in a new process; return the CPU time of each run."""
    figures, log = folder / "figures.json", folder / "log.jsonl"
    command = [sys.executable]
    if watcher == "triotrace":
        command += ["-m", "triotrace", "record", "--force", "-o", str(log)]
    inside = "none" if watcher == "triotrace" else watcher
    command += [str(HERE / "workloads.py"), workload, inside, str(repeats), str(figures)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=folder)
    return list(json.loads(figures.read_text()))


def steps_of(workload: str) -> int:
    """Count the steps of a workload's run."""
    counter = Counter()
    trio.run(WORKLOADS[workload], instruments=[counter])
    return counter.steps


def measure(workloads: list[str], watchers: list[str], rounds: int, repeats: int) -> dict[tuple[str, str], list[int]]:
    """Run everything; return the CPU times by workload and watcher."""
    times: dict[tuple[str, str], list[int]] = {pair: [] for pair in product(workloads, watchers)}
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        for done in range(rounds):
            for workload, watcher in random.sample(sorted(times), len(times)):
                times[workload, watcher] += runs_of(workload, watcher, repeats, Path(folder))
            if sys.stderr.isatty():
                print(f"\r{done + 1} of {rounds} rounds", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return times


def worked_out(workload: str, watchers: list[str], times: dict[tuple[str, str], list[int]]) -> dict[str, object]:
    """Return the figures of one workload: nanoseconds a step, and how often each adds what `no-op` adds."""
    steps = steps_of(workload)
    medians = {watcher: statistics.median(times[workload, watcher]) / steps for watcher in watchers}
    quarters = {watcher: statistics.quantiles(times[workload, watcher], n=4) for watcher in watchers}
    base = medians["no-op"] - medians["none"]
    return {
        "steps": steps,
        "ns_per_step": {watcher: round(median) for watcher, median in medians.items()},
        "quartiles": {
            watcher: [round(low / steps), round(high / steps)] for watcher, (low, _, high) in quarters.items()
        },
        "added": {
            watcher: round((median - medians["none"]) / base, 2)
            for watcher, median in medians.items()
            if watcher != "none"
        },
        "limit": LIMITS[workload],
    }


def table(figures: dict[str, dict[str, dict[str, float]]], watchers: list[str]) -> str:
    """Draw the figures: ns a step, and in how many times a no-op that is what it adds."""
    rows = [f"{'CPU a step, ns (added, × no-op)':32}" + "".join(f"{workload:>18}" for workload in figures)]
    for watcher in watchers:
        cells = ""
        for row in figures.values():
            added = f" ({row['added'][watcher]:.2f})" if watcher != "none" else " " * 7
            cells += f"{row['ns_per_step'][watcher]:>11}{added:>7}"
        rows.append(f"{watcher:32}{cells}")
    rows.append(f"{'limit for triotrace':32}" + "".join(f"{f'({LIMITS[workload]:.2f})':>18}" for workload in figures))
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--repeats", type=int, default=3, help="runs in one process; one more goes before them")
    parser.add_argument("--workload", action="append", choices=list(WORKLOADS), help="only this one; may be repeated")
    parser.add_argument("--json", type=Path, help="where the figures go, besides the table")
    options = parser.parse_args()
    workloads = options.workload or list(WORKLOADS)
    watchers = list(WATCHERS)
    versions = {"python": platform.python_version(), "trio": trio.__version__, "triotrace": version("triotrace")}
    try:
        versions["viztracer"] = version("viztracer")
    except PackageNotFoundError:
        watchers.remove("viztracer")
    times = measure(workloads, watchers, options.rounds, options.repeats)
    figures = {workload: worked_out(workload, watchers, times) for workload in workloads}
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    print(table(figures, watchers))
    if options.json is not None:
        found = {"versions": versions, "runs": options.rounds * options.repeats, "workloads": figures}
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
