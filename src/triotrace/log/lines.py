"""Events to bytes: JSON Lines, UTF-8, one object a line. And the cut that keeps a text within its limit."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from triotrace.events import Event

__all__ = ["MAX_LINE", "clip", "encode"]

MAX_LINE = 2 * 1024 * 1024
"""Bytes of the longest line, its newline not counted: a full `source` of control characters takes 1.5 MiB."""

_encoder = msgspec.json.Encoder()


def encode(events: Iterable[Event]) -> bytes:
    """Encode events as lines, each with its newline. Raises UnicodeEncodeError for a text that `clip` has not seen."""
    return _encoder.encode_lines(events)


def clip(text: str, limit: int) -> str:
    """Return a plain string: lone surrogates escaped, cut at `limit` characters with a mark that says how many went."""
    text = str.__str__(text)  # a subclass may have methods of the program's, and no encoder takes it
    if not text.isascii():
        # File names with foreign bytes hold lone surrogates, and no JSON reader agrees with another about them.
        text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) <= limit:
        return text
    kept = max(0, limit - len(_mark(len(text))))
    return (text[:kept] + _mark(len(text) - kept))[:limit]


def _mark(gone: int) -> str:
    return f"… [{gone} more characters]"
