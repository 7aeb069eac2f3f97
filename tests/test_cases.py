"""What is true of small programs of the kinds that people really have: each log is sound, and says it."""

from __future__ import annotations

import pytest

from recorded import NAMES, Cases
from triotrace.events import VERSION


@pytest.mark.parametrize("name", NAMES)
def test_each_case_leaves_a_sound_log(cases: Cases, name: str) -> None:
    assert cases[name].timeline.ended
    times = [t for event in cases[name].events if (t := getattr(event, "t", None)) is not None]
    assert sorted(times) == times, "time never goes back"


def test_the_header_tells_the_version_of_the_vocabulary(cases: Cases) -> None:
    """It is written before anything of ours can be imported."""
    header = cases["walks"].timeline.header
    assert header is not None
    assert VERSION == header.version
