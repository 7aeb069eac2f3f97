"""The picture in seven bits: each glyph becomes one character of ASCII, and a legend says which.

No two glyphs share a character, so nothing that the picture says is lost, and its shape stays.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Set

from triotrace.timeline.widths import cells, width_of

__all__ = ["GLYPHS", "escaped", "legend", "to_ascii"]


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "translate this where it is shown"
    """Mark a message for the catalogue."""
    return message


_TABLE: tuple[tuple[str, str, str], ...] = (
    ("█", "#", N_("runs")),
    ("▓", "%", N_("runs, folded away")),
    ("↺", "@", N_("gave way")),
    ("░", "-", N_("ready")),
    ("┈", ".", N_("waits")),
    ("━┓┃┗┏┛", "=7ILFJ", N_("control")),
    ("▼▲", "v^", N_("made ready")),
    ("▽△", "VA", N_("made ready to be cancelled")),
    ("╎", ":", ""),
    ("╷", "'", N_("a turn of the loop")),
    ("◆", "$", N_("a mark")),
    ("▸", ">", N_("next")),
    ("◇", "o", N_("has what is waited for")),
    ("■", "*", N_("returned")),
    ("!", "!", N_("raised")),
    ("╳", "X", N_("cancelled")),
    ("│", "|", N_("a short step")),
    ("▁▂▃▄▅▆▇", "1245689", N_("so many tenths")),
    ("─", "_", N_("the loop sleeps")),
    ("╱", "/", N_("nobody ran, folded")),
    ("·", ",", N_("time left")),
    ("┊", ";", N_("deadline")),
    ("═", '"', N_("shielded")),
    ("≤×…µ«»├└", "<x~u{}+`", ""),
)
"""Glyphs, what each becomes, and what they mean; what needs no words has none."""

GLYPHS = {glyph: plain for glyphs, plains, _ in _TABLE for glyph, plain in zip(glyphs, plains, strict=True)}
_TRANSLATION = str.maketrans(GLYPHS)


def to_ascii(text: str) -> str:
    """Turn a drawn line into ASCII, cell by cell; a letter loses its accent, and what has no likeness is `?`."""
    text = text.translate(_TRANSLATION)
    return text if text.isascii() else "".join(map(_likeness, cells(text)))


def escaped(name: str) -> str:
    """Write a name in ASCII so that no two names become one: `caf\\xe9`."""
    return name.encode("ascii", "backslashreplace").decode("ascii")


def legend(used: Set[str], say: Callable[[str], str]) -> list[str]:
    """Say, in ASCII, what those of the glyphs mean that were used."""
    found = ((_plain(glyphs, used), means) for glyphs, _, means in _TABLE if means)
    return [to_ascii(f"{plain} {say(means)}") for plain, means in found if plain]


def _plain(glyphs: str, used: Set[str]) -> str:
    return "".join(GLYPHS[glyph] for glyph in glyphs if glyph in used)


def _likeness(cell: str) -> str:
    if not cell or cell.isascii():
        return cell
    width = width_of(cell)
    likeness = unicodedata.normalize("NFKD", cell).encode("ascii", "ignore").decode()
    return likeness.ljust(width) if len(likeness) == 1 else "?" * width
