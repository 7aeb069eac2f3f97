"""Colours: every state stands out on every theme, in sixteen colours, and in greys."""

from __future__ import annotations

import re

import pytest
from driven import Told, drive, press, screen_of
from rich.color import Color, ColorSystem
from story import event
from textual.color import Color as ThemeColor
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

from triotrace.timeline.canvas import PLAYHEAD, Ink
from triotrace.viewer.app import TraceApp
from triotrace.viewer.inks import DARK, LIGHT, LINES, MARKS, WORDS, Palette, contrast, palette_for, style_of

LEAST = {
    Ink.BLANK: WORDS,  # the labels
    Ink.VERB: WORDS,
    Ink.LABEL: WORDS,
    Ink.HEAD: WORDS,
    Ink.PRINT: WORDS,
    Ink.RUNNING: MARKS,
    Ink.READY: MARKS,
    Ink.MARK: MARKS,
    Ink.BATON: MARKS,
    Ink.RETURNED: MARKS,
    Ink.RAISED: MARKS,
    Ink.CANCELLED: MARKS,
    Ink.NEXT: MARKS,
    Ink.LOOP_VERB: MARKS,
    Ink.WAITING: LINES,
    Ink.JOIN: LINES,
    Ink.SCOPE: LINES,
    Ink.SPARE: LINES,
}


def of(theme: str) -> Palette:
    """Make the palette as the app does."""
    known = BUILTIN_THEMES[theme]
    background = known.to_color_system().generate()["background"]
    if ThemeColor.parse(background).ansi is not None:
        background = (DARK if known.dark else LIGHT).background
    return palette_for(background, dark=known.dark)


def colors(palette: Palette, ink: int, *, chosen: bool = False) -> tuple[str, str]:
    style = style_of(palette, ink, chosen=chosen)
    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color.triplet is not None
    assert style.bgcolor.triplet is not None
    return style.color.triplet.hex, style.bgcolor.triplet.hex


def test_contrast_is_that_of_the_guidelines() -> None:
    assert 21 == round(contrast("#ffffff", "#000000"), 2) == round(contrast("#000000", "#ffffff"), 2)
    assert 1 == contrast("#777777", "#777777")
    assert 4.48 == round(contrast("#777777", "#ffffff"), 2)


@pytest.mark.parametrize("theme", BUILTIN_THEMES)
def test_every_ink_stands_out_on_every_theme(theme: str) -> None:
    """Words by 4.5, the glyphs of a state by 3, lines that stand back by 2.5; a little less on the chosen row."""
    palette = of(theme)
    for ink, least in LEAST.items():
        assert least <= contrast(*colors(palette, ink)), ink.name
        assert 0.75 * least <= contrast(*colors(palette, ink, chosen=True)), f"{ink.name} on the chosen row"
    assert WORDS <= contrast(palette.accent, palette.background)
    assert MARKS <= contrast(*colors(palette, Ink.HEAD | PLAYHEAD)), "the playhead's own number"
    assert 1.05 <= contrast(palette.chosen, palette.background), "the chosen row is seen"
    assert 1.3 <= contrast(palette.playhead, palette.background), "so is the playhead's column"
    assert 1.8 <= contrast(palette.loop, palette.background), "and a sleep of the loop"


@pytest.mark.parametrize("theme", BUILTIN_THEMES)
def test_states_have_colours_of_their_own(theme: str) -> None:
    palette = of(theme)
    states = [palette.running, palette.ready, palette.waiting, palette.red, palette.text]
    assert len(states) == len(set(states))


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
def test_sixteen_colours_are_enough(theme: str) -> None:
    palette = of(theme)

    def number(color: str) -> int | None:
        return Color.parse(color).downgrade(ColorSystem.STANDARD).number

    for ink in LEAST:
        foreground, background = colors(palette, ink)
        assert number(foreground) != number(background), ink.name
    states = [palette.running, palette.ready, palette.waiting, palette.red, palette.background]
    assert len(states) == len({number(color) for color in states})


def test_without_colours_there_are_greys_and_the_glyphs_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "home", *["right"] * 4)
        found = set(re.findall(r"#[0-9a-fA-F]{6}", app.export_screenshot()))
        assert found
        frame = {"#ff5f57", "#febc2e", "#28c840", "#c5c8c6"}  # what every such picture is framed by: buttons, a title
        assert set() == {one for one in found if len({one[1:3], one[3:5], one[5:7]}) > 1} - frame
        screen = "\n".join(screen_of(app))
        for glyph in "█░┈┃▼■":
            assert glyph in screen

    drive(Told(event()), act, size=(120, 30))


@pytest.mark.parametrize("theme", BUILTIN_THEMES)
def test_every_theme_can_be_taken(theme: str) -> None:
    async def act(app: TraceApp, pilot: Pilot[None]) -> None:
        app.theme = theme
        await pilot.pause()
        assert of(theme) == app.painter.palette
        assert "█" in "\n".join(screen_of(app))

    drive(Told(event()), act)
