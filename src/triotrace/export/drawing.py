"""A part of a timeline as lines of text: bands of steps, or one band of time, with the rows of those who live there."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from triotrace.export.ascii import escaped, to_ascii
from triotrace.export.crowd import Crowd
from triotrace.export.digest import LONGEST, MOST_ROWS, outline
from triotrace.export.heading import packed
from triotrace.export.part import Part, company, origin_of, span_of_steps, span_of_time, tasks_named, with_parents
from triotrace.timeline.columns import StepsView
from triotrace.timeline.lanes import Lane
from triotrace.timeline.rows import Row, RowKind, Rows, lay_rows
from triotrace.timeline.scale import Scale, TimeView
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture
from triotrace.timeline.trio_time import scale_of
from triotrace.timeline.widths import fit, shorten, width_of
from triotrace.timeline.words import Words

__all__ = ["Drawing"]

_LABEL_MOST = 34
_MOST_ROWS = 60
"""Of more tasks than these, a band shows those who do something in it."""
_SHORT_GAP = 3
"""Steps that are rather drawn than left out."""


@dataclass(slots=True)
class Drawing:
    """One drawing: made with what was asked for, then asked for its lines."""

    timeline: Timeline
    axis: Literal["steps", "time"]
    width: int
    words: Words
    zoom: int | None = None
    system: bool = False
    seven_bits: bool = False
    used: set[str] = field(default_factory=set)
    """The characters right of the labels."""
    column: int = 0
    chosen: set[int] | None = None
    """The lanes that were asked for; None is all."""
    shown: set[int] | None = None
    """They, and those without whom they cannot be understood."""
    _crowd: Crowd = field(init=False)
    _moves: array[int] = field(default_factory=lambda: array("i"))
    """The slots in which something happens to those who were asked for."""
    idle: int = 0
    """How many of very many do nothing in the present band."""

    def lines(self, part: Part) -> Iterator[str]:
        """Look at what was asked for, at once; then give line after line."""
        timeline = self.timeline
        if not timeline.tape:
            return iter(packed([self._nothing()], self.width, ""))
        if self.axis == "time":
            scale = scale_of(timeline)
            start, end = span_of_time(timeline, part, scale)
            first, last = (max(1, timeline.tape.slot_at(scale.moment(x))) for x in (start, end))
        else:
            first, last = span_of_steps(timeline, part)
        if part.tasks:
            self.chosen = tasks_named(timeline, part.tasks)
            self.system = self.system or any(timeline.lanes[i].role not in ("main", "user") for i in self.chosen)
            self.shown = company(timeline, self.chosen, first, last)
        self._gather()
        rows = self._rows(first, last)
        self._measure(rows)
        if self.axis == "time":
            return iter(self._time_band(rows, start, end, scale, whole=part.end is None))
        self._crowd.rewind()
        return chain.from_iterable(self._bands(first, last))

    def _measure(self, rows: Rows) -> None:
        """Make the column of the labels as wide as they need, within reason."""
        titles = (row.branch + self._label(row) for row in rows.rows if row.kind is not RowKind.RUN)
        widest = max(map(width_of, titles), default=0)
        self.column = max(7, min(_LABEL_MOST, widest, self.width // 2) + 1)

    def _shows(self, lane: Lane) -> bool:
        return self.system or lane.role in ("main", "user")

    @property
    def _room(self) -> int:
        return max(9, self.width - self.column)

    def _nothing(self) -> str:
        say = self.words.catalogue.gettext
        return say("trio ran, but no task took a step") if self.timeline.runs else say("no step of trio was recorded")

    def left_out(self) -> list[str]:
        """Say where to look when all that happened was in tasks that nobody here wrote: a server's handlers, say."""
        roles = [lane.role for lane in self.timeline.lanes]
        count = roles.count("library")
        if self.system or not count or "user" in roles:
            return []
        _n = self.words.catalogue.ngettext
        said = _n("({count} task of libraries: --system)", "({count} tasks of libraries: --system)", count)
        return [said.format(count=count)]

    def digest(self, part: Part) -> Iterator[str]:
        """Draw all of the time in a few rows, then the last steps, and say how to get more."""
        timeline, say = self.timeline, self.words.catalogue.gettext
        # Who was asked for is known: what would be drawn was begun
        few = outline(timeline, lambda lane: self._shows(lane) and (self.shown is None or lane.index in self.shown))
        scopes = sum(len(timeline.timed[lane].levels) for lane in few.lanes if lane in timeline.timed)
        words = self.words if scopes <= MOST_ROWS else None  # a recursion may have a thousand open at once
        rows = lay_rows(timeline, system=self.system, folded=few.rolls, only=few.lanes, loop=False, scopes=words)
        self._measure(rows)
        scale = scale_of(timeline)
        yield from self._time_band(rows, *span_of_time(timeline, part, scale), scale, whole=True)
        if few.left_out:
            _n = self.words.catalogue.ngettext
            more = _n("(and {count} more task)", "(and {count} more tasks)", few.left_out)
            yield from packed([more.format(count=few.left_out)], self.width, "")
        yield ""
        self.axis = "steps"
        yield from self.lines(replace(part, last=max(4, self.width // 12)))
        yield ""
        hint = say("(a digest: all of it is more than {count} characters; --from, --to, --last, or --all for all)")
        yield from packed(hint.format(count=LONGEST).split(), self.width, " ")

    # -- rows --------------------------------------------------------------------------------

    def _rows(self, first: int, last: int) -> Rows:
        """Lay out those who live in some of the slots; of very many, those who do something there."""
        alive, moving = self._crowd.alive(first, last), self._crowd.moving(first, last)
        count, self.idle = len(alive), 0
        if self.axis == "steps" and count > _MOST_ROWS:
            alive = {index for index in with_parents(self.timeline, moving) if index in alive}
            self.idle = count - len(alive)
        return lay_rows(
            self.timeline,
            system=self.system,
            only=alive,
            among=alive | moving | self._crowd.near(first, last),
            loop=self.axis == "steps",
            scopes=self.words,
            steps=self.axis == "steps",
        )

    def _gather(self) -> None:
        """Take notice of who may have a row, before the first band."""
        lanes = self.timeline.lanes
        asked = lanes if self.shown is None else [lanes[index] for index in sorted(self.shown)]
        self._crowd = Crowd(self.timeline, filter(self._shows, asked))

    def _label(self, row: Row) -> str:
        if not self.seven_bits:
            return row.label
        # A name must stay different from all others; words are our own
        if row.kind is RowKind.SCOPE:
            return to_ascii(row.label)
        name, sign, counts = row.label.rpartition(" ×") if row.kind is RowKind.ROLL else (row.label, "", "")
        more = "…" if sign and name.endswith("…") else ""
        return escaped(name.removesuffix(more)) + to_ascii(more + sign + counts)

    def _drawn(self, rows: Rows, drawn: StepsPicture | TimePicture) -> list[str]:
        """Draw the rows, but for loops that do not sleep here, scopes that are not open, and runs without any other."""
        above = [drawn.head().text]
        if (marks := drawn.marks().text).strip():
            above.insert(0, marks)
        lines = [" " * self.column + cells for cells in above]
        lines[-1] = fit("", drawn.title, self.column) + above[-1]
        self.used.update(*above)
        heading: list[str] = []
        for index, row in enumerate(rows.rows):
            if row.kind is RowKind.RUN:
                heading = [shorten(row.branch + self._label(row), self.width)]
                continue
            if isinstance(drawn, StepsPicture) and drawn.is_idle(index):
                continue
            cells = drawn.line(index).text
            if row.kind is RowKind.TASK or cells.strip():
                self.used.update(cells)
                lines += [*heading, fit(row.branch, self._label(row), self.column) + cells]
                heading = []
        return lines

    # -- the axes ----------------------------------------------------------------------------

    def _bands(self, first: int, last: int) -> Iterator[list[str]]:
        tape = self.timeline.tape
        column, end = tape.column_of(first), tape.column_of(last)
        room = self._room
        # Words are worth a second band; for more, a narrower picture that fits in one, if there is one
        zoom = self.zoom or (3 if room < 10 or 2 * (room // 10) < end - column + 1 <= room // 3 else 10)
        while column <= end:
            start = self._next_move(tape.slots_of(column)[0])
            begin = min(end + 1, tape.column_of(start)) if start is not None else end + 1
            if begin - column > _SHORT_GAP:
                if column > tape.column_of(first):
                    yield [""]
                yield self._left_out(column, begin - 1)
                column = begin
                continue
            stop = min(column + room // zoom, end + 1)
            # At the end of the tape there is room for words behind the last step
            cells = room if tape.slots_of(stop - 1)[1] == len(tape) else (stop - column) * zoom
            if column > tape.column_of(first):
                yield [""]
            yield self._band(column, stop - 1, cells, zoom)
            column = stop

    def _next_move(self, slot: int) -> int | None:
        """Give the first slot from `slot` on in which something happens to those who were asked for."""
        if self.chosen is None:
            return slot
        if not self._moves:
            self._moves = array("i", sorted({s for index in self.chosen for s in self.timeline.lanes[index].slots}))
        at = bisect_left(self._moves, slot)
        return self._moves[at] if at < len(self._moves) else None

    def _left_out(self, first: int, last: int) -> list[str]:
        slots = self.timeline.tape.slots_of(first)[0], self.timeline.tape.slots_of(last)[1]
        said = self.words.catalogue.gettext("(steps {first} to {last} are left out)")
        return packed([said.format(first=slots[0], last=slots[1])], self.width, "")

    def _band(self, first: int, last: int, cells: int, zoom: int) -> list[str]:
        """Draw the columns first to last."""
        tape = self.timeline.tape
        rows = self._rows(tape.slots_of(first)[0], tape.slots_of(last)[1])
        drawn = StepsPicture(self.timeline, rows, StepsView(first, cells, zoom), self.words)
        lines = self._drawn(rows, drawn)
        if self.idle:
            _n = self.words.catalogue.ngettext
            said = _n(
                "(and {count} task that does nothing here)", "(and {count} tasks that do nothing here)", self.idle
            )
            lines += packed([said.format(count=self.idle)], self.width, "")
        return lines + self._prints(drawn)

    def _time_band(self, rows: Rows, start: int, end: int, scale: Scale, *, whole: bool) -> list[str]:
        """Draw the ruler from `start` to `end` in one band; if that is all, leave room for how tasks ended."""
        spare = self.timeline.room_for_words if whole else 0
        origin = scale.at(origin_of(self.timeline))
        view = TimeView.between(start, end, self._room, spare=spare, origin=origin, scale=scale)
        drawn = TimePicture(self.timeline, rows, view, self.words)
        return self._drawn(rows, drawn) + self._prints(drawn)

    def _prints(self, drawn: StepsPicture | TimePicture) -> list[str]:
        prints = drawn.prints().text
        return [fit("", self.words.catalogue.gettext("prints"), self.column) + prints] if prints.strip() else []
