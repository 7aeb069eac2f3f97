"""Events to and from one JSON Lines file: header, limits, torn tails, tailing. No trio, no clock."""

from __future__ import annotations

from triotrace.log.lines import MAX_LINE, clip, encode

__all__ = ["MAX_LINE", "clip", "encode"]
