"""What a pause changes, and how quick the program obeys.

    python benchmarks/pausing.py [--repeats 3] [--pause 2.0] [PROGRAM ...]

1. Ten programs, each run plainly twice, then paused in the middle, at fifty steps a second, and walked to the end step
   by step: is the order of all its user's steps, nurseries and scopes the same, and how far do trio's times differ?
2. From a command to the answer after which the log has been read and holds what it did: a step, a pause, a release.
3. What an open gate adds to a task step: the tracer alone against the tracer with a gate, in turn, in one process.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from triotrace.events import BeforeRun, Event, Output, Paused
from triotrace.launch import Child, Wishes, chosen_place, parse_target
from triotrace.log import LogReader, read_log
from triotrace.tracing.gate import Gate
from triotrace.tracing.live_clock import LiveClock
from triotrace.tracing.recorder import Recorder
from triotrace.tracing.tracer import Tracer

TESTS = Path(__file__).parent.parent / "tests" / "tracing"
sys.path.insert(0, str(TESTS))

from gated import order_of  # noqa: E402  # the tests' own idea of the same order
from pausable import PROGRAMS  # noqa: E402

BUSY = "import trio\nasync def main():\n    while True:\n        await trio.lowlevel.checkpoint()\ntrio.run(main)\n"
LOOSE = "import trio\nasync def main():\n    while True:\n        await trio.sleep(0.001)\ntrio.run(main)\n"


@dataclass(frozen=True, slots=True)
class Played:
    """One run of a program."""

    said: list[str]
    when: list[float]
    """Trio's time of each line, in milliseconds."""
    order: list[tuple[object, ...]]
    seconds: float


@contextmanager
def living(*words: str, **wishes: object) -> Iterator[Child]:
    """Start a program under `run`; end it at last."""
    with tempfile.TemporaryDirectory(prefix="pausing-") as folder:
        place = chosen_place(Path(folder) / "x.jsonl", force=False)
        child = Child(parse_target(list(words)), Path(sys.executable), place, Wishes(order="started", **wishes))
        try:
            yield child
        finally:
            child.finish()


def has(child: Child, kind: type[Event]) -> bool:
    """Tell whether the log has an event of a kind."""
    if not child.log.exists():
        return False
    data = child.log.read_bytes()
    return any(isinstance(event, kind) for event in LogReader("x").feed(data[: data.rfind(b"\n") + 1]))


def wait_for(look: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not look():
        if time.monotonic() > end:
            raise TimeoutError("in vain")
        time.sleep(0.002)


def play(name: str, how: str, middle: float, pause: float) -> Played:
    """Run a program in one of the ways."""
    wishes = {"paced": {"pace": 50.0}, "walked": {"paused": True}}.get(how, {})
    with living(str(TESTS / "pausable.py"), name, **wishes) as child:
        began = time.perf_counter()
        if how == "paused":
            wait_for(lambda: has(child, BeforeRun))
            time.sleep(middle)
            child.pause()
            time.sleep(pause)
            child.resume()
        elif how == "walked":
            trio.run(walk, child)
        wait_for(lambda: not child.living)
        seconds = time.perf_counter() - began
        events = [event for batch in read_log(child.log) for event in batch]
    if how == "paused" and not any(isinstance(event, Paused) for event in events):
        raise RuntimeError(f"{name} was over before it was paused")
    lines = "".join(event.text for event in events if isinstance(event, Output)).splitlines()
    when, said = zip(*(line.split(" ", 1) for line in lines), strict=True)
    return Played(list(said), [float(moment) for moment in when if moment != "-"], order_of(events), seconds)


async def walk(child: Child) -> None:
    while child.living:
        with trio.move_on_after(0.05):
            await child.control.wait_answer()
            child.step()


def compare(names: list[str], repeats: int, pause: float) -> None:
    print(f"{'program':15}{'way':9}{'same words':>12}{'same order':>12}{'trio time off by':>18}{'wall':>9}")
    for name in names:
        plain = play(name, "plain", 0, pause)
        middle = plain.when[-1] / 2000
        for how in ("plain", "paused", "paced", "walked"):
            runs = [play(name, how, middle, pause) for _ in range(repeats)]
            off = max(abs(a - b) for run in runs for a, b in zip(plain.when, run.when, strict=True))
            words, order = (all(getattr(run, key) == getattr(plain, key) for run in runs) for key in ("said", "order"))
            wall = statistics.median(run.seconds for run in runs)
            print(f"{name:15}{how:9}{words!s:>12}{order!s:>12}{off:15.1f} ms{wall:7.2f} s")


async def latencies(child: Child, rounds: int) -> dict[str, list[float]]:
    """Time commands, from the call to the answer after which the log has been read."""
    figures: dict[str, list[float]] = {"pause": [], "step": [], "release": []}

    async def answered(command: Callable[[], None], last: bytes) -> float:
        size = child.log.stat().st_size
        began = time.perf_counter()
        command()
        told = b""
        with trio.fail_after(10), child.log.open("rb") as log:
            log.seek(size)
            while last not in told:  # an answer may be about what came between two commands
                await child.control.wait_answer()
                told += log.read()
        return (time.perf_counter() - began) * 1000

    await child.control.wait_answer()
    await trio.sleep(0.5)
    for _ in range(rounds):
        figures["pause"].append(await answered(child.pause, b'"paused"'))
        await trio.sleep(0.01)
        for _ in range(3):
            figures["step"].append(await answered(child.step, b'"paused"'))
            await trio.sleep(0.01)
        figures["release"].append(await answered(child.resume, b'"resumed"'))
        await trio.sleep(0.02)
    return figures


def respond(rounds: int) -> None:
    print(f"\n{'program':15}{'command':9}{'median':>12}{'95th percentile':>18}")
    for name, text in (("busy", BUSY), ("sleepy", LOOSE)):
        with tempfile.TemporaryDirectory(prefix="pausing-") as folder:
            program = Path(folder) / "program.py"
            program.write_text(text)
            with living(str(program)) as child:
                figures = trio.run(latencies, child, rounds)
        for command, times in figures.items():
            worst = statistics.quantiles(times, n=20)[-1]
            print(f"{name:15}{command:9}{statistics.median(times):9.2f} ms{worst:15.2f} ms")


def open_gate(rounds: int, steps: int = 30_000) -> None:
    async def main() -> None:
        for _ in range(steps):
            await trio.lowlevel.checkpoint()

    costs: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for has_gate in (False, True):
            clock = LiveClock()
            recorder = Recorder(lambda batch: None, now=clock.now)
            tracer = Tracer.sharing(recorder, None, Gate(clock) if has_gate else None)
            began = time.process_time_ns()
            trio.run(main, instruments=[tracer])
            costs[has_gate].append((time.process_time_ns() - began) / steps)
    without, with_gate = (statistics.median(costs[key]) for key in (False, True))
    print(f"\na task step: {without:.0f} ns without a gate, {with_gate:.0f} ns with an open one")
    print(f"ratio {with_gate / without:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", default=list(PROGRAMS), metavar="PROGRAM")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds")
    arguments = parser.parse_args()
    compare(arguments.programs, arguments.repeats, arguments.pause)
    respond(rounds=100)
    open_gate(rounds=15)
