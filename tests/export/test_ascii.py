"""Seven bits: the same picture in other characters, and nothing of what it says is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from gettext import NullTranslations
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from story import Story, event, relay

from seven_bits import BACK, same_shape
from triotrace.export.ascii import GLYPHS, escaped, legend, to_ascii
from triotrace.timeline.legend import LEGEND
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import cells


def test_no_two_glyphs_become_one_and_none_becomes_one_that_has_a_meaning() -> None:
    assert len(GLYPHS) == len(BACK)
    assert all(plain.isascii() and plain.isprintable() and len(plain) == 1 for plain in BACK)
    assert not set(BACK) & set("?[]() ")


def test_every_glyph_of_the_legend_has_a_likeness() -> None:
    signs = {character for glyph, _ in LEGEND for character in glyph if not character.isascii()}
    assert set() == signs - set(GLYPHS)


@pytest.mark.parametrize("axis", ["steps", "time"])
@pytest.mark.parametrize("story", [relay, event])
def test_a_picture_has_its_shape_in_seven_bits(axis: Literal["steps", "time"], story: Callable[[], Story]) -> None:
    timeline = Timeline()
    timeline.feed(story().events)
    same_shape(timeline, axis)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_any_line_keeps_its_cells(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert len(cells(text)) == len(plain)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Não deu: ação", "Nao deu: acao"),
        ("e\u0301", "e"),
        ("日本", "????"),
        ("Ａ", "A "),
        ("½ ﬁ œ", "? ? ?"),
        ("a\u200bb\ufe0f", "ab"),
    ],
)
def test_a_letter_loses_its_accent_and_what_has_no_likeness_is_unknown(text: str, plain: str) -> None:
    assert plain == to_ascii(text)


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_names_stay_two(one: str, other: str) -> None:
    assert escaped(one).isascii()
    assert one == other or escaped(one) != escaped(other) or "\\" in one + other


def test_the_legend_says_what_is_used_and_no_more() -> None:
    say = NullTranslations().gettext
    assert ["# runs", "v^ made ready"] == legend(set("█▲▼ abc≤"), say)
    everything = " ".join(legend(set(GLYPHS), say))
    assert everything.isascii()
    assert set() == {plain for plain in BACK if not re.search(re.escape(plain), everything)} - set(":<x~u+`{}")
