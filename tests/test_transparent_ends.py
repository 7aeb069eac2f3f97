"""What the log holds of a program that hangs, blocks its loop, or dies a hard death."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from textwrap import dedent

import pytest

from programs import events_of, record, running, until
from triotrace.events import (
    AfterTaskStep,
    BeforeIoWait,
    BeforeTaskStep,
    Event,
    Footer,
    Header,
    Output,
    Place,
    StepSampled,
    TaskExited,
    TaskSpawned,
)
from triotrace.log import LogTail

ASLEEP = """\
import trio

async def child(number):
    for _ in range(number):
        await trio.lowlevel.checkpoint()
    print("child", number)
    await trio.sleep_forever()

async def main():
    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(child, number)

trio.run(main)
"""


class Watched:
    """A log that is being written, read as the viewer does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[Event] = []
        self.tail: LogTail | None = None

    def look(self) -> list[Event]:
        """Return all events so far."""
        if self.tail is None and self.path.exists():
            self.tail = LogTail(self.path)
        if self.tail is not None:
            self.events += self.tail.read()
        return self.events

    def find(self, kind: type[Event]) -> bool | None:
        """Tell whether an event of this kind has been written, in the words of `until`."""
        return any(isinstance(event, kind) for event in self.look()) or None

    def pid(self) -> int:
        """Return the program's own process id."""
        header = self.events[0]
        assert isinstance(header, Header)
        return header.pid


def test_killed_while_the_loop_sleeps(tmp_path: Path) -> None:
    """All that happened before the loop went to sleep is on disk before it sleeps."""
    script, log = tmp_path / "script.py", tmp_path / "log.jsonl"
    script.write_text(ASLEEP)
    watched = Watched(log)
    with running(record(log, script, options=["--order", "started"]), cwd=tmp_path) as parent:
        until(
            lambda: isinstance((watched.look() or [None])[-1], BeforeIoWait) or None,
            what="the loop's sleep",
        )
        os.kill(watched.pid(), signal.SIGKILL)
        assert parent.wait(60) == -signal.SIGKILL
        assert parent.stderr is not None
        assert parent.stderr.read() == b""
    events = events_of(log)
    footer = events[-1]
    assert isinstance(footer, Footer)
    assert (footer.exit, footer.dropped) == (-signal.SIGKILL, 0)
    names = {event.task: event.name for event in events if isinstance(event, TaskSpawned)}
    children = [task for task, name in names.items() if name.endswith("child")]
    assert len(children) == 100
    # Each child takes one step more than it has checkpoints; all but its last step end in the queue.
    steps = [event.task for event in events if isinstance(event, BeforeTaskStep)]
    assert [number + 1 for number in range(100)] == [steps.count(task) for task in children]
    assert len(steps) == sum(isinstance(event, AfterTaskStep) for event in events)
    assert not any(isinstance(event, TaskExited) and event.task in children for event in events)
    assert sorted(f"child {number}\n" for number in range(100)) == sorted(
        "".join(event.text for event in events if isinstance(event, Output)).splitlines(keepends=True)
    )


@pytest.mark.parametrize("block", ["time.sleep(60)", "while True: pass"])
def test_a_step_that_blocks_is_seen_from_outside(tmp_path: Path, block: str) -> None:
    """While a step blocks the loop, the log already tells whose step it is and on which line it stands."""
    script, log = tmp_path / "script.py", tmp_path / "log.jsonl"
    script.write_text(
        dedent(f"""\
        import time, trio
        def deep():
            {block}  # here
        async def main():
            print("about to block")
            deep()
        trio.run(main)
        """)
    )
    (line,) = (number for number, text in enumerate(script.read_text().splitlines(), 1) if "# here" in text)
    watched = Watched(log)
    with running(record(log, script), cwd=tmp_path) as parent:
        until(lambda: watched.find(StepSampled), what="a sample of the step")
        places = {event.place: event for event in watched.events if isinstance(event, Place)}
        names = {event.task: event.name for event in watched.events if isinstance(event, TaskSpawned)}
        sample = next(event for event in watched.events if isinstance(event, StepSampled))
        assert (str(script), line) == (places[sample.place].file, places[sample.place].line)
        assert names[sample.task].endswith("main")
        assert any(isinstance(event, Output) and event.text.startswith("about") for event in watched.events)
        parent.send_signal(signal.SIGTERM)  # `record` passes it on, and dies of it with the program
        assert parent.wait(60) == -signal.SIGTERM
    footer = events_of(log)[-1]
    assert isinstance(footer, Footer)
    assert footer.exit == -signal.SIGTERM


def test_a_log_stays_readable_while_it_grows(tmp_path: Path) -> None:
    """Killing the recorder itself leaves a log without a footer, readable to its last whole line."""
    script, log = tmp_path / "script.py", tmp_path / "log.jsonl"
    script.write_text(ASLEEP)
    watched = Watched(log)
    with running(record(log, script), cwd=tmp_path) as parent:
        until(lambda: watched.find(BeforeIoWait), what="the loop's sleep")
        parent.kill()
        parent.wait(60)
        events = events_of(log)
        assert isinstance(events[0], Header)
        assert not isinstance(events[-1], Footer)
        assert any(isinstance(event, BeforeTaskStep) for event in events)
