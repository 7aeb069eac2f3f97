"""The catalogue of a language: `--lang`, else the user's locale; English needs none."""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from gettext import NullTranslations
from pathlib import Path

__all__ = ["LANGUAGES", "catalogue"]

LANGUAGES = ("en", "pt")
_FOLDER = Path(__file__).parent / "locale"


def catalogue(language: str | None = None, environment: Mapping[str, str] = os.environ) -> NullTranslations:
    """Load the messages of a language of LANGUAGES; None takes the locale that the environment names."""
    chosen = language or _of_locale(environment)
    if chosen == "en":
        return NullTranslations()
    return gettext.translation("triotrace", _FOLDER, [chosen], fallback=True)


def _of_locale(environment: Mapping[str, str]) -> str:
    # The order in which gettext itself looks
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for word in environment.get(name, "").split(":"):
            language = word.partition(".")[0].partition("_")[0].lower()
            if language in LANGUAGES:
                return language
            if language:
                return "en"
    return "en"
