"""What it costs to be watched: CPU time a task step, plain and under each of four watchers.

    python benchmarks/overhead.py [--rounds 7] [--repeats 9] [--workload NAME ...] [--python PATH] [--json FILE]

Each round is a process that runs one workload under `triotrace record`, with every watcher in turn, in an order drawn
anew each time; all but `triotrace` itself do without its tracer. So whatever else the machine does, and however the
process lies in its memory, meets all alike. Figures are medians: of the runs in a process, then of the processes.
`triotrace` is the whole of it: places, wakers, scopes, outcomes, the log on disk, the watchdog's thread.
VizTracer is left out where it is not installed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import trio
from workloads import WORKLOADS, Counter

HERE = Path(__file__).parent
WATCHERS = ("none", "no-op", "printing", "viztracer", "triotrace")
LIMITS = {"checkpoint": 3.3, "pingpong": 3.3, "spawn": 4.0, "echo": 3.3}
"""How much more triotrace may add than the instrument that does nothing adds."""


Times = dict[str, float]
"""Nanoseconds a step, by watcher."""


def round_of(workload: str, watchers: list[str], repeats: int, steps: int, folder: Path, python: str) -> Times:
    """Run a workload in a new process, with each watcher several times."""
    figures, log = folder / "figures.json", folder / "log.jsonl"
    command = [sys.executable, "-m", "triotrace", "record", "--force", "-o", str(log), "--python", python]
    command += [str(HERE / "workloads.py"), workload, str(repeats), str(figures), *watchers]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=folder)
    runs: dict[str, list[int]] = json.loads(figures.read_text())
    return {watcher: statistics.median(times) / steps for watcher, times in runs.items()}


def steps_of(workload: str) -> int:
    """Count the steps of a workload's run."""
    counter = Counter()
    trio.run(WORKLOADS[workload], instruments=[counter])
    return counter.steps


def measure(
    workloads: list[str], watchers: list[str], rounds: int, repeats: int, python: str
) -> dict[str, list[Times]]:
    """Play all rounds of all workloads."""
    times: dict[str, list[Times]] = {workload: [] for workload in workloads}
    steps = {workload: steps_of(workload) for workload in workloads}
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        for done in range(rounds):
            for workload in workloads:
                times[workload].append(round_of(workload, watchers, repeats, steps[workload], Path(folder), python))
                if sys.stderr.isatty():
                    print(f"\r\033[K{done} of {rounds} rounds, {workload}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return times


def worked_out(workload: str, watchers: list[str], rounds: list[Times]) -> dict[str, Any]:
    """Return the figures of one workload: nanoseconds a step, and how often each adds what `no-op` adds."""

    def added(times: Times, watcher: str) -> float:
        return (times[watcher] - times["none"]) / (times["no-op"] - times["none"])

    return {
        "ns_per_step": {watcher: round(statistics.median(times[watcher] for times in rounds)) for watcher in watchers},
        "added": {
            watcher: round(statistics.median(added(times, watcher) for times in rounds), 2)
            for watcher in watchers
            if watcher != "none"
        },
        "limit": LIMITS[workload],
        "rounds": rounds,
    }


def table(figures: dict[str, dict[str, Any]], watchers: list[str]) -> str:
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
    parser.add_argument("--rounds", type=int, default=7, help="processes for each workload")
    parser.add_argument(
        "--repeats", type=int, default=9, help="runs of each watcher in a process; one more goes before"
    )
    parser.add_argument("--workload", action="append", choices=list(WORKLOADS), help="only this one; may be repeated")
    parser.add_argument("--json", type=Path, help="where the figures go, besides the table")
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="that of the workloads: where it is of another minor version, a stand-in for msgspec is measured",
    )
    options = parser.parse_args()
    workloads = options.workload or list(WORKLOADS)
    watchers = list(WATCHERS)
    asked = [options.python, "-c", "import platform; print(platform.python_version())"]
    versions = {
        "python": subprocess.check_output(asked, text=True).strip(),
        "trio": trio.__version__,
        "triotrace": version("triotrace"),
    }
    try:
        versions["viztracer"] = version("viztracer")
    except PackageNotFoundError:
        watchers.remove("viztracer")
    times = measure(workloads, watchers, options.rounds, options.repeats, options.python)
    figures = {workload: worked_out(workload, watchers, times[workload]) for workload in workloads}
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    print(table(figures, watchers))
    if options.json is not None:
        found = {"versions": versions, "repeats": options.repeats, "workloads": figures}
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
