"""A program seen through a memory channel in its own process, and through the child's log: the same happened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from programs import ended, events_of, plain, record, running
from triotrace.events import (
    AfterIoWait,
    AfterRun,
    AfterTaskStep,
    BeforeIoWait,
    BeforeRun,
    BeforeTaskStep,
    Clock,
    Event,
    NurseryClosed,
    NurseryOpened,
    Output,
    Place,
    Source,
    TaskExited,
    TaskMoved,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.log import LogReader, encode

PROGRAM = """
import time
import trio

async def pause(event):
    await trio.sleep(0.5)
    event.set()

async def wait(event, task_status=trio.TASK_STATUS_IGNORED):
    task_status.started()
    await event.wait()

async def send(channel):
    async with channel:
        for i in range(3):
            await channel.send(i)

async def fail():
    await trio.sleep(0.05)
    raise ValueError("no")

async def main():
    event = trio.Event()
    sending, receiving = trio.open_memory_channel(0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pause, event)
        await nursery.start(wait, event)
        nursery.start_soon(send, sending)
        async for _ in receiving:
            await trio.to_thread.run_sync(time.sleep, 0.05)  # the loop certainly sleeps meanwhile
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)
            nursery.start_soon(trio.sleep_forever)
    except* ValueError:
        pass
"""

BY_ITSELF = """
import sys, trio, program
from triotrace import Tracer
from triotrace.log import encode
from triotrace.tracing import order
from triotrace.tracing.patches import Patches

order.arrange(sys.modules["trio._core._run"], "started", Patches())
send, receive = trio.open_memory_channel(1000)
with send:
    trio.run(program.main, instruments=[Tracer(send.send_nowait)])

async def write():
    with open("events", "wb") as file:
        async for batch in receive:
            file.write(encode(batch))

trio.run(write)
"""

SCHEDULING = (
    BeforeRun, TaskSpawned, TaskMoved, TaskScheduled, BeforeTaskStep, AfterTaskStep, TaskExited,
    NurseryOpened, NurseryClosed, BeforeIoWait, AfterIoWait, AfterRun,
)  # fmt: skip
TIMES = {"t", "trio_time", "until", "deadline"}


def told(events: list[Event]) -> list[dict[str, Any]]:
    """What was told of scheduling, without times; a place is told by what it says."""
    places: dict[int, object] = {}
    found = []
    for event in events:
        if isinstance(event, Place):
            places[event.place] = (Path(event.file).name, event.line, event.function, event.call)
        elif isinstance(event, SCHEDULING):
            fields = {name: value for name, value in msgspec.structs.asdict(event).items() if name not in TIMES}
            fields["place"] = places.get(fields.get("place"))
            # Wrapping cancel scopes is a matter of the child alone
            fields.pop("scope", None)
            fields["error"] = re.sub("0x[0-9a-f]+", "0x", str(fields.get("error")))
            found.append({"event": type(event).__name__, **fields})
    return found


def test_a_memory_channel_and_the_log_tell_the_same(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "by_itself.py").write_text(BY_ITSELF)
    (tmp_path / "script.py").write_text("import trio\nimport program\n\ntrio.run(program.main)\n")
    with running(plain("by_itself.py"), cwd=tmp_path) as child:
        assert 0 == ended(child).status
    log = tmp_path / "log.jsonl"
    with running(record(log, "script.py", options=["--order", "started"]), cwd=tmp_path) as child:
        assert 0 == ended(child).status
    recorded = events_of(log)
    reader = LogReader("events")
    by_itself = reader.feed(encode(recorded[:1]) + (tmp_path / "events").read_bytes())
    expected, seen = told(by_itself), told(recorded)
    assert len(expected) > 60
    assert expected == seen
    # What only a log can have
    extra = {type(event) for event in recorded} - {type(event) for event in by_itself}
    assert not extra & {*SCHEDULING, Place, Source, Clock}
    assert Output not in {type(event) for event in by_itself}
