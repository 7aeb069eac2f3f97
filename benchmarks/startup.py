"""What a script that imports trio pays before its first line, when it is recorded.

    python benchmarks/startup.py [--rounds 40] [--json FILE]

The same script is run plain and traced, turn by turn, from its start to its end. What counts is the traced child's own
time: the parent, `triotrace record`, is up before it and gone after it, and is measured beside. All of it
is CPU time, which a start nearly all is: whatever else the machine does then matters little.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import triotrace
from triotrace.launch.apart import for_the_child

LIMIT = 25.0
"""Milliseconds."""

SCRIPTS = {
    "no trio": "",
    "imports trio": "import trio\n",
    "runs trio": "import trio\nasync def main(): pass\ntrio.run(main)\n",
}


def environment(folder: Path) -> dict[str, str]:
    """Return what `record` hands to its child."""
    agreed = {
        "log": str(folder / "log.jsonl"),
        "status": str(folder / "status"),
        "claim": "self",
        "pid": os.getpid(),
        "pythonpath": None,
        "order": "shuffled",
        "source": True,
        "output": True,
        "capture": None,
        "max_size": 1024**3,
        "mine": [],
        **for_the_child(folder),
    }
    inject = Path(triotrace.__file__).parent / "tracing" / "inject"
    return {"PYTHONPATH": str(inject), "TRIOTRACE": json.dumps(agreed)}


def timed(command: list[str], folder: Path, extra: dict[str, str]) -> float:
    """Run a command; return the milliseconds of CPU that it took, with all that it started."""
    (folder / "log.jsonl").unlink(missing_ok=True)
    (folder / "status").write_text("")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, env=kept | extra, cwd=folder, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path, help="where the figures go, besides the table")
    options = parser.parse_args()
    times: dict[tuple[str, str], list[float]] = {
        (name, way): [] for name in SCRIPTS for way in ("plain", "traced", "record")
    }
    with tempfile.TemporaryDirectory(prefix="startup-") as name:
        folder = Path(name)
        for number, text in enumerate(SCRIPTS.values()):
            (folder / f"script{number}.py").write_text(text)
        for turn in range(options.rounds + 1):
            for script, way in random.sample(sorted(times), len(times)):
                file = f"script{list(SCRIPTS).index(script)}.py"
                words = ["-m", "triotrace", "record", "--force", "-o", "log.jsonl"] if way == "record" else []
                extra = environment(folder) if way == "traced" else {}
                spent = timed([sys.executable, *words, file], folder, extra)
                if turn:  # the first one finds nothing in the system's cache
                    times[script, way].append(spent)
    figures = {}
    print(f"{'start to end, CPU ms':22}{'plain':>9}{'traced':>9}{'added':>9}{'ratio':>8}{'record':>9}")
    for script in SCRIPTS:
        plain, traced, record = (statistics.median(times[script, way]) for way in ("plain", "traced", "record"))
        figures[script] = {"plain": plain, "traced": traced, "added": traced - plain, "record": record}
        over = f"   over the limit of {LIMIT:.0f} ms" if traced - plain > LIMIT else ""
        print(f"{script:22}{plain:9.1f}{traced:9.1f}{traced - plain:9.1f}{traced / plain:8.2f}{record:9.1f}{over}")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
