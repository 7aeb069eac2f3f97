"""How many cells of a terminal text takes, and how it is cut: never half of a wide character.

The viewer's library lays the screen out by its own idea of widths (`rich.cells`), and everything is counted as it
counts, its joined emoji, variation selectors and combining marks too. Where a terminal draws such a sequence
otherwise, that row is out of step there whatever we do: with an idea of our own it would be so everywhere.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len

__all__ = ["cells", "clip", "cut", "fit", "pad", "shorten", "width_of"]

_NUMBER = re.compile(r" (?:#\d+|×\d+(?: ■ \d+)?)\Z")
"""What tells a task from others of its name, or counts those that are folded: it is never cut."""
_JOINER = "\u200d"


def width_of(text: str) -> int:
    """Count the cells that a text takes."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(text)


def cells(text: str) -> list[str]:
    """Split a text into cells: a wide character is followed by an empty one, what has no width goes with its letter.

    What has no letter to go with is left out, so that cells can be put together in any way and stay as wide.
    """
    return list(text) if text.isascii() and text.isprintable() else list(_split(text))


@lru_cache(4096)
def _split(text: str) -> tuple[str, ...]:
    split: list[str] = []
    cluster, width = "", 0
    for character in text:
        longer = cell_len(cluster + character)
        if longer > width and cell_len(character):
            _close(split, cluster, width)
            cluster, width = character, cell_len(character)
        else:
            cluster, width = cluster + character, longer
    _close(split, cluster, width)
    return tuple(split)


def _close(split: list[str], cluster: str, width: int) -> None:
    if width:
        # A joiner that joins nothing would swallow what is written behind it
        split.append(cluster.rstrip(_JOINER))
        split.extend([""] * (width - 1))


def clip(text: str, width: int) -> str:
    """Give as much of a text as fits into so many cells."""
    split = cells(text)
    if len(split) <= width:
        return text
    if width < 1:
        return ""
    return "".join(split[:width] if split[width] else split[: width - 1])


def cut(text: str, width: int) -> str:
    """Cut a text to so many cells, with a mark where it is cut."""
    if width_of(text) <= width:
        return text
    return clip(text, width - 1) + "…" if width > 0 else ""


def shorten(name: str, width: int) -> str:
    """Cut a name to so many cells in its middle, as names differ at their ends: `fetch_…file_a #12`."""
    if width_of(name) <= width:
        return name
    found = _NUMBER.search(name)
    number = found[0] if found else ""
    room = width - width_of(number) - 1
    if number and room < 1:
        return cut(number.lstrip(), width) if room < 0 else "…" + number.lstrip()
    if width < 1:
        return ""
    split = cells(name.removesuffix(number))
    end = split[len(split) - (room - room // 2) :]
    while end and not end[0]:
        del end[0]
    return f"{clip(name, room // 2)}…{''.join(end)}{number}"


def pad(text: str, width: int) -> str:
    """Fill a text up with blanks to so many cells."""
    return text + " " * (width - width_of(text))


def fit(branch: str, label: str, width: int) -> str:
    """Fit a row's part of the tree and its name into exactly `width` cells: deep in a tree, the name stays."""
    room = max(1, width - 1)
    stem, name = cells(branch), width_of(label)
    least = min(len(stem), max(2, room - name))
    if len(stem) + name > room and least < len(stem):
        stem = ["…", *stem[len(stem) - least + 1 :]]
    return pad(cut("".join([*stem, shorten(label, max(1, room - len(stem)))]), room), width)
