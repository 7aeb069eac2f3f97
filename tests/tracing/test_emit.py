"""Batches on their way out: when they go, what a full or closed channel costs, and who must not see himself."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing

from triotrace import Tracer
from triotrace.events import (
    AfterTaskStep,
    BeforeRun,
    BeforeTaskStep,
    Dropped,
    Event,
    Mark,
    NurseryClosed,
    NurseryOpened,
    Place,
    Source,
    TaskExited,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.tracing.recorder import BATCH, Recorder


async def chatter(seconds: float = 0.002, rounds: int = 20) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(naps, seconds, rounds)


async def naps(seconds: float, rounds: int) -> None:
    for _ in range(rounds):
        await trio.sleep(seconds)


def flat(batches: list[list[Event]]) -> list[Event]:
    return [event for batch in batches for event in batch]


def story(events: list[Event]) -> list[tuple[str, object]]:
    return [(type(e).__name__, getattr(e, "task", None)) for e in events]


def test_a_batch_before_each_sleep() -> None:
    """What happened is out before the loop sleeps, and the rest after the run."""
    batches: list[list[Event]] = []
    trio.run(naps, 0.001, 5, instruments=[Tracer(batches.append)])
    assert len(batches) >= 6
    assert all(batches)
    assert "AfterRun" == story(flat(batches))[-1][0]


def test_a_batch_when_many_are_pending() -> None:
    """A spawn storm in one step goes out in pieces that 1,200 events bound, but for places."""
    sizes: list[int] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(5000):
                nursery.start_soon(trio.lowlevel.checkpoint)
            before = len(sizes)
            assert before > 5
            nursery.cancel_scope.cancel()

    tracer = Tracer(lambda batch: sizes.append(len(batch)))
    trio.run(main, instruments=[tracer])
    assert max(sizes) <= 1200
    assert 0 == tracer.dropped
    assert BATCH < 1200


def test_memory_channel_read_after_the_run() -> None:
    """The example of the documentation works, and loses nothing when the channel is large enough."""
    send, receive = trio.open_memory_channel[list[Event]](100)
    tracer = Tracer(send.send_nowait)
    trio.run(chatter, 0.001, 5, instruments=[tracer])
    events: list[Event] = []
    while receive.statistics().current_buffer_used:
        events += receive.receive_nowait()
    assert 0 == tracer.dropped
    assert list(range(6)) == sorted(e.task for e in events if isinstance(e, TaskExited))


@pytest.mark.parametrize("refusal", [trio.WouldBlock, trio.BrokenResourceError, ZeroDivisionError, KeyboardInterrupt])
def test_refused_batches_are_counted(refusal: type[BaseException]) -> None:
    """Whatever `emit` raises, the program goes on; the next batch says how many are lost, and tells all places anew."""
    got: list[Event] = []
    lost: list[Event] = []
    turn = 0

    def emit(batch: list[Event]) -> None:
        nonlocal turn
        turn += 1
        if turn % 3 != 0:
            lost.extend(event for event in batch if event not in got)
            raise refusal
        got.extend(batch)

    tracer = Tracer(emit)
    trio.run(chatter, instruments=[tracer])
    dropped = [e for e in got if isinstance(e, Dropped)]
    assert dropped
    told = sum(e.count for e in dropped)
    assert 0 <= tracer.dropped - told
    assert tracer.dropped > 0
    known: set[int] = set()
    for event in got:
        if isinstance(event, Place):
            known.add(event.place)
        assert getattr(event, "place", None) is None or event.place in known
    times = [e.t for e in got if hasattr(e, "t")]
    assert times == sorted(times)
    for event in dropped:
        assert event.since <= event.t


def test_a_channel_that_is_always_full() -> None:
    """Nothing gets through, nothing breaks, and the number is right."""
    everything: list[Event] = []
    trio.run(chatter, 0.001, 3, instruments=[Tracer(everything.extend)])

    def full(batch: list[Event]) -> None:
        raise trio.WouldBlock

    tracer = Tracer(full)
    trio.run(chatter, 0.001, 3, instruments=[tracer])
    assert tracer.dropped > len(everything) // 2


def test_another_threads_run_reads() -> None:
    """With its token, batches cross into the run of another thread, in order and without loss."""
    events: list[Event] = []
    ready = threading.Event()
    holder: dict[str, Any] = {}

    async def reader() -> None:
        send, receive = trio.open_memory_channel[list[Event]](math.inf)
        holder["tracer"] = Tracer(send.send_nowait, token=trio.lowlevel.current_trio_token())
        ready.set()
        async for batch in receive:
            events.extend(batch)
            if any(type(event).__name__ == "AfterRun" for event in batch):
                break

    thread = threading.Thread(target=trio.run, args=(reader,))
    thread.start()
    assert ready.wait(10)
    trio.run(chatter, 0.001, 5, instruments=[holder["tracer"]])
    thread.join(10)
    assert not thread.is_alive()
    assert 0 == holder["tracer"].dropped
    assert 6 == len([e for e in events if isinstance(e, TaskExited)])


def test_the_other_run_is_over() -> None:
    """A reader that is gone costs the events, and nothing else."""
    holder: list[Tracer] = []

    async def reader() -> None:
        holder.append(Tracer(lambda batch: None, token=trio.lowlevel.current_trio_token()))

    trio.run(reader)
    trio.run(chatter, 0.001, 3, instruments=holder)
    assert holder[0].dropped > 0


def test_the_other_runs_channel_is_full() -> None:
    """What the other run cannot take is counted there, and said with the next batch; neither run is hurt."""
    events: list[Event] = []
    ready, done = threading.Event(), threading.Event()
    holder: dict[str, Any] = {}

    async def reader() -> None:
        send, receive = trio.open_memory_channel[list[Event]](1)
        holder["tracer"] = Tracer(send.send_nowait, token=trio.lowlevel.current_trio_token())
        ready.set()
        while not done.is_set():
            await trio.sleep(0.01)
            while receive.statistics().current_buffer_used:
                events.extend(receive.receive_nowait())

    thread = threading.Thread(target=trio.run, args=(reader,))
    thread.start()
    assert ready.wait(10)
    trio.run(chatter, 0.001, 50, instruments=[holder["tracer"]])
    done.set()
    thread.join(10)
    tracer = holder["tracer"]
    told = sum(e.count for e in events if isinstance(e, Dropped))
    assert 0 < told <= tracer.dropped


def test_a_consumer_in_the_traced_run() -> None:
    """A task that reads its own run's events is woken at once, and leaves no trace; nor do its children."""
    batches: list[list[Event]] = []

    async def consume(receive: trio.MemoryReceiveChannel[list[Event]], tracer: Tracer) -> None:
        tracer.ignore(trio.lowlevel.current_task())
        async with trio.open_nursery() as nursery:
            async for batch in receive:
                nursery.start_soon(keep, batch)

    async def keep(batch: list[Event]) -> None:
        await trio.lowlevel.checkpoint()
        batches.append(batch)

    async def main(receive: trio.MemoryReceiveChannel[list[Event]], tracer: Tracer) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(consume, receive, tracer)
            before = trio.current_time()
            await trio.sleep(0.5)
            assert len(flat(batches)) > 5, "the consumer was not woken while main slept"
            assert trio.current_time() - before < 5
            nursery.cancel_scope.cancel()

    send, receive = trio.open_memory_channel[list[Event]](100)
    tracer = Tracer(send.send_nowait)
    trio.run(main, receive, tracer, instruments=[tracer])
    while receive.statistics().current_buffer_used:
        batches.append(receive.receive_nowait())
    events = flat(batches)
    assert len(events) < 100
    assert 0 == tracer.dropped
    roles = [e.role for e in events if isinstance(e, TaskSpawned)]
    assert ["init", "main", "system"] == roles
    known = {e.task for e in events if isinstance(e, TaskSpawned)}
    assert all(e.task in known for e in events if getattr(e, "task", None) is not None)
    assert all(e.waker in known for e in events if isinstance(e, TaskScheduled) and e.waker is not None)


def test_ignoring_a_task_that_is_known_already() -> None:
    """A task whose birth was told leaves the trace at the end of its next step."""
    events: list[Event] = []

    async def other() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(naps, 0.005, 10, name="grandchild")
            await trio.sleep(0.015)
            await trio.sleep(0.015)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            await trio.sleep(0.01)  # out it goes
            [task] = nursery.child_tasks
            tracer.ignore(task)

    tracer = Tracer(events.extend)
    trio.run(main, instruments=[tracer])
    spawned = {e.task: e.name for e in events if isinstance(e, TaskSpawned)}
    exited = [e.task for e in events if isinstance(e, TaskExited)]
    assert sorted(spawned) == sorted(exited)
    ends = {spawned[e.task].rpartition(".")[2]: e.result for e in events if isinstance(e, TaskExited)}
    assert ("returned", "returned") == (ends["other"], ends["grandchild"])
    opened = [e.nursery for e in events if isinstance(e, NurseryOpened)]
    assert sorted(opened) == sorted(e.nursery for e in events if isinstance(e, NurseryClosed))
    steps = [e for e in events if isinstance(e, BeforeTaskStep) and spawned[e.task] == "grandchild"]
    assert 0 < len(steps) < 10


def test_hooks_that_fail_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours never reaches the program: what it cost is counted, and said in the trace."""
    from triotrace.tracing.places import Places

    def broken(*_: object) -> None:
        raise LookupError("a bug")

    monkeypatch.setattr(Places, "stand", broken)
    events: list[Event] = []
    tracer = Tracer(events.extend)
    trio.run(chatter, 0.001, 3, instruments=[tracer])
    assert tracer.dropped > 10
    assert 0 == len([e for e in events if isinstance(e, AfterTaskStep) and e.place is not None])
    assert tracer.dropped >= sum(e.count for e in events if isinstance(e, Dropped)) > 0
    assert [] != [e for e in events if isinstance(e, TaskExited)]


def test_runs_in_threads_share_a_log() -> None:
    """Several runs at once: ids are one log's, and `t` never goes back."""
    events: list[Event] = []
    recorder = Recorder(events.extend)

    def run() -> None:
        trio.run(chatter, 0.0001, 30, instruments=[Tracer.sharing(recorder, None)])

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.flush()
    times = [e.t for e in events if hasattr(e, "t")]
    assert times == sorted(times)
    assert {0, 1, 2} == {e.run for e in events if isinstance(e, BeforeRun)}
    assert list(range(18)) == sorted(e.task for e in events if isinstance(e, TaskSpawned))
    assert 1 == len([e for e in events if isinstance(e, Source) and e.file == __file__])


@pytest.mark.parametrize("text", ["plain", "lone \udc80", "x" * 5000])
def test_marks(text: str) -> None:
    """A mark knows the task that made it; text is fit for a log."""
    import triotrace

    async def main() -> None:
        await trio.lowlevel.checkpoint()
        triotrace.mark(text)

    events: list[Event] = []
    trio.run(main, instruments=[Tracer(events.extend)])
    [mark] = [e for e in events if isinstance(e, Mark)]
    main_task = next(e.task for e in events if isinstance(e, TaskSpawned) and e.role == "main")
    assert main_task == mark.task
    assert len(mark.text) <= 4096
    mark.text.encode()


def test_mark_without_a_trace() -> None:
    """Nothing happens."""
    import triotrace

    triotrace.mark("nobody listens")


def test_a_late_event_does_not_take_time_back() -> None:
    """A hook looks at the clock, another thread gets a batch out, and only then the hook appends: `t` goes on."""
    events: list[Event] = []
    recorder = Recorder(events.extend, now=iter(range(10**6)).__next__)
    for t in (recorder.now(), 700):
        recorder.pending.append(Mark(t, "of the run"))
        recorder.add(lambda t: Mark(t, "of another thread"))
        recorder.pending.append(Mark(t, "late"))
        recorder.flush()
    recorder.pending.append(Mark(800, "in time"))
    recorder.flush()
    times = [e.t for e in events if isinstance(e, Mark)]
    assert 7 == len(times)
    assert times == sorted(times)
    assert 800 == times[-1]


def test_nothing_is_left_of_finished_tasks() -> None:
    """What is remembered does not grow with the tasks and events that are gone."""
    tracer = Tracer(lambda batch: None)
    sizes: list[Callable[[], int]] = []

    async def main() -> None:
        state = tracer._state
        sizes.extend([lambda: len(state.records), lambda: len(state.family.ids), lambda: len(state.recorder.objects)])
        counts = []
        for _ in range(3):
            async with trio.open_nursery() as nursery:
                for _ in range(100):
                    nursery.start_soon(trio.Event().wait)
                await trio.testing.wait_all_tasks_blocked()
                nursery.cancel_scope.cancel()
            counts.append([size() for size in sizes])
        assert counts[0] == counts[1] == counts[2]

    trio.run(main, instruments=[tracer])
