"""Terminals for tests: each test's own, closed at its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tmux import Opens, is_installed


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Opens]:
    """Open terminals of a given size in the test's own folder."""
    if not is_installed():
        if os.environ.get("CI") == "true":
            pytest.fail("tmux is not installed, and these tests are the ones that see what a user sees")
        pytest.skip("tmux is not installed")
    with ExitStack() as stack:
        yield Opens(tmp_path, stack)
