"""A picture in seven bits, translated back."""

from __future__ import annotations

from typing import Literal

from triotrace.export.ascii import GLYPHS, to_ascii
from triotrace.export.text import page, picture
from triotrace.timeline.timeline import Timeline

BACK = {plain: glyph for glyph, plain in GLYPHS.items()}


def same_shape(timeline: Timeline, axis: Literal["steps", "time"]) -> None:
    """Draw a timeline both ways: line by line and cell by cell they are one picture."""
    drawn = picture(timeline, axis=axis, width=70).splitlines()
    plain = list(page(timeline, axis=axis, width=70, seven_bits=True))
    assert all(line.isascii() for line in plain)
    # A heading stands above the one, a legend below
    start = plain.index(to_ascii(drawn[0]))
    for one, other in zip(drawn, plain[start : start + len(drawn)], strict=True):
        assert to_ascii(one) == other
        assert all(old.isascii() or old.isalpha() or old in GLYPHS for old in one), one
        glyphs = [(old, BACK[new]) for old, new in zip(one, other, strict=True) if old in GLYPHS]
        assert all(old == back for old, back in glyphs)
