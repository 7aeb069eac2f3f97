"""Which part of a log is drawn: a span of steps or of time, and the tasks that were asked for, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

from triotrace.clean import clean
from triotrace.errors import UsageError
from triotrace.timeline.durations import short_duration
from triotrace.timeline.lanes import NOBODY, Lane
from triotrace.timeline.scale import Scale
from triotrace.timeline.states import State
from triotrace.timeline.timeline import Timeline

__all__ = [
    "ALL",
    "Bound",
    "Part",
    "company",
    "origin_of",
    "parse_bound",
    "span_of_steps",
    "span_of_time",
    "tasks_named",
    "with_parents",
]

_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "μs": 10**3, "ns": 1, "min": 60 * 10**9, "h": 3600 * 10**9}
_WRITTEN = re.compile(r"(\d{1,15}(?:\.\d{0,9})?)\s*([a-zµμ]*)", re.ASCII | re.IGNORECASE)
_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a part begins or ends, as it was written: a step, or a time since the beginning."""

    text: str
    value: Fraction
    unit: int | None
    """Nanoseconds; None if none was written: then it is a step, or seconds."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was asked for; nothing asked is all."""

    start: Bound | None = None
    end: Bound | None = None
    last: int | None = None
    """The last so many steps, up to `end`."""
    tasks: tuple[str, ...] = ()


ALL = Part()


def parse_bound(text: str) -> Bound:
    """Read `12`, `1.5s` or `20 ms`. Raises UsageError."""
    found = _WRITTEN.fullmatch(text.strip())
    unit = found[2].lower() if found else ""
    if not found or (unit and unit not in _UNITS):
        raise UsageError(f"'{clean(text, 80)}' is neither a step (12) nor a time (1.5s, 20ms)")
    return Bound(text.strip(), Fraction(found[1]), _UNITS[unit] if unit else None)


def span_of_steps(timeline: Timeline, part: Part) -> tuple[int, int]:
    """Give the first and the last slot of a part. Raises UsageError, also when nothing lies between."""
    steps = len(timeline.tape)
    end = steps if part.end is None else min(steps, _step("--to", part.end))
    start = 1
    if part.start is not None:
        _refuse_last(part)
        start = _step("--from", part.start)
        if start > steps:
            raise UsageError(f"--from {start} is behind the end: the log has {steps} steps")
        if start > end:
            raise UsageError(f"nothing lies between --from {start} and --to {end}")
    elif part.last is not None:
        start = max(1, end - part.last + 1)
    return start, end


def span_of_time(timeline: Timeline, part: Part, scale: Scale) -> tuple[int, int]:
    """Give where a part begins and ends on the ruler. Raises UsageError, also when nothing lies between."""
    origin, horizon = scale.at(origin_of(timeline)), scale.at(timeline.horizon)
    end = horizon if part.end is None else min(horizon, origin + _time(part.end))
    start = origin
    if part.start is not None:
        _refuse_last(part)
        start += _time(part.start)
        if start > horizon:
            took = short_duration(horizon - origin)
            raise UsageError(f"--from {part.start.text} is behind the end: it took {took} in all")
    elif part.last is not None:
        slot = timeline.tape.slot_at(scale.moment(end))
        start = scale.at(timeline.tape.starts[max(1, slot - part.last + 1)])
    if part.end is not None and start >= end:
        begins = "the beginning" if part.start is None else f"--from {part.start.text}"
        raise UsageError(f"nothing lies between {begins} and --to {part.end.text}")
    return start, end


def origin_of(timeline: Timeline) -> int:
    """Give the `t` that the ruler calls 0: when the first run began."""
    return timeline.runs[0].begun.t if timeline.runs else 0


def tasks_named(timeline: Timeline, names: Sequence[str]) -> set[int]:
    """Give the lanes that bear one of the names, in whole, else in part. Raises UsageError for a name of nobody's.

    The user's tasks come first; those of libraries and of trio are found where none of the user's is.
    """
    own = [lane for lane in timeline.lanes if lane.role in ("main", "user")]
    found: set[int] = set()
    for name in names:
        bears = _bearing(timeline, own, name.casefold()) or _bearing(timeline, timeline.lanes, name.casefold())
        if not bears:
            raise UsageError(f"no task is called '{clean(name, 80)}'; there are {_listed(lane.name for lane in own)}")
        found |= bears
    return found


def _bearing(timeline: Timeline, lanes: Sequence[Lane], sought: str) -> set[int]:
    whole = {lane.index for lane in lanes if sought in (lane.name.casefold(), timeline.title(lane).casefold())}
    return whole or {lane.index for lane in lanes if sought and sought in timeline.title(lane).casefold()}


def company(timeline: Timeline, chosen: set[int], first: int, last: int) -> set[int]:
    """Add those without whom the chosen make no sense: who owns their nurseries, and who wakes them in a span."""
    found = set(chosen)
    for index in chosen:
        lane = timeline.lanes[index]
        for change in range(max(0, lane.after_slot(first - 1)), lane.after_slot(last) + 1):
            if lane.states[change] == State.READY and lane.wakers[change] != NOBODY:
                found.add(lane.wakers[change])
    return with_parents(timeline, found)


def with_parents(timeline: Timeline, lanes: Set[int]) -> set[int]:
    """Add those who own their nurseries, and so on up to the root."""
    found = set(lanes)
    for index in lanes:
        parent = timeline.lanes[index].parent
        while parent is not None and parent not in found:
            found.add(parent)
            parent = timeline.lanes[parent].parent
    return found


def _refuse_last(part: Part) -> None:
    if part.last is not None:
        raise UsageError("--last counts back from the end, or from --to: leave out --from")


def _step(option: str, bound: Bound) -> int:
    if bound.unit is not None:
        raise UsageError(f"{option} {bound.text} is a time, and this axis has steps; --axis time has times")
    if bound.value.denominator != 1 or bound.value < 1:
        raise UsageError(f"{option} {bound.text} is no step: they are numbered 1, 2, 3, ...")
    return int(bound.value)


def _time(bound: Bound) -> int:
    return int(bound.value * (bound.unit or _UNITS["s"]))


def _listed(names: Iterable[str]) -> str:
    different = list(dict.fromkeys(names))
    more = len(different) - _MOST_NAMES
    return ", ".join(different[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "") if different else "none"
