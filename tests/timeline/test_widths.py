"""Widths: ours are those of the terminal's library, and no cell is lost or torn wherever a text is cut or written."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from triotrace.clean import clean
from triotrace.timeline.canvas import Ink, Line
from triotrace.timeline.widths import cells, clip, cut, fit, pad, shorten, width_of

ODD = "ab1 #é日本ﾊ한กำका\u0301\u200d\ufe0f\ufe0e\u200b❤👩🏽💻🇧🇷©▶×…\u1100\u1161\u00ad"
texts = st.text(st.sampled_from(ODD), max_size=24) | st.text(max_size=12)
names = texts.map(clean)
"""What a log's names and prints have been made by the time they are drawn."""


def assigned() -> list[str]:
    return [chr(i) for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)) not in ("Cn", "Cs", "Co")]


def test_every_character_is_as_wide_as_the_terminals_library_says() -> None:
    wrong = [c for c in assigned() if not cell_len(c) == width_of(c) == len(cells(c))]
    assert [] == wrong


def test_every_character_is_as_wide_between_letters() -> None:
    wrong = [c for c in assigned() if cell_len(f"日{c}b") != len(cells(f"日{c}b"))]
    assert [] == wrong


@given(texts)
def test_a_text_is_as_wide_as_the_terminals_library_says(text: str) -> None:
    assert cell_len(text) == width_of(text) == len(cells(text))


@given(st.lists(names, max_size=4))
def test_what_was_put_together_from_cells_is_as_wide_as_they_are(parts: list[str]) -> None:
    split = [cell for part in parts for cell in cells(part)]
    assert len(split) == cell_len("".join(split))
    assert len(split) == sum(map(cell_len, split))


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("fetch_user_profile_a", 20, "fetch_user_profile_a"),
        ("fetch_user_profile_a", 13, "fetch_…file_a"),
        ("fetch_user_profile_b", 13, "fetch_…file_b"),
        ("fetch_user_profile #12", 13, "fetc…file #12"),
        ("fetch_user_profile #12", 6, "…e #12"),
        ("fetch_user_profile #12", 5, "…#12"),
        ("fetch_user_profile #12", 4, "#12"),
        ("fetch_user_profile #12", 2, "#…"),
        ("handle_request ×588 ■ 412", 18, "han…est ×588 ■ 412"),
        ("工人一号工人一号", 9, "工人…一号"),
        ("工人一号工人一号", 8, "工…一号"),
        ("x" * 9, 1, "…"),
        ("x" * 9, 0, ""),
    ],
)
def test_a_name_is_cut_in_its_middle_and_keeps_its_number(name: str, width: int, short: str) -> None:
    assert short == shorten(name, width)


@given(names, st.integers(-2, 30))
@pytest.mark.parametrize("how", [clip, cut, shorten])
def test_what_is_cut_has_room(how: Callable[[str, int], str], text: str, width: int) -> None:
    short = how(text, width)
    assert cell_len(short) <= max(0, width)
    assert width < width_of(text) or short == text


@given(names, st.integers(0, 30))
def test_what_is_padded_is_as_wide_as_asked_for(text: str, width: int) -> None:
    assert max(width, width_of(text)) == cell_len(pad(text, width))


@given(st.sampled_from(["", "├ ", "│ │ └ ", "  " * 20 + "└ "]), names, st.integers(2, 40))
def test_a_label_fills_its_column(branch: str, label: str, width: int) -> None:
    assert width == cell_len(fit(branch, label, width))


def test_a_line_never_grows() -> None:
    line = Line(5)
    line.write(3, "日本", Ink.LABEL)
    line.write(-1, "日本", Ink.LABEL)
    line.put(99, "x", Ink.LABEL)
    assert 5 == cell_len(line.text)


@given(
    st.lists(st.tuples(st.integers(-8, 22), names, st.sampled_from([Ink.LABEL, Ink.PRINT])), max_size=6),
    st.integers(1, 20),
    st.integers(0, 20),
)
def test_a_line_keeps_its_width_whatever_is_written_over_it(
    written: list[tuple[int, str, Ink]], width: int, marked: int
) -> None:
    line = Line(width)
    for i, (column, text, ink) in enumerate(written):
        assert column + width_of(text) == line.write(column, text, ink)
        if i % 2:
            line.put(column + 1, "▼", Ink.MARK)
            line.fill(column - 3, column - 1, "┈", Ink.WAITING)
    line.tint(marked, marked + 1, 64)
    assert width == cell_len(line.text) == len(line.glyphs) == len(line.inks)
    assert width == sum(cell_len(piece) for piece, _ in line.pieces())
