"""A share of a cell as a glyph: never more than there was, and something for the least."""

from __future__ import annotations

__all__ = ["STROKE", "share_glyph"]

STROKE = "│"
_EIGHTHS = STROKE + "▁▂▃▄▅▆▇█"


def share_glyph(part: int, whole: int) -> str:
    """Give `▁▂▃▄▅▆▇█` by the nearest eighth, `│` for what is too little for one, and nothing for nothing.

    `█` says that less than a sixteenth is missing; half an eighth is rounded down.
    """
    if part <= 0:
        return ""
    # Rounded up from half an eighth less: the nearest, and the lower one of two that are as near
    return _EIGHTHS[min(8, max(0, -((whole - 16 * part) // (2 * whole))))]
