"""What holds in every test of the viewer: nothing fails in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from triotrace.viewer.failures import Failures


@pytest.fixture(autouse=True)
def failures(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """All that fails in the viewers of a test; one that expects it takes it off the list."""
    taken: list[BaseException] = []
    take = Failures.take

    def taking(self: Failures, error: BaseException) -> None:
        taken.append(error)
        take(self, error)

    monkeypatch.setattr(Failures, "take", taking)
    yield taken
    assert [] == taken
