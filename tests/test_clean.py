"""The cleaner: nothing that moves a cursor or turns text round gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triotrace.clean import clean

CASES = {
    "plain text": ("hello [/] wörld 日本 👩‍👩‍👧", "hello [/] wörld 日本 👩‍👩‍👧"),
    "an escape sequence": ("\x1b[2J", "\\x1b[2J"),
    "C1": ("\x9b2J", "\\x9b2J"),
    "NUL and DEL": ("\0\x7f", "\\x00\\x7f"),
    "line ends": ("a\r\n\tb\u2028", "a\\r\\n\\tb\\u2028"),
    "bidi": ("a\u202eb\u2066c\u200f", "a\\u202eb\\u2066c\\u200f"),
    "a joiner that joins nothing": ("\u200da b\u200d 👩\u200d", "\\u200da b\\u200d 👩\\u200d"),
    "a lone surrogate": ("\udcff", "\\udcff"),
}


@pytest.mark.parametrize(("text", "cleaned"), CASES.values(), ids=CASES)
def test_clean(text: str, cleaned: str) -> None:
    assert cleaned == clean(text)


def test_cut() -> None:
    assert "abcd…" == clean("abcdefgh", 5)
    assert "\\x1b…" == clean("\x1b\x1b", 5)
    assert "abcde" == clean("abcde", 5)


@given(st.text(st.characters()), st.integers(1, 50))
def test_whatever_comes_is_harmless_short_and_can_be_encoded(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    cleaned.encode()
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in cleaned)
    assert clean(cleaned) == cleaned
