"""The line at which a task ended: what raised, where it was cancelled, what returned; and what is not known."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.lowlevel
from watched import started_order, watch

from triotrace.events import TaskExited
from triotrace.tracing.bytecode import return_line

HERE = Path(__file__).read_text().split("\n")


def ended_at(function: Callable[..., Awaitable[object]], *args: object) -> str | None:
    """Return the source of the line at which the task of a function ended, by its log; None if that is not told."""
    name = function.__name__

    async def main() -> None:
        with suppress(BaseException):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(function, *args, name=f"x.{name}")

    told = watch(main)
    [end] = told.of(TaskExited, name)
    if end.place is None:
        return None
    place = told.places[end.place]
    assert __file__ == place.file
    return HERE[place.line - 1].strip()


# Each marks the line that is expected with `# here`; none has one where the line cannot be known


async def at_once() -> int:
    return 1  # here


async def falls_off() -> None:
    await trio.lowlevel.checkpoint()
    repr(0)  # here


async def after_a_branch(*, yes: bool = True) -> int:
    await trio.lowlevel.checkpoint()
    if yes:
        return 1
    return 2


async def the_branch_lies_behind(*, yes: bool = True) -> int:
    if not yes:
        return 1
    await trio.lowlevel.checkpoint()
    return 2  # here


async def in_a_loop() -> None:
    while True:
        await trio.lowlevel.checkpoint()
        return  # here


async def behind_a_loop() -> None:
    for _ in range(3):  # here
        await trio.lowlevel.checkpoint()


async def in_a_block() -> None:
    async with trio.open_nursery() as nursery:  # here
        nursery.start_soon(trio.sleep, 0)
        await trio.lowlevel.checkpoint()


async def a_handler_may_have_returned() -> int:
    try:
        await trio.lowlevel.checkpoint()
    except ValueError:
        return 1
    return 2


async def a_handler_only_raises() -> int:
    try:
        await trio.lowlevel.checkpoint()
    except ValueError as error:
        raise TypeError from error
    finally:
        repr(0)
    return 2  # here


async def in_another_function() -> None:
    await in_a_loop()
    await trio.lowlevel.checkpoint()  # here


async def of_another_function() -> None:
    return await in_a_loop()  # here


async def raiseless() -> None:
    await trio.lowlevel.checkpoint()


async def by_a_lambda() -> None:
    return await (lambda: raiseless())()  # here


async def match() -> None:
    await trio.lowlevel.checkpoint()
    match [1]:
        case [_]:
            return
        case _:
            repr(0)


def fails() -> None:
    raise KeyError("on purpose")  # here


async def raises() -> None:
    await trio.lowlevel.checkpoint()
    fails()


async def a_group_of_a_child() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(raises)
        await trio.sleep(1)


async def a_group_without_a_line() -> None:
    async with trio.open_nursery() as nursery:  # here
        nursery.start_soon(trio.sleep, -1)


async def is_cancelled() -> None:
    with trio.CancelScope(shield=True):
        await trio.lowlevel.checkpoint()
    trio.lowlevel.current_task().parent_nursery.cancel_scope.cancel()  # type: ignore[union-attr]
    try:
        await trio.sleep_forever()  # here
    finally:
        with trio.CancelScope(shield=True):
            await trio.lowlevel.checkpoint()


ENDS: list[Callable[..., Awaitable[object]]] = [
    at_once,
    falls_off,
    after_a_branch,
    the_branch_lies_behind,
    in_a_loop,
    behind_a_loop,
    in_a_block,
    a_handler_may_have_returned,
    a_handler_only_raises,
    in_another_function,
    of_another_function,
    by_a_lambda,
    match,
    raises,
    a_group_of_a_child,
    a_group_without_a_line,
    is_cancelled,
]


@pytest.mark.parametrize("function", ENDS, ids=lambda function: function.__name__)
def test_where_it_ended(function: Callable[..., Awaitable[object]]) -> None:
    """The one line that it can be, or none at all."""
    code: Any = function
    first = code.__code__.co_firstlineno
    raised = function in (raises, a_group_of_a_child)
    if raised:
        first = fails.__code__.co_firstlineno
    body = HERE[first:]
    end = next(i for i, line in enumerate(body) if not line)
    marked = [line.strip() for line in body[:end] if line.endswith("# here")]
    assert (marked[0] if marked else None) == ended_at(function)


def test_a_function_of_trios_has_no_line_of_the_users() -> None:
    assert ended_at(trio.sleep, 0) is None
    assert ended_at(trio.sleep, -1) is None, "it raises, but not in the user's code"


async def service(*, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await trio.lowlevel.checkpoint()
    return  # behind `started`


def test_a_task_that_was_started() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(service)

    told = watch(main)
    [end] = told.of(TaskExited, "service")
    assert "behind `started`" in HERE[told.places[end.place].line - 1]


def test_generators_and_code_from_elsewhere() -> None:
    """What is no coroutine function returns nothing that a task returns; an instruction that is none is no reason."""

    async def generator() -> Any:
        yield

    assert None is return_line(generator.__code__, -1)
    assert None is return_line(fails.__code__, -1)
    assert None is return_line(falls_off.__code__, 1)


class Thing:
    """Something that a reference can be kept to weakly."""


def test_nothing_is_kept_alive() -> None:
    """What a task was handed dies when the program lets it go, though its tracer has looked for the user's function."""
    package: dict[str, Any] = {}
    text = "async def wrap(function, thing):\n    held = [thing]\n    del thing\n    await function(held)\n"
    exec(compile(text, "/site-packages/helpers.py", "exec"), package)
    gone: list[bool] = []

    async def work(held: list[Thing]) -> None:
        kept = weakref.ref(held[0])
        await trio.lowlevel.checkpoint()
        held.clear()
        gone.append(kept() is None)

    async def started(thing: Thing, *, task_status: trio.TaskStatus[None]) -> None:
        kept = weakref.ref(thing)
        task_status.started()
        await trio.lowlevel.checkpoint()
        del thing
        gone.append(kept() is None)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(package["wrap"], work, Thing())
            nursery.start_soon(partial(package["wrap"], work, Thing()))
            await nursery.start(started, Thing())

    gc.disable()
    try:
        with started_order():
            trio.run(main)
        by_itself = gone[:]
        told = watch(main)
    finally:
        gc.enable()
    assert by_itself == gone[3:], "old versions of trio keep them themselves"
    assert ["work", "work"] == [e.name.rpartition(".")[2] for e in told.spawned.values() if "work" in e.name]
