"""Four programs that do little but give way, and those who may watch them: all in one process, turn by turn.

    triotrace record -o LOG benchmarks/workloads.py WORKLOAD REPEATS FILE WATCHER ...

Writes the CPU time of each run, in nanoseconds, to FILE, by watcher. The first run of each, in which everything is met
for the first time, is not counted. `overhead.py` starts this.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import trio

__all__ = ["WORKLOADS", "Counter"]


async def checkpoint() -> None:
    """A hundred tasks that only give way: two hundred times each."""

    async def turn() -> None:
        for _ in range(200):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(turn)


async def pingpong() -> None:
    """Two tasks wake each other over two channels: three thousand times there and back."""
    there, here = trio.open_memory_channel[int](0), trio.open_memory_channel[int](0)

    async def answer() -> None:
        async for number in there[1]:
            await here[0].send(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        for number in range(3000):
            await there[0].send(number)
            await here[1].receive()
        await there[0].aclose()


async def spawn() -> None:
    """Tasks are born and end at once: fifty times a hundred."""

    async def nothing() -> None:
        pass

    for _ in range(50):
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(nothing)


async def echo() -> None:
    """A hundred clients of an echo server on loopback: thirty messages of 64 bytes each."""

    async def serve(stream: trio.SocketStream) -> None:
        async for message in stream:
            await stream.send_all(message)

    async def talk(port: int) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            for _ in range(30):
                await stream.send_all(b"x" * 64)
                left = 64
                while left:
                    left -= len(await stream.receive_some(left))

    async with trio.open_nursery() as nursery:
        [listener, *_] = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        async with trio.open_nursery() as clients:
            for _ in range(100):
                clients.start_soon(talk, listener.socket.getsockname()[1])
        nursery.cancel_scope.cancel()


WORKLOADS: dict[str, Callable[[], Awaitable[None]]] = {
    "checkpoint": checkpoint,
    "pingpong": pingpong,
    "spawn": spawn,
    "echo": echo,
}


class Nothing(trio.abc.Instrument):
    """Every hook that triotrace has, and nothing in any of them."""

    def before_run(self) -> None: ...
    def after_run(self) -> None: ...
    def task_spawned(self, task: trio.lowlevel.Task) -> None: ...
    def task_scheduled(self, task: trio.lowlevel.Task) -> None: ...
    def before_task_step(self, task: trio.lowlevel.Task) -> None: ...
    def after_task_step(self, task: trio.lowlevel.Task) -> None: ...
    def task_exited(self, task: trio.lowlevel.Task) -> None: ...
    def before_io_wait(self, timeout: float) -> None: ...
    def after_io_wait(self, timeout: float) -> None: ...


class Printing(trio.abc.Instrument):
    """Prints a line in every hook, as trio's tutorial teaches; standard output is the null device."""

    def before_run(self) -> None:
        print("run: begins")

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        print("new task:", task.name)

    def task_scheduled(self, task: trio.lowlevel.Task) -> None:
        print("scheduled:", task.name)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        print("step begins:", task.name)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        print("step ends:", task.name)

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        print("task ends:", task.name)

    def before_io_wait(self, timeout: float) -> None:
        if timeout:
            print("waits for I/O, at most", timeout)
        else:
            print("looks for I/O")
        self._since = trio.current_time()

    def after_io_wait(self, timeout: float) -> None:
        print("I/O took", trio.current_time() - self._since)

    def after_run(self) -> None:
        print("run: over")


class Counter(trio.abc.Instrument):
    """Counts steps."""

    steps = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps += 1


@contextmanager
def watched(watcher: str) -> Iterator[list[trio.abc.Instrument]]:
    """Give the instruments of a run, and let nobody else watch it."""
    run = trio._core._run
    traced = run.setup_runner
    if watcher != "triotrace":
        run.setup_runner = inspect.getclosurevars(traced).nonlocals["original"]
    if watcher == "viztracer":
        from viztracer import VizTracer

        # What it does after the run, turning its buffer into a file, takes longer by far. That is not counted.
        tracer = VizTracer(verbose=0)
        tracer.start()
        yield []
        tracer.stop()
        tracer.clear()
    elif watcher == "printing":
        print_to, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115, PTH123  # closed below
        yield [Printing()]
        sys.stdout.close()
        sys.stdout = print_to
    else:
        yield [Nothing()] if watcher == "no-op" else []
    run.setup_runner = traced


def main() -> None:
    workload, repeats, file, *watchers = sys.argv[1:]
    times: dict[str, list[int]] = {watcher: [] for watcher in watchers}
    for _ in range(int(repeats) + 1):
        for watcher in random.sample(watchers, len(watchers)):
            gc.collect()
            with watched(watcher) as instruments:
                begin = time.process_time_ns()
                trio.run(WORKLOADS[workload], instruments=instruments)
                times[watcher].append(time.process_time_ns() - begin)
    Path(file).write_text(json.dumps({watcher: runs[1:] for watcher, runs in times.items()}))


if __name__ == "__main__":
    main()
