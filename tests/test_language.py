"""The catalogues: complete, in step with the code, and with the same blanks to fill."""

from __future__ import annotations

import gettext
import io
import string
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))

import make_words
from story import event, relay

from triotrace.language import LANGUAGES, catalogue
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

FOLDER = make_words.PACKAGE / "locale" / "pt" / "LC_MESSAGES"
PORTUGUESE = read_po(io.BytesIO((FOLDER / "triotrace.po").read_bytes()))


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_word_of_the_screen_is_translated() -> None:
    said = {message.id for message in make_words.messages() if message.id}
    known = {message.id for message in PORTUGUESE if message.id and message.string and all(message.string)}
    assert set() == said - known, "run `make words`, and translate"
    assert set() == known - said, "run `make words`"


def test_translations_have_the_same_blanks() -> None:
    for message in PORTUGUESE:
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        translations = message.string if isinstance(message.string, tuple) else (message.string,)
        for original, translation in zip(originals, translations, strict=True):
            if original:
                assert blanks(original) == blanks(translation)


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    compiled = gettext.GNUTranslations(io.BytesIO((FOLDER / "triotrace.mo").read_bytes()))
    for message in PORTUGUESE:
        if message.id and not isinstance(message.id, tuple):
            assert message.string == compiled.gettext(message.id)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "pt_BR.UTF-8"}, "pt"),
        ({"LANG": "pt_PT"}, "pt"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "pt_BR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANGUAGE": "pt:en", "LANG": "en_US.UTF-8"}, "pt"),
        ({"LANG": ""}, "en"),
    ],
)
def test_the_locale_chooses(environment: dict[str, str], language: str) -> None:
    chosen = catalogue(None, environment)
    assert (chosen.gettext("next ▸ ") == "próxima ▸ ") == (language == "pt")


def test_the_option_wins_over_the_locale() -> None:
    assert "next ▸ " == catalogue("en", {"LANG": "pt_BR"}).gettext("next ▸ ")
    assert {"en", "pt"} == set(LANGUAGES)


def test_portuguese_sentences() -> None:
    words = Words(catalogue("pt"))
    timeline = Timeline()
    timeline.feed(relay().events)
    assert words.happened(timeline, 3) == (
        "consumer recebe uma mensagem: producer, que esperava para enviar, volta à fila. "
        "consumer cede a vez em `receive` e continua na fila."
    )
    timeline = Timeline()
    timeline.feed(event().events)
    assert "Ninguém estava pronta: o laço dormiu por 10,0 s. Depois, task_a volta à fila." == words.happened(
        timeline, 5
    )
    assert "main espera 3 filhas no berçário (nursery)." == words.happened(timeline, 1).partition(". ")[2]
