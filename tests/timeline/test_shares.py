"""The glyph of a share."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triotrace.timeline.shares import share_glyph


@pytest.mark.parametrize(
    ("part", "glyph"),
    list(zip((0, 1, 10, 11, 20, 30, 31, 80, 149, 150, 151, 160, 161), ("", *"││▁▁▁▂▄▇▇███"), strict=True)),
)
def test_of_160(part: int, glyph: str) -> None:
    assert glyph == share_glyph(part, 160)


@given(st.integers(1, 10**15), st.data())
def test_it_is_never_a_sixteenth_off_and_never_nothing_for_something(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(1, whole))
    shown = Fraction("│▁▂▃▄▅▆▇█".index(share_glyph(part, whole)), 8)
    assert abs(shown - Fraction(part, whole)) <= Fraction(1, 16)
    assert (shown == 1) == (whole - part < Fraction(whole, 16))
