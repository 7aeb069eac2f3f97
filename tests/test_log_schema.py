"""The published schema: in step with events.py, and in agreement with the reader."""

from __future__ import annotations

import copy
import json
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from log_samples import LINES, any_event
from triotrace.events import EVENTS, KINDS, Event
from triotrace.log import encode

DOCS = Path(__file__).parent.parent / "docs"
SCHEMA = json.loads((DOCS / "log-schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_published_schema_is_that_of_the_vocabulary() -> None:
    """Run docs/make_schema.py when this fails."""
    made = runpy.run_path(str(DOCS / "make_schema.py"))["make_schema"]()
    assert made == (DOCS / "log-schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["event"] for line in LINES])
def test_every_kind_of_line_validates(line: bytes) -> None:
    VALIDATOR.validate(json.loads(line))


@given(any_event)
@settings(max_examples=100)
def test_any_event_validates(event: Event) -> None:
    VALIDATOR.validate(json.loads(encode([event])))


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["event"] for line in LINES])
def test_a_wrong_line_does_not_validate(line: bytes) -> None:
    fields: dict[str, Any] = json.loads(line)
    for name, value in [*fields.items(), ("surplus", 1)]:
        changed = copy.deepcopy(fields)
        changed[name] = {"not": ["right"]} if name in fields else value
        assert not VALIDATOR.is_valid(changed), name


def test_the_words_are_those_of_the_kinds() -> None:
    assert set(KINDS) == {json.loads(line)["event"] for line in LINES}
    assert len(EVENTS) == len(KINDS)
