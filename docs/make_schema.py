"""Write docs/log-schema.json, the JSON Schema of one line of a log, from the vocabulary in events.py.

python docs/make_schema.py
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Union

import msgspec

from triotrace.events import EVENTS, VERSION

TARGET = Path(__file__).with_name("log-schema.json")


def make_schema() -> str:
    """The schema as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"One line of a triotrace log, version {VERSION[0]}.{VERSION[1]}",
        "description": "What this version writes. A reader of it skips kinds and fields that are not named here.",
        **msgspec.json.schema(Union[EVENTS]),  # noqa: UP007 a tuple of types
    }
    return json.dumps(_dedented(schema), indent=2) + "\n"


def _dedented(part: object) -> object:
    """Descriptions are docstrings, of which Python 3.13 takes the indentation and earlier ones do not."""
    if isinstance(part, list):
        return [_dedented(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: inspect.cleandoc(value) if key == "description" and isinstance(value, str) else _dedented(value)
        for key, value in part.items()
    }


if __name__ == "__main__":
    TARGET.write_text(make_schema(), encoding="utf-8")
    print(f"wrote {TARGET}")
