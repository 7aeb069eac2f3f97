"""Events to and from one JSON Lines file: header, limits, torn tails, tailing. No trio here."""

from __future__ import annotations

from triotrace.log.files import MAX_TOTAL, LogTail, read_kind, read_log
from triotrace.log.finish import convert_log, finish_log, is_converted, keep_log
from triotrace.log.lines import MAX_LINE, clip, encode
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
    "keep_log",
    "read_kind",
    "read_log",
]
