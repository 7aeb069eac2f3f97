"""Bring the catalogues up to date with the code: `make words`. New messages come in untranslated; a test sees them."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "src" / "triotrace"
SOME_DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
KEYWORDS = {"_": None, "N_": None, "say": None, "gettext": None, "_n": (1, 2)}


def messages() -> Catalog:
    """Collect what the code says."""
    found = Catalog(charset="utf-8")
    for folder in ("timeline", "viewer", "export"):
        for _, _, message, comments, _ in extract_from_dir(
            PACKAGE / folder, [("**.py", "python")], keywords=KEYWORDS, comment_tags=["Translators:"]
        ):
            found.add(message, auto_comments=comments)
    return found


def merged(language: str, old: Catalog) -> Catalog:
    """Give today's messages the translations of an older catalogue; no date of today's, or it would always differ."""
    new = Catalog(
        locale=language,
        header_comment=f"# The words of triotrace in {language}.",
        project="triotrace",
        version="1",
        creation_date=SOME_DAY,
        revision_date=SOME_DAY,
        last_translator="the triotrace authors",
        language_team=language,
        msgid_bugs_address="",
        charset="utf-8",
        fuzzy=False,
    )
    # How many plurals a language has is settled by whoever translated it: the tables of Babel change with its versions
    new.mime_headers = [(name, value) for name, value in old.mime_headers if name == "Plural-Forms"]
    for message in messages():
        if message.id:
            known = old.get(message.id)
            new.add(message.id, known.string if known else "", auto_comments=message.auto_comments)
    return new


def update(language: str) -> None:
    """Merge new messages into a language's catalogue, and compile it."""
    folder = PACKAGE / "locale" / language / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "triotrace.po"
    old = read_po(io.BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(locale=language)
    catalog = merged(language, old)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, no_location=True, sort_output=True)
    with (folder / "triotrace.mo").open("wb") as file:
        write_mo(file, catalog)
    missing = [message.id for message in catalog if message.id and not message.string]
    print(f"{language}: {len(catalog)} messages, {len(missing)} without a translation", *missing, sep="\n  ")


if __name__ == "__main__":
    update("pt")
