"""All that a timeline can be asked at any of its moments: every sentence, every inspector, every row of both axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from triotrace.timeline.columns import ZOOMS, StepsView
from triotrace.timeline.describe import describe
from triotrace.timeline.history import History
from triotrace.timeline.rolls import Roll
from triotrace.timeline.rows import Rows, lay_rows
from triotrace.timeline.scale import REAL_TIME, TimeView
from triotrace.timeline.steps import StepsPicture
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture
from triotrace.timeline.trio_time import scale_of
from triotrace.timeline.words import Words
from triotrace.viewer.marked_line import marked_place
from triotrace.viewer.scene import Scene

WIDTH = 70


def ask_everything(timeline: Timeline, words: Words, *, slots: Sequence[int] | None = None) -> None:
    """Ask it all, forwards and back; whatever the log was, nothing raises."""
    count = len(timeline.tape)
    slots = range(count + 1) if slots is None else slots
    scene = Scene(timeline, words=words, follow=False)
    for slot in [*slots, *reversed(slots)]:
        ask_moment(timeline, words, slot)
        scene.go(slot)
        marked_place(scene)
    for lane in timeline.lanes:
        list(History(timeline, lane, words))
        words.last_words(timeline, lane)
    draw_everything(timeline, words, slots)


def ask_moment(timeline: Timeline, words: Words, slot: int) -> None:
    """Ask for the sentence of a moment, and for all about each task."""
    assert "\n" not in words.happened(timeline, slot)
    words.following(timeline, slot)
    for lane in timeline.lanes:
        assert words.state(timeline, lane, slot)
        assert describe(timeline, lane, slot, words)


def draw_everything(timeline: Timeline, words: Words, slots: Iterable[int]) -> None:
    """Draw each row of both axes, at each zoom, folded and not, with the playhead here and there."""
    for loop in (True, False):
        for rows in kinds_of_rows(timeline, loop=loop, scopes=words, gone_by=len(timeline.tape) // 2):
            if loop:
                draw_steps(timeline, rows, words, slots)
            else:
                draw_times(timeline, rows, words)


def kinds_of_rows(timeline: Timeline, *, loop: bool, scopes: Words, gone_by: int) -> Iterable[Rows]:
    """Lay the rows in each of the ways there are."""
    yield lay_rows(timeline, loop=loop, scopes=scopes, steps=loop)
    yield lay_rows(timeline, loop=loop, scopes=scopes, steps=loop, system=True)
    yield lay_rows(timeline, loop=loop, scopes=scopes, steps=loop, gone_by=gone_by)
    yield lay_rows(timeline, loop=loop, scopes=scopes, steps=loop, only={lane.index for lane in timeline.lanes[::2]})
    folded = {lane.index: Roll(timeline, lane.index) for lane in timeline.lanes if lane.children}
    for roll in folded.values():
        roll.update()
    yield lay_rows(timeline, loop=loop, scopes=scopes, steps=loop, folded=folded)


def draw_steps(timeline: Timeline, rows: Rows, words: Words, slots: Iterable[int]) -> None:
    """Draw all columns, window by window."""
    columns = timeline.tape.count_columns()
    for zoom in ZOOMS:
        for first in range(1, columns + 2, max(1, WIDTH // zoom)):
            draw(StepsPicture(timeline, rows, StepsView(first, WIDTH, zoom), words), rows)
    for slot in slots:
        first = max(1, timeline.tape.column_of(slot) - 3)
        draw(StepsPicture(timeline, rows, StepsView(first, WIDTH, 10, slot), words), rows)


def draw_times(timeline: Timeline, rows: Rows, words: Words) -> None:
    """Draw the whole time, and a part of it; in trio's own time, too, where there is any."""
    origin = timeline.runs[0].begun.t if timeline.runs else 0
    for scale in {id(scale): scale for scale in (REAL_TIME, scale_of(timeline))}.values():
        start, end = scale.at(origin), max(scale.at(origin) + 1, scale.at(timeline.horizon))
        whole = TimeView.between(start, end, WIDTH, spare=18, origin=start, scale=scale)
        part = TimeView(start + (end - start) // 3, max(1, whole.cell // 3), WIDTH, start, timeline.now // 2, scale)
        for view in (whole, part):
            draw(TimePicture(timeline, rows, view, words), rows)


def draw(picture: StepsPicture | TimePicture, rows: Rows) -> None:
    """Draw all lines of a frame: each has as many cells as there are."""
    lines = [picture.head(), picture.marks(), picture.prints(), *map(picture.line, range(len(rows.rows)))]
    assert {line.width for line in lines} == {len(line.glyphs) for line in lines} == {picture.view.width}
    for row in rows.rows:
        row.fitted(20)
