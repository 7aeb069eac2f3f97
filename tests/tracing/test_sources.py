"""The source in the log is what runs: a file that was saved since, and is another now, is left out."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from programs import ended, events_of, record, running
from triotrace.events import Place, Source

MODULE = """
    import trio

    async def ask(stop):
        await stop.wait()
    """
PROGRAM = """
    import pathlib
    import sys

    import trio

    here = pathlib.Path(__file__).parent
    text = (here / "text.py").read_text()
    if sys.argv[1] == "written":
        (here / "asks.py").write_text(text)
    import asks

    async def main():
        await trio.sleep(0)
        if sys.argv[1] == "edited":
            pathlib.Path(asks.__file__).write_text(text.replace("stop.wait()", "other.send_all(stop)"))
        with trio.move_on_after(0.01):
            await asks.ask(trio.Event())

    trio.run(main)
    """


@pytest.mark.parametrize(("what", "kept"), [("untouched", True), ("edited", False), ("written", True)])
def test_a_file_that_was_saved_since_it_was_imported_is_left_out(tmp_path: Path, what: str, kept: bool) -> None:
    """What the program itself writes, and imports then, is what runs. The place is told in any case."""
    module, log = textwrap.dedent(MODULE), tmp_path / "run.jsonl"
    (tmp_path / "text.py").write_text(module)
    (tmp_path / "asks.py").write_text(module)
    if what == "written":
        (tmp_path / "asks.py").unlink()
    (tmp_path / "prog.py").write_text(textwrap.dedent(PROGRAM))
    with running(record(log, tmp_path / "prog.py", what), cwd=tmp_path) as child:
        assert 0 == ended(child).status
    told = {Path(event.file).name: event.text for event in events_of(log) if isinstance(event, Source)}
    assert ({"prog.py", "asks.py"} if kept else {"prog.py"}) == set(told)
    assert not kept or told["asks.py"] == module
    waits = [event for event in events_of(log) if isinstance(event, Place) and event.call == "Event.wait"]
    assert [("asks.py", 5)] == [(Path(event.file).name, event.line) for event in waits]
