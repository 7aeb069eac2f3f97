"""Make foreign text harmless: what could move a terminal's cursor or turn its text round becomes visible."""

from __future__ import annotations

import re

__all__ = ["clean"]

# C0, DEL, C1; the bidi marks, embeddings, overrides and isolates; line and paragraph separators; lone surrogates;
# and a joiner that joins nothing, which would take what is written beside it
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
    "|(?<![^\x00-\x7f])\u200d|\u200d(?![^\x00-\x7f])"
)
_JOINER = "\u200d"


def clean(text: str, limit: int | None = None) -> str:
    """Return `text` on one line, with each harmful character as an escape (`\\x1b`, `\\u202e`), cut at `limit`."""
    if limit is not None and len(text) > limit:
        text = text[:limit]  # before the escapes: a text of a hundred megabytes is not worth escaping
        return _cut(_HARMFUL.sub(_escape, text), limit)
    if not (text.isascii() and text.isprintable()):
        text = _HARMFUL.sub(_escape, text)
        if limit is not None and len(text) > limit:
            return _cut(text, limit)
    return text


def _cut(text: str, limit: int) -> str:
    return text[: limit - 1].rstrip(_JOINER) + "…"


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
