"""What is true of small programs of the kinds that people really have: each log is sound, and says it."""

from __future__ import annotations

import pytest

from recorded import NAMES, Cases


@pytest.mark.parametrize("name", NAMES)
def test_each_case_leaves_a_sound_log(cases: Cases, name: str) -> None:
    assert cases[name].timeline.ended
