"""Colours: the ink of a cell becomes a style. Safe for colour-blind eyes; every state has its glyph too.

Running is the loudest, ready quiet, waiting faint; red is for failure and cancellation alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.color import Color
from rich.style import Style

from triotrace.timeline.canvas import FUTURE, PLAYHEAD, Ink

__all__ = ["DARK", "LIGHT", "LINES", "MARKS", "WORDS", "Palette", "contrast", "palette_for", "style_of"]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme, as `#rrggbb`."""

    background: str
    text: str
    faint: str
    running: str
    on_running: str
    ready: str
    waiting: str
    baton: str
    red: str
    accent: str
    """Words that must be seen: the state, the next task."""
    loop: str
    chosen: str
    """Background of the chosen row."""
    playhead: str
    """Background of the playhead's column."""


WORDS, MARKS, LINES = 4.5, 3.0, 2.5
"""The least contrast with a theme's background: of what is read, of a state's glyphs, of what stands back."""


def palette_for(background: str, *, dark: bool) -> Palette:
    """Give the palette on a theme's own background (`#rrggbb`): its tints are mixed from that, and all stands out."""
    own = DARK if dark else LIGHT

    def ink(color: str, least: float) -> str:
        return _apart(color, background, least, away="#ffffff" if dark else "#000000")

    palette = replace(
        own,
        background=background,
        text=ink(own.text, WORDS),
        faint=ink(own.faint, WORDS),
        accent=ink(own.accent, WORDS),
        running=ink(own.running, MARKS),
        ready=ink(own.ready, MARKS),
        baton=ink(own.baton, MARKS),
        red=ink(own.red, MARKS),
        waiting=ink(own.waiting, LINES),
    )
    return replace(
        palette,
        loop=_between(palette.faint, background, 0.5),
        chosen=_between(palette.ready, background, 0.85),
        playhead=_between(palette.ready, background, 0.65),
    )


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours (`#rrggbb`), from 1 to 21, as the Web Content Accessibility Guidelines do."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    shares = (value / 255 for value in Color.parse(color).triplet or (0, 0, 0))
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _apart(color: str, background: str, least: float, *, away: str) -> str:
    """Mix a colour with another, `away` from the background, as little as gives it the contrast."""
    mixed = (_between(color, away, percent / 100) for percent in range(0, 101, 2))
    return next((one for one in mixed if contrast(one, background) >= least), away)


DARK = Palette(
    background="#121212",
    text="#e0e0e0",
    faint="#8a919c",
    running="#f0e442",
    on_running="#121212",
    ready="#56b4e9",
    waiting="#6b7280",
    baton="#e0e0e0",
    red="#ff6a3d",
    accent="#f0e442",
    loop="#4b5563",
    chosen="#1f2733",
    playhead="#37414f",
)
LIGHT = Palette(
    background="#ffffff",
    text="#1f2328",
    faint="#57606a",
    running="#e69f00",
    on_running="#121212",
    ready="#0072b2",
    waiting="#8b949e",
    baton="#1f2328",
    red="#a3195b",
    accent="#8a4b00",
    loop="#c4cad1",
    chosen="#eef2f7",
    playhead="#d5dde8",
)


def style_of(palette: Palette, ink: int, *, chosen: bool = False) -> Style:
    """Give the style of an ink with its flags, on an ordinary or the chosen row."""
    plain = Ink(ink & ~(PLAYHEAD | FUTURE))
    background = palette.playhead if ink & PLAYHEAD else palette.chosen if chosen else palette.background
    foreground, bold = palette.text, False
    match plain:
        case Ink.RUNNING | Ink.NEXT:
            foreground = palette.running
        case Ink.VERB:
            foreground, background = palette.on_running, palette.running
        case Ink.FOLDED | Ink.LABEL | Ink.HEAD | Ink.PRINT:
            foreground = palette.faint
        case Ink.READY | Ink.SHIELD:
            foreground = palette.ready
        case Ink.WAITING | Ink.JOIN | Ink.SPARE | Ink.SCOPE:
            foreground = palette.waiting
        case Ink.BATON:
            foreground, bold = palette.baton, True
        case Ink.HELD:
            bold = True
        case Ink.MARK:
            foreground, bold = palette.ready, True
        case Ink.RETURNED:
            foreground, bold = palette.running, True
        case Ink.RAISED | Ink.CANCELLED:
            foreground, bold = palette.red, True
        case Ink.LOOP:
            foreground = background = palette.loop
        case Ink.LOOP_VERB:
            foreground, background = palette.text, palette.loop
        case _:
            pass
    if ink & PLAYHEAD and plain in (Ink.HEAD, Ink.PRINT):
        foreground, bold = palette.text, True
    if ink & FUTURE and plain is not Ink.NEXT:
        # Half way to the background: what comes after the playhead is there, and recedes
        foreground = _between(foreground, palette.background)
        if background not in (palette.background, palette.chosen):
            background = _between(background, palette.background)
    return Style(color=foreground, bgcolor=background, bold=bold)


def _between(one: str, other: str, share: float = 0.6) -> str:
    first, second = Color.parse(one).triplet, Color.parse(other).triplet
    if first is None or second is None:
        return one
    mixed = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)
