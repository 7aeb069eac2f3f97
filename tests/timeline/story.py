"""Logs told by hand: a few words a step, no trio. What a test expects is then not made by what it tests."""

from __future__ import annotations

from triotrace import events as e

MILLISECOND = 1_000_000


class Story:
    """Tells events in order; each step takes one millisecond."""

    def __init__(self, source: str = "", *, clock: str = "system") -> None:
        self.t = 0
        self.events: list[e.Event] = []
        self.tasks: dict[str, int] = {}
        self.places: dict[tuple[str, int], int] = {}
        if source:
            self.events.append(e.Source("story.py", source))
        self.events.append(e.BeforeRun(0, 1, "main", "trio", "MainThread", "0.35.0", clock, 0))
        self.tasks["<init>"] = 1
        self.events.append(e.TaskSpawned(0, 1, 1, "<init>", "init"))

    def place(self, call: str, line: int = 1) -> int:
        key = (call, line)
        if key not in self.places:
            self.places[key] = len(self.places) + 1
            self.events.append(e.Place(self.places[key], "story.py", line, function="f", call=call))
        return self.places[key]

    def spawn(self, name: str, *, by: str = "<init>", role: str | None = None) -> int:
        task = self.tasks[name] = len(self.tasks) + 1
        role = role or ("main" if by == "<init>" else "user")
        self.events.append(
            e.TaskSpawned(self.t, task, 1, name.partition("#")[0], role, parent=self.tasks[by], nursery=1)
        )
        self.events.append(e.TaskScheduled(self.t, task, "spawned", waker=None if by == "<init>" else self.tasks[by]))
        return task

    def step(
        self,
        name: str,
        *actions: object,
        waits: str | None = None,
        stays: str | None = None,
        exits: str | None = None,
        error: e.Error | None = None,
        wakes: tuple[str, ...] = (),
        spawns: tuple[str, ...] = (),
        prints: str | None = None,
    ) -> None:
        task = self.tasks[name]
        self.t += MILLISECOND
        self.events.append(e.BeforeTaskStep(self.t, task))
        self.t += MILLISECOND
        for child in spawns:
            self.spawn(child, by=name)
        if prints is not None:
            self.events.append(e.Output(self.t, "stdout", prints, task))
        for woken in wakes:
            self.events.append(e.TaskScheduled(self.t, self.tasks[woken], "task", waker=task))
        if stays is not None:
            self.events.append(e.TaskScheduled(self.t, task, "checkpoint", waker=task))
        if exits is not None:
            self.events.append(e.TaskExited(self.t, task, exits, error))
        call = waits or stays
        self.events.append(e.AfterTaskStep(self.t, task, self.place(call) if call else None))

    def sleep(self, milliseconds: int, *, wakes: tuple[str, ...] = (), cause: str = "timer") -> None:
        self.t += MILLISECOND
        self.events.append(e.BeforeIoWait(self.t, 1))
        self.t += milliseconds * MILLISECOND
        self.events.append(e.AfterIoWait(self.t, 1))
        for woken in wakes:
            self.events.append(e.TaskScheduled(self.t, self.tasks[woken], cause))


def relay() -> Story:
    """The first steps of a producer and a consumer over a channel without room."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("producer", "consumer"))
    story.step("producer", waits="MemorySendChannel.send")
    story.step("consumer", stays="MemoryReceiveChannel.receive", wakes=("producer",))
    story.step("producer", waits="MemorySendChannel.send", prints="sent\n")
    story.step("consumer", stays="MemoryReceiveChannel.receive", wakes=("producer",), prints="got value message 0\n")
    story.step("producer", exits="returned")
    story.step("consumer", exits="returned", wakes=("main",))
    story.step("main", exits="returned")
    return story


def event() -> Story:
    """One task sleeps ten seconds and frees two that wait."""
    story = Story()
    story.spawn("main")
    story.step("main", waits="nursery", spawns=("task_a", "task_b#1", "task_b#2"))
    story.step("task_a", waits="sleep")
    story.step("task_b#1", waits="Event.wait", prints="Esperando\n")
    story.step("task_b#2", waits="Event.wait", prints="Esperando\n")
    story.sleep(10_000, wakes=("task_a",))
    story.step("task_a", exits="returned", wakes=("task_b#1", "task_b#2"))
    story.step("task_b#1", exits="returned", prints="liberado\n")
    story.step("task_b#2", exits="returned", wakes=("main",), prints="liberado\n")
    story.step("main", exits="returned")
    return story
