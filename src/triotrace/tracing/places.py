"""Where a task stands, and where a waker stood: points in the code, interned as `place` events.

Rules:
- The place of a task is the innermost frame of the user's own; else that of a package; else the outermost.
- A point is found by code object, instruction and the trio function called there; code is found by `id()`, which is
  twice as fast as hashing it, and kept alive by its Fact.
- A `source` event goes before the first place in each file of the user's own.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from types import CodeType, FrameType, TracebackType
from typing import Any, TypeAlias

import msgspec
import trio

from triotrace.events import LIMIT_NAME, LIMIT_SOURCE, Event, Place, PlaceId, Source
from triotrace.log import clip
from triotrace.tracing.bytecode import return_line
from triotrace.tracing.calls import Fact, Point, learn
from triotrace.tracing.positions import Span, span_of
from triotrace.tracing.record import Record
from triotrace.tracing.sources import read_source
from triotrace.tracing.whose import TRIO, USER, Whose

__all__ = ["Places"]

_traceback: Callable[[BaseException], TracebackType | None] = BaseException.__dict__["__traceback__"].__get__

_What: TypeAlias = tuple[str, int, int | None, int | None, int | None, str, str | None, bool]

_MOST = 65_536
"""Programs that make code without end must not fill our memory: beyond this the caches start again."""


class Places:
    """Interns the points in the code for one log."""

    def __init__(self, tell: Callable[[Event], None], whose: Whose, *, folder: str, source: bool) -> None:
        self._tell = tell
        self._whose = whose
        self._folder = folder
        self._source = source
        self._serial = count()
        self.facts: dict[int, Fact] = {}
        self._places: dict[_What, PlaceId] = {}
        self._told: set[str] = set()
        self.sent: list[Event] = []  # all places and sources so far: sent anew when some were lost

    def fact(self, code: CodeType) -> Fact:
        """Tell what a code object means."""
        fact = self.facts.get(id(code))
        if fact is None:
            if len(self.facts) >= _MOST:
                self.facts.clear()
            fact = self.facts[id(code)] = learn(code, self._whose)
        return fact

    def stand(self, task: trio.lowlevel.Task, record: Record) -> object:
        """Write into `record` where a task that gave way stands; return the coroutine or frame of its deepest call."""
        facts = self.facts
        rank = -1
        library = False
        call = deepest = owner = held = outer = None
        coro: Any = task.coro
        at = coro
        first = record.fact  # a task's own coroutine has no other code than before
        try:
            while coro is not None:
                if first is not None:
                    fact, first = first, None
                else:
                    try:
                        fact = facts[id(coro.cr_code)]
                    except KeyError:
                        fact = self.fact(coro.cr_code)
                if fact.rank == USER:
                    point = fact.points.get(coro.cr_frame.f_lasti)
                    if point is not None and point.inner is not None:
                        held = coro.cr_await
                        if point.through is not None and held.cr_code is point.through:
                            held = held.cr_await
                        if held.cr_code is point.inner:
                            if rank == USER and outer is None and owner is not None:
                                outer = owner.code, at.cr_frame.f_lasti
                            record.point = point
                            record.outer = outer
                            return held
                    if rank == USER and outer is None and owner is not None:
                        outer = owner.code, at.cr_frame.f_lasti
                    rank, owner, at, library = USER, fact, coro, False
                    call = deepest = None
                elif owner is None or (fact.rank >= rank and fact.rank > TRIO):
                    rank, owner, at, library = fact.rank, fact, coro, False
                    call = deepest = None
                    if fact.last or fact.wait:  # the task is a function of trio's, started as it is
                        call = deepest = fact
                        held = coro
                        if fact.last:
                            break
                elif fact.word is not None:
                    if call is None:
                        call = fact
                    elif fact.bare:
                        break
                    deepest = fact
                    held = coro
                    if fact.last:
                        break
                elif call is None and fact.rank > TRIO:
                    library = True
                coro = coro.cr_await
        except AttributeError:
            # An async generator or an awaitable of another kind: trio knows how to look into those.
            return self._stand_in(task, record)
        if owner is not None:
            entered = call
            if deepest is not None and deepest.on == "limiter" and not record.ready:
                call = _for_a_token(call, deepest)
            point = self._point(owner, at.cr_frame.f_lasti, call, deepest, library)
            self._moved_to(record, point, outer)
            if rank == USER and point.inner is None and call is not None and call.last and call is entered:
                self._learn(owner, at, held, point)
        return held

    def _stand_in(self, task: trio.lowlevel.Task, record: Record) -> object:
        rank, lasti, library = -1, 0, False
        call = deepest = owner = held = outer = None
        for frame, _ in task.iter_await_frames():
            fact = self.fact(frame.f_code)
            if owner is None or (fact.rank >= rank and fact.rank > TRIO):
                if rank == USER and outer is None and owner is not None:
                    outer = owner.code, lasti
                rank, lasti, owner, library = fact.rank, frame.f_lasti, fact, False
                call = deepest = None
                if fact.last or fact.wait:
                    call, deepest, held = fact, fact, frame
                    if fact.last:
                        break
            elif fact.word is not None:
                if call is None:
                    call = fact
                elif fact.bare:
                    break
                deepest = fact
                held = frame
                if fact.last:
                    break
            elif call is None and fact.rank > TRIO:
                library = True
        if owner is not None:
            if deepest is not None and deepest.on == "limiter" and not record.ready:
                call = _for_a_token(call, deepest)
            self._moved_to(record, self._point(owner, lasti, call, deepest, library), outer)
        return held

    def _moved_to(self, record: Record, point: Point, outer: tuple[CodeType, int] | None) -> None:
        before = record.point
        if point.own is not None:
            record.outer = outer
        elif record.outer is None and before is not None and before.own is not None:
            record.outer = before.own, before.lasti  # it has left the user's code, or stands beside it
        record.point = point

    def _learn(self, owner: Fact, at: Any, held: Any, point: Point) -> None:
        """Remember what lies between the user's coroutine and trio's last word, so that it need not be looked for."""
        between = at.cr_await
        through = None
        if between is not held:
            if between.cr_await is not held:
                return
            through = between.cr_code
        owner.points[at.cr_frame.f_lasti] = msgspec.structs.replace(point, inner=held.cr_code, through=through)

    def _point(self, owner: Fact, lasti: int, call: Fact | None, deepest: Fact | None, library: bool) -> Point:
        point = owner.points.get(lasti)
        if point is not None and point.call is call and point.deepest is deepest and point.library is library:
            return point
        place = self.at(owner, lasti, call, library=library)
        own = owner.code if owner.rank == USER else None
        point = owner.points[lasti] = Point(place, call, deepest, library, own=own, lasti=lasti)
        return point

    def waker(self, frame: FrameType | None) -> tuple[PlaceId | None, bool]:
        """Walk out from a running `frame` to the user's own line; tell also if it runs a thread's or signal's call."""
        facts = self.facts
        call = None
        second: tuple[Fact, int, Fact | None] | None = None
        outside = False
        while frame is not None:
            code = frame.f_code
            try:
                fact = facts[id(code)]
            except KeyError:
                fact = self.fact(code)
            if fact.rank == USER:
                library = second is not None
                known = fact.wakes.get(frame.f_lasti)
                if known is not None and known[0] is call and known[1] is library:
                    return known[2], outside
                place = self.at(fact, frame.f_lasti, call, library=library)
                fact.wakes[frame.f_lasti] = call, library, place
                return place, outside
            if fact.word is not None:
                call = fact
            elif fact.loop:
                break
            elif fact.outside:
                outside = True
            elif fact.rank > TRIO and (second is None or fact.rank > second[0].rank):
                second = fact, frame.f_lasti, call
            frame = frame.f_back
        return (None if second is None else self.at(*second)), outside

    def raised(self, error: BaseException) -> PlaceId | None:
        """Return the innermost line of the user's own that an exception came through; None if it came through none."""
        trace = _traceback(error)
        found: tuple[Fact, int] | None = None
        while trace is not None:
            fact = self.fact(trace.tb_frame.f_code)
            if fact.rank == USER:
                found = fact, trace.tb_lasti
            trace = trace.tb_next
        if found is None:
            return None
        fact, lasti = found
        known = fact.wakes.get(lasti)
        if known is not None and known[0] is None:
            return known[2]
        place = self.at(fact, lasti, None)
        fact.wakes[lasti] = None, False, place
        return place

    def returned(self, fact: Fact, lasti: int) -> PlaceId | None:
        """Return the line at which a function must have returned that stood at an instruction last; -1: nowhere."""
        try:
            return fact.returns[lasti]
        except KeyError:
            line = return_line(fact.code, lasti)
            place = fact.returns[lasti] = None if line is None else self.line(fact, line)
            return place

    def line(self, owner: Fact, line: int) -> PlaceId:
        """Return the id of a whole line of a function."""
        return self._intern(owner, (line, None, None, None), None)

    def begin_of(self, fact: Fact) -> PlaceId:
        """Return the place where a function begins."""
        point = fact.points.get(-1)
        if point is None:
            point = fact.points[-1] = Point(self.at(fact, -1, None))
        return point.place

    def at(self, owner: Fact, lasti: int, call: Fact | None, *, library: bool = False) -> PlaceId:
        """Return the id of a point in the code; a new one is told first."""
        span = owner.spans.get(lasti)
        if span is None:  # one await may come to ever another of trio's functions, and to read a long code takes long
            span = owner.spans[lasti] = span_of(owner.code, lasti)
        return self._intern(owner, span, call, library=library)

    def _intern(self, owner: Fact, span: Span, call: Fact | None, *, library: bool = False) -> PlaceId:
        code = owner.code
        file = clip(code.co_filename, LIMIT_NAME)
        if owner.rank == USER and self._source and file not in self._told:
            self._told.add(file)
            text = read_source(code.co_filename, self._folder)
            if text is not None:
                self._say(Source(file, clip(text, LIMIT_SOURCE)))
        word = None if call is None or call.word is None else clip(call.word, LIMIT_NAME)
        what = (file, *span, clip(code.co_qualname, LIMIT_NAME), word, library)
        # Running and suspended, an await has two instructions at one point; a function made twice has two codes.
        place = self._places.get(what)
        if place is None:
            place = PlaceId(next(self._serial))
            self._say(Place(place, *what))
            self._places[what] = place  # after it was told: another thread may ask at any time
        return place

    def _say(self, event: Event) -> None:
        self.sent.append(event)
        self._tell(event)


def _for_a_token(call: Fact | None, limiter: Fact) -> Fact:
    """Return what is called by one who stands at a limiter: whatever is to be done in a thread, no thread is at work.

    But a file that is closed at the end of its block keeps its name, or it would be the block that takes a token.
    """
    return call if call is not None and call.word is not None and call.word.endswith("aclose") else limiter
