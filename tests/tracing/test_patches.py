"""What we change in trio stands as long as a run is traced, and not a moment longer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing
from watched import run_module

from triotrace import Tracer
from triotrace.events import AfterRun, BeforeRun, BeforeTaskStep, Event, ScopeEntered
from triotrace.tracing.patches import Patches, SharedPatches

OWNERS = (trio.CancelScope, trio.Nursery, trio.lowlevel.ParkingLot, run_module.CancelStatus, run_module)


def trio_itself() -> list[dict[str, Any]]:
    """Return all attributes of what tracers change."""
    return [dict(vars(owner)) for owner in OWNERS]


async def busy() -> None:
    with trio.move_on_after(0.001):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)


def traced(tracer: Tracer) -> None:
    trio.run(busy, instruments=[tracer])


def crashed(tracer: Tracer) -> None:
    async def main() -> None:
        raise EOFError

    with pytest.raises(EOFError):
        trio.run(main, instruments=[tracer])


def broken(tracer: Tracer) -> None:
    async def main() -> None:
        def die() -> None:
            raise OSError

        trio.lowlevel.current_trio_token().run_sync_soon(die)
        await trio.sleep_forever()

    with pytest.raises(trio.TrioInternalError):
        trio.run(main, instruments=[tracer])


def removed(tracer: Tracer) -> None:
    async def main() -> None:
        await busy()
        trio.lowlevel.remove_instrument(tracer)
        assert itself == trio_itself()
        await busy()

    itself = trio_itself()
    trio.run(main, instruments=[tracer])


def added_late(tracer: Tracer) -> None:
    async def main() -> None:
        trio.lowlevel.add_instrument(tracer)
        await busy()

    trio.run(main)


@pytest.mark.parametrize("run", [traced, crashed, broken, removed, added_late])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_trio_is_itself_again(run: Callable[[Tracer], None]) -> None:
    """However a run ends, or its tracer is taken from it: each attribute is the very object that it was."""
    before = trio_itself()
    events: list[Event] = []
    run(Tracer(events.extend))
    trio.run(busy)
    assert before == trio_itself()
    assert len([e for e in events if isinstance(e, AfterRun)]) == 1
    assert isinstance(events[-1], AfterRun)


def test_the_last_of_several_runs_gives_trio_back() -> None:
    """A run in another thread still needs what a run that ends needs no more."""
    before = trio_itself()
    events: list[Event] = []
    begun, go_on = threading.Event(), threading.Event()

    async def long() -> None:
        begun.set()
        await trio.to_thread.run_sync(go_on.wait)
        await busy()

    thread = threading.Thread(target=lambda: trio.run(long, instruments=[Tracer(events.extend)]))
    thread.start()
    assert begun.wait(30)
    trio.run(busy, instruments=[Tracer(lambda batch: None)])
    assert before != trio_itself()
    go_on.set()
    thread.join()
    assert before == trio_itself()
    assert len([e for e in events if isinstance(e, ScopeEntered)]) == 2


def test_a_removed_tracer_is_told_and_collects_nothing_more() -> None:
    """The last thing that it tells is the end of its watching, without a result; what comes after is not told."""
    events: list[Event] = []
    tracer = Tracer(events.extend)

    async def main() -> None:
        await busy()
        trio.lowlevel.remove_instrument(tracer)
        told = len(events)
        await busy()
        assert told == len(events)

    trio.run(main, instruments=[tracer])
    assert isinstance(events[-1], AfterRun)
    assert events[-1].result is None
    trio.run(busy)
    assert isinstance(events[-1], AfterRun)


def test_a_tracer_that_trio_drops_is_told() -> None:
    """A subclass whose hook raises is dropped by trio: that ends its trace, and the run goes on."""
    events: list[Event] = []

    class Careless(Tracer):
        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            super().before_task_step(task)
            if task.name.endswith("busy"):
                raise OSError

    before = trio_itself()
    trio.run(busy, instruments=[Careless(events.extend)])
    assert [None] == [e.result for e in events if isinstance(e, AfterRun)]
    assert before == trio_itself()


def test_a_tracer_removed_and_added_again() -> None:
    """It takes the run up anew."""
    events: list[Event] = []
    tracer = Tracer(events.extend)

    async def main() -> None:
        trio.lowlevel.remove_instrument(tracer)
        await busy()
        trio.lowlevel.add_instrument(tracer)
        await busy()

    trio.run(main, instruments=[tracer])
    kinds = [type(e) for e in events if isinstance(e, BeforeRun | AfterRun)]
    assert [BeforeRun, AfterRun, BeforeRun, AfterRun] == kinds


def test_one_tracer_in_several_runs_at_once() -> None:
    """All of all of them is told."""
    events: list[Event] = []
    tracer = Tracer(events.extend)
    taken: list[object] = []

    class Count(trio.abc.Instrument):
        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            taken.append(task)

    async def main() -> None:
        for _ in range(20):
            await trio.sleep(0.001)

    threads = [
        threading.Thread(target=trio.run, args=(main,), kwargs={"instruments": [tracer, Count()]}) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len([e for e in events if isinstance(e, BeforeTaskStep)])
    assert 6 == len({e.run for e in events if isinstance(e, AfterRun)})
    assert [e.t for e in events if hasattr(e, "t")] == sorted(e.t for e in events if hasattr(e, "t"))
    assert tracer.dropped == 0


class Thing:
    """Something to patch."""

    attribute = "original"


def test_what_a_program_put_over_ours_stays() -> None:
    """We give back what stood there only where ours still stands."""
    patches = Patches()
    patches.replace(Thing, "attribute", "ours")
    Thing.attribute = "theirs"
    patches.undo()
    assert "theirs" == Thing.attribute
    assert not patches.live
    Thing.attribute = "original"


def test_what_was_inherited_is_inherited_again() -> None:
    """Nothing stays in a class that had nothing there."""

    class Child(Thing):
        pass

    patches = Patches()
    patches.replace(Child, "attribute", "ours")
    assert "ours" == Child.attribute
    patches.undo()
    assert "attribute" not in vars(Child)


def test_a_stranger_lets_go_of_nothing() -> None:
    """Only who holds shared patches can release them, and may hold them twice at once."""
    shared = SharedPatches(lambda patches: patches.replace(Thing, "attribute", "ours"))
    one, other = object(), object()
    shared.hold(one)
    shared.release(other)
    assert "ours" == Thing.attribute
    shared.hold(other)
    shared.release(one)
    assert "ours" == Thing.attribute
    shared.release(other)
    assert "original" == Thing.attribute
