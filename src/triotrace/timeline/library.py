"""Who opened a scope that is not the user's own, by the place alone: a package, or a function of trio's."""

from __future__ import annotations

import re

from triotrace.clean import clean
from triotrace.events import Place
from triotrace.timeline.names import LIMIT_NAME

__all__ = ["opener_of", "package_of"]

_BELOW = re.compile(r".*[\\/](?:site|dist)-packages[\\/]([^\\/]+)", re.DOTALL)
_TRIOS = frozenset(["trio", "outcome"])
_PLAIN = frozenset(
    ["open_nursery", "nursery", "CancelScope", "move_on_after", "move_on_at", "fail_after", "fail_at", "cancel"]
)
"""What everybody calls: it does not tell a library from the user."""


def package_of(file: str) -> str:
    """Name the package that a file is in, as it is installed: `pytest-trio`; nothing if in none, or in trio."""
    found = _BELOW.match(file)
    if found is None:
        return ""
    name = found[1].removesuffix(".py")
    return "" if name in _TRIOS else clean(name.replace("_", "-"), LIMIT_NAME)


def opener_of(place: Place | None) -> str:
    """Name who opened a scope at a place: a package, `Nursery.start`; nothing if the place does not tell."""
    if place is None:
        return ""
    call = place.call or ""
    plain = call.rpartition(".")[2] in _PLAIN or call.startswith(("CancelScope", "NurseryManager"))
    return package_of(place.file) or ("" if plain else clean(call, LIMIT_NAME))
