"""Start a program that traces itself, signal it, end it, and finish its log. No trio, no screen."""

from __future__ import annotations

from triotrace.launch.changes import Changes
from triotrace.launch.child import Child
from triotrace.launch.ending import Outcome, describe_status
from triotrace.launch.inside import Wishes
from triotrace.launch.names import (
    LogPlace,
    cached_place,
    chosen_place,
    free_place,
    newest_log,
    place_after,
    traceback_beside,
)
from triotrace.launch.python import Python, find_python
from triotrace.launch.record import die_of, record
from triotrace.launch.target import Target, parse_target

__all__ = [
    "Changes",
    "Child",
    "LogPlace",
    "Outcome",
    "Python",
    "Target",
    "Wishes",
    "cached_place",
    "chosen_place",
    "describe_status",
    "die_of",
    "find_python",
    "free_place",
    "newest_log",
    "parse_target",
    "place_after",
    "record",
    "traceback_beside",
]
