"""Lengths of time, and moments, in words: a number and a unit, as a person would say them."""

from __future__ import annotations

__all__ = ["exact_time", "short_duration"]

_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def short_duration(nanoseconds: int) -> str:
    """Write a length of time in at most eight characters: `10.0 s`, `5000 s`, `85 ms`; from three hours on `3.1 h`."""
    if nanoseconds >= 10_800 * 1_000_000_000:
        return f"{nanoseconds / 3_600e9:.1f} h"
    if nanoseconds >= 100 * 1_000_000_000:
        return f"{nanoseconds / 1e9:.0f} s"
    for size, unit in _UNITS:
        if nanoseconds >= size or round(nanoseconds / size, 3) == 1:  # 999.6 ms are a second, not 1000 ms
            value = nanoseconds / size
            return f"{value:.1f} {unit}" if unit == "s" else f"{value:.0f} {unit}"
    return "0 s"


def exact_time(nanoseconds: int) -> str:
    """Write a moment to the microsecond, in groups of three: `0.012 345 s`."""
    seconds, rest = divmod(nanoseconds // 1_000, 1_000_000)
    return f"{seconds}.{rest // 1_000:03} {rest % 1_000:03} s"
