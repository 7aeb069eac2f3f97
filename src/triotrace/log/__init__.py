"""Events to and from one JSON Lines file: header, limits, torn tails, tailing. No trio here."""

from __future__ import annotations

from triotrace.log.lines import MAX_LINE, clip, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from triotrace.log.files import MAX_TOTAL, LogTail, is_log, read_kind, read_log
    from triotrace.log.finish import convert_log, finish_log, is_converted, keep_log
    from triotrace.log.reader import LogReader

__all__ = [
    "MAX_LINE",
    "MAX_TOTAL",
    "LogReader",
    "LogTail",
    "clip",
    "convert_log",
    "encode",
    "finish_log",
    "is_converted",
    "is_log",
    "keep_log",
    "read_kind",
    "read_log",
]

# A traced program only writes: what reads, mends and converts would cost it a few milliseconds of its start.
_ELSEWHERE = {
    "LogReader": "reader",
    "LogTail": "files",
    "MAX_TOTAL": "files",
    "convert_log": "finish",
    "finish_log": "finish",
    "is_converted": "finish",
    "is_log": "files",
    "keep_log": "finish",
    "read_kind": "files",
    "read_log": "files",
}


def __getattr__(name: str) -> object:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"triotrace.log.{_ELSEWHERE[name]}", fromlist=[name])  # ours, where modules are kept apart
    return getattr(module, name)
