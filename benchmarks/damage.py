"""Does any damage to a log bring a traceback, a wait of over 2 seconds, or more than 200 MiB?

    python benchmarks/damage.py LOG... [--count 100000] [--seed 1]

Takes real logs (of the lessons, say: `triotrace record -o LOG ...`) and damages copies of them: bytes flipped; lines
cut, repeated, dropped, put elsewhere; values of another type, huge numbers, deep nesting, huge fields. Of each it reads
all there is, draws both axes as `show` does, and walks some moments as the viewer does, with the inspector of some
tasks. A limit on memory and an alarm guard the process. Exits 1 if anything failed, and names it:
log and number make the same damage again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from triotrace.errors import TriotraceError
from triotrace.export.text import page
from triotrace.log import read_log
from triotrace.timeline.describe import describe
from triotrace.timeline.history import History
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words
from triotrace.viewer.scene import Scene

SLOW = 2.0
WIDE = 200 * 1024**2
HUGE = [-1, 0, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 10**400, 1e308]
OTHER = [None, True, "", "x" * 100_000, [], {}, [[]], "\x1b[2J\x00", "\ud7ff\u202e", [1] * 1_000, 1.5]

Damage = Callable[[random.Random, list[bytes]], None]


class Hung(BaseException):
    """An answer took too long; no part of ours may catch it."""


def flip(chance: random.Random, lines: list[bytes]) -> None:
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(lines))
        line = bytearray(lines[at] or b"x")
        line[chance.randrange(len(line))] = chance.randrange(256)
        lines[at] = bytes(line)


def cut(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]


def tear(chance: random.Random, lines: list[bytes]) -> None:
    del lines[chance.randrange(1, len(lines) + 1) :]


def repeat(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    lines[at:at] = lines[at : at + chance.randint(1, 40)] * chance.randint(1, 20)


def drop(chance: random.Random, lines: list[bytes]) -> None:
    for _ in range(chance.randint(1, 10)):
        if len(lines) > 1:
            del lines[chance.randrange(1, len(lines))]


def shuffle(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(1, max(2, len(lines)))
    part = lines[at : at + chance.randint(2, 60)]
    chance.shuffle(part)
    lines[at : at + len(part)] = part


def change(chance: random.Random, lines: list[bytes]) -> None:
    """Give some fields other values: mostly such as the schema allows, so that the fold meets them."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(lines))
        with contextlib.suppress(ValueError, RecursionError):  # no record, or one that is nested by now
            record = json.loads(lines[at])
            if isinstance(record, dict) and record:
                key = chance.choice(list(record))
                record[key] = other(chance, record[key])
                lines[at] = json.dumps(record).encode()


def other(chance: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) and chance.random() < 0.8:
        return chance.choice([value + chance.randint(-3, 3), chance.randint(0, 12), chance.choice(HUGE)])
    if isinstance(value, str) and chance.random() < 0.6:
        return chance.choice([value[:1_000] * 1_000, "\x1b[31m" + value, "日本" * 500, value[::-1], ""])
    return chance.choice(OTHER + HUGE)


def nest(chance: random.Random, lines: list[bytes]) -> None:
    depth = chance.choice([100, 2_000, 200_000])
    lines.insert(chance.randrange(len(lines)), b'{"event":"x","a":' + b"[" * depth + b"]" * depth + b"}")


def binary(chance: random.Random, lines: list[bytes]) -> None:
    lines.insert(chance.randrange(len(lines) + 1), chance.randbytes(chance.choice([1, 100, 100_000])))


DAMAGES: list[Damage] = [flip, cut, tear, nest, binary, *[repeat, drop, shuffle, change] * 3]


def damaged(seed: str, lines: list[bytes]) -> tuple[bytes, str]:
    """Return a damaged log, the same for the same seed, and what was done to it."""
    chance, lines = random.Random(seed), list(lines)
    done = chance.choices(DAMAGES, k=chance.choice([1, 1, 2, 4]))
    for damage in done:
        if lines:
            damage(chance, lines)
    return b"\n".join(lines) + b"\n" * chance.randint(0, 1), "+".join(damage.__name__ for damage in done)


def look(path: Path, chance: random.Random, words: Words) -> str:
    """Do to a log what people do; return what it came to."""
    timeline, outcome = Timeline(), "read"
    try:
        for batch in read_log(path):
            timeline.feed(batch)
    except TriotraceError as error:
        if "\n" in str(error):
            raise ValueError("an error of more than one line") from None
        outcome = "refused"  # what came before stands in the viewer all the same
    if outcome == "read":
        with contextlib.suppress(TriotraceError):
            for axis in ("steps", "time"):
                for _ in page(timeline, axis=axis, width=100, words=words):
                    pass
    scene = Scene(timeline, words=words, follow=False)
    last = len(timeline.tape)
    for slot in sorted({0, last, *(chance.randint(0, last) for _ in range(4))}):
        words.happened(timeline, slot)
        words.following(timeline, slot)
        scene.go(slot)
        for lane in chance.sample(list(timeline.lanes), min(4, len(timeline.lanes))):
            words.state(timeline, lane, slot)
            describe(timeline, lane, slot, words)
            History(timeline, lane, words)[:20]
    return outcome + (" with damages" if timeline.damages else "")


def on_alarm(*_: object) -> None:
    raise Hung


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logs", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="begin at this number, to see one again")
    options = parser.parse_args()
    logs = {path.name: path.read_bytes().splitlines() for path in options.logs}
    names, words = sorted(logs), Words()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + WIDE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGALRM, on_alarm)
    outcomes: Counter[str] = Counter()
    slowest: list[tuple[float, str]] = []
    failed: dict[str, list[str]] = {}
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        path = Path(file.name)
        for number in range(options.first, options.first + options.count):
            name = names[number % len(names)]
            content, what = damaged(f"{options.seed}/{number}", logs[name])
            path.write_bytes(content)
            case = f"{name} {number} {what}"
            begun = time.process_time()
            signal.setitimer(signal.ITIMER_REAL, SLOW * 5)
            try:
                outcomes[look(path, random.Random(number), words)] += 1
            except Hung:
                failed.setdefault("hung", []).append(case)
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                failed.setdefault(f"{type(error).__name__} {where.name}:{where.lineno}", []).append(case)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            took = time.process_time() - begun
            if took > SLOW:
                failed.setdefault("over 2 s", []).append(f"{case}: {took:.1f} s")
            slowest = sorted([*slowest, (took, case)])[-5:]
            if number % 5_000 == 4_999:
                print(f"{number + 1}: {dict(outcomes)}, failed {sum(map(len, failed.values()))}", flush=True)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - base
    print(f"{options.count} damaged logs: {dict(outcomes)}; at most {grown / 2**20:.0f} MiB more")
    for took, case in reversed(slowest):
        print(f"  slow: {took:.2f} s  {case}")
    for kind, cases in failed.items():
        print(f"FAILED {kind}: {len(cases)}, as {cases[:3]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
