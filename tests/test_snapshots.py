"""The lanes of each lesson, as plain text: `pytest tests/test_snapshots.py --draw` draws them anew."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from programs import ended, events_of, record, running
from triotrace.export.text import picture
from triotrace.timeline.timeline import Timeline

EXAMPLES = Path(__file__).parent.parent / "examples"
SNAPSHOTS = Path(__file__).parent / "snapshots"
# Lessons whose steps are the same in each run: no sockets, no files, no threads
LESSONS = ["exemplo_00", "exemplo_00_trio", "exemplo_01", "exemplo_04", "exemplo_06", "exemplo_07"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each lesson's picture at three columns a step, in which no length of time is written."""
    folder = tmp_path_factory.mktemp("logs")
    pictures = {}
    with ExitStack() as stack:
        children = {
            name: stack.enter_context(
                running(record(folder / f"{name}.jsonl", f"{name}.py", options=["--order", "started"]), cwd=EXAMPLES)
            )
            for name in LESSONS
        }
        for name, child in children.items():
            assert 0 == ended(child).status
            timeline = Timeline()
            timeline.feed(events_of(folder / f"{name}.jsonl"))
            assert [] == timeline.damages
            pictures[name] = picture(timeline, width=100, zoom=3)
    return pictures


@pytest.mark.parametrize("name", LESSONS)
def test_lanes(name: str, drawn: dict[str, str], pytestconfig: pytest.Config) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    if pytestconfig.getoption("--draw"):
        path.write_text(drawn[name])
    assert path.read_text() == drawn[name]
