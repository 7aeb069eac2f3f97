"""The program's prints, at text level, so that each write knows its task.

`sys.stdout` and `sys.stderr` stay the very objects that they are; only their `write` is another. It is a class, whose
`__new__` tells us the text and whose `__init__` is made of C functions that do the real write: an error of the real
write, a dead pipe or a letter that its encoding lacks, thus shows no frame of ours in the program's traceback.
The real write gets the very object that the program gave; of a `str` of the program's own kind no method is called.

Rules:
- `print` writes a text and then its end: the pieces of a line make one event, told when the line is whole, when the
  step ends, or with the next batch once they are 50 ms old. They stay with the task that wrote the first.
- While captured, a text goes into the log alone; from anywhere that we do not trace (a fork, the very end) it goes on.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from functools import partial
from io import TextIOWrapper
from threading import get_ident
from typing import Final

from triotrace.events import LIMIT_OUTPUT, Event, Output, Stream, TaskId
from triotrace.log import clip
from triotrace.tracing import active
from triotrace.tracing.recorder import Recorder
from triotrace.tracing.signals import raised_by_handler
from triotrace.tracing.state import State

__all__ = ["Prints", "finish_all", "install", "remove_all"]

_OLD: Final = 50_000_000
"""Nanoseconds after which a piece of a line is told, though more may come."""


class Prints:
    """Tells what one stream is given."""

    def __init__(self, recorder: Recorder, name: Stream, stream: TextIOWrapper, *, captured: bool) -> None:
        self._recorder = recorder
        self._name = name
        self._stream: TextIOWrapper | None = stream
        self._captured = captured
        self._pieces: dict[int, _Unfinished] = {}  # of lines that are not whole yet, by thread
        self._before = vars(stream).get("write")  # as a rule it has none of its own, but that of its class
        self._ours: type[object] | None = _writer(self.hear, stream.write)

    def install(self) -> None:
        """Take the stream's place in telling, from now on."""
        if self._stream is not None:
            vars(self._stream)["write"] = self._ours
        self._recorder.gather(self.finish_lines)

    def remove(self) -> None:
        """Let the stream be as it was, unless the program has put something else there meanwhile, and let it go."""
        own = {} if self._stream is None else vars(self._stream)
        if own.get("write") is self._ours:
            del own["write"]
            if self._before is not None:
                own["write"] = self._before
        self._stream = self._before = self._ours = None

    def hear(self, text: object) -> bool:
        """Take a text that is to be written; tell whether the stream must write it, too."""
        try:
            if not issubclass(type(text), str) or self._recorder.closed:
                return True
            exact = "".join((text,))  # type: ignore[arg-type]  # whatever the program made of its own kind of str
            if not self._is_writable(exact):
                return True
            self._hear(exact)
        except Exception as error:
            if raised_by_handler(error):
                raise
            self._recorder.failed(error)
            return True
        return not self._captured

    def finish_lines(self, *, least_age: int = _OLD) -> None:
        """Tell the pieces of lines that are not whole, and not just being written: a batch is about to go."""
        now = self._recorder.now()
        for thread, unfinished in list(self._pieces.items()):
            if now - unfinished.since >= least_age and self._pieces.pop(thread, None) is not None:
                self._tell_late("".join(unfinished.pieces), unfinished.task)

    def _is_writable(self, text: str) -> bool:
        """Tell whether the real write would succeed, as far as one can see."""
        stream = self._stream
        if stream is None or stream.closed:
            return False
        if text.isascii():
            return True
        try:
            text.encode(stream.encoding, stream.errors or "strict")
        except (UnicodeError, LookupError):
            return False
        return True

    def _hear(self, text: str) -> None:
        state = self._state()
        end = text.rfind("\n") + 1
        thread = get_ident()
        if not end:
            if text:
                self._keep(thread, state, text)
                if state is not None:
                    state.unfinished = partial(self._finish_step, state)
            return
        pieces = self._pieces.pop(thread, None)
        whole = text[:end] if pieces is None else "".join(pieces.pieces) + text[:end]
        if text[end:]:
            self._keep(thread, state, text[end:])
        self._tell(state, whole)

    def _keep(self, thread: int, state: State | None, text: str) -> None:
        unfinished = self._pieces.get(thread)
        if unfinished is None:
            running = None if state is None else state.running
            unfinished = _Unfinished(self._recorder.now(), None if running is None else running.id)
            self._pieces[thread] = unfinished
        unfinished.pieces.append(text)

    def _finish_step(self, state: State) -> None:
        state.unfinished = None
        for prints in _all:
            pieces = prints._pieces.pop(get_ident(), None)
            if pieces is not None:
                prints._tell(state, "".join(pieces.pieces))

    def _state(self) -> State | None:
        for state in active.states():
            if state.recorder is self._recorder and state.running is not None:
                return state
        return None

    def _tell(self, state: State | None, text: str) -> None:
        for piece in _parts(text):
            if state is None or state.running is None:
                self._recorder.add(partial(_event, self._name, piece, None))
            else:
                state.append(Output(state.now() - state.origin, self._name, piece, state.running.id))

    def _tell_late(self, text: str, task: TaskId | None) -> None:
        for piece in _parts(text):
            self._recorder.late(partial(_event, self._name, piece, task))


class _Unfinished:
    """The pieces of a line so far, and the task that wrote the first."""

    __slots__ = ("pieces", "since", "task")

    def __init__(self, since: int, task: TaskId | None) -> None:
        self.since = since
        self.task = task
        self.pieces: list[str] = []


_all: list[Prints] = []


def finish_all() -> None:
    """Tell all that was written: nothing comes after it."""
    for prints in _all:
        with prints._recorder.lock:
            prints.finish_lines(least_age=0)


def remove_all() -> None:
    """Give the streams back. At Python's end each is freed with what it did not write yet, if nothing holds it."""
    while _all:
        _all.pop().remove()


def _parts(text: str) -> Iterator[str]:
    shown = clip(text, sys.maxsize)
    return (shown[start : start + LIMIT_OUTPUT] for start in range(0, len(shown), LIMIT_OUTPUT))


def _event(name: Stream, text: str, task: TaskId | None, t: int) -> Event:
    return Output(t, name, text, task)


def _writer(hear: Callable[[object], bool], real: Callable[[str], int]) -> type[object]:
    class write(int):  # noqa: N801  # it stands where a method of this name stood
        """Write text to the stream, and return the number of characters written."""

        __slots__ = ()
        # Calls `real` with what it is given and returns None, as an `__init__` must: all of it in C
        __init__ = staticmethod(partial(property(None, operator.call).__set__, real))

        def __new__(cls, text: str, /) -> int:  # type: ignore[misc]  # a plain int, when there is nothing to write
            length = str.__len__(text) if issubclass(type(text), str) else 0  # no text: `real` says so in its own words
            # An int of this class is given to __init__, which writes; a plain one is not.
            return int.__new__(cls if hear(text) else int, length)

    found: type[object] = write
    return found


def install(recorder: Recorder, *, captured: bool) -> None:
    """Tell all that the program prints from here on."""
    for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
        if type(stream) is TextIOWrapper:  # none at all, or one that a test or a console put there
            prints = Prints(recorder, name, stream, captured=captured)  # type: ignore[arg-type]
            prints.install()
            _all.append(prints)
