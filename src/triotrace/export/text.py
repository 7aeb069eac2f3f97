"""The picture as plain text: for pipes, issues, small screens and screen readers."""

from __future__ import annotations

from typing import Literal

from triotrace.timeline.canvas import fit, width_of
from triotrace.timeline.rows import RowKind, Rows, lay_rows
from triotrace.timeline.steps import StepsPicture, StepsView
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture, TimeView
from triotrace.timeline.words import Words

__all__ = ["picture"]

_LABEL_MOST = 34


def picture(
    timeline: Timeline,
    *,
    axis: Literal["steps", "time"] = "steps",
    width: int = 100,
    last: int | None = None,
    zoom: int | None = None,
    system: bool = False,
    words: Words | None = None,
) -> str:
    """Draw a timeline as lines of at most `width` cells, each ended by a newline.

    The step axis is cut into as many bands as the tape needs; `last` keeps only the last so many steps. `zoom` is the
    width of a step, one of ZOOMS; left out, it is chosen.
    """
    words = words or Words()
    rows = lay_rows(timeline, system=system, loop=axis == "steps", scopes=words if axis == "time" else None)
    if not timeline.tape:
        return _nothing(timeline, words)
    widest = max((width_of(row.title) for row in rows.rows), default=0)
    column = max(7, min(_LABEL_MOST, widest, width // 2) + 1)
    room = max(20, width - column)
    if axis == "time":
        lines = _time_band(timeline, rows, column, room, words)
    else:
        lines = _step_bands(timeline, rows, column, room, last, zoom, words)
    return "".join(line.rstrip() + "\n" for line in lines)


def _nothing(timeline: Timeline, words: Words) -> str:
    say = words.catalogue.gettext
    said = say("trio ran, but no task took a step") if timeline.runs else say("no step of trio was recorded")
    return said + "\n"


def _step_bands(
    timeline: Timeline,
    rows: Rows,
    column: int,
    room: int,
    last: int | None,
    zoom: int | None,
    words: Words,
) -> list[str]:
    tape = timeline.tape
    total = tape.count_columns()
    first = tape.column_of(max(1, len(tape) - last + 1)) if last else 1
    steps = total - first + 1
    # Words are worth a second band; for more, a narrower picture that fits in one, if there is one
    zoom = zoom or (3 if 2 * (room // 10) < steps <= room // 3 else 10)
    per_band = room // zoom
    lines: list[str] = []

    def run_of(slot: int) -> int:
        lane = tape.lanes[slot]
        run = timeline.run_of(timeline.lanes[lane]) if lane >= 0 else timeline.runs[-1 - lane]
        return -1 if run is None else run.index

    for start in range(first, total + 1, per_band):
        count = min(per_band, total + 1 - start)
        # The last band has room for words behind its last step
        width = count * zoom if start + count <= total else room
        drawn = StepsPicture(timeline, rows, StepsView(start, width, zoom), words)
        if lines:
            lines.append("")
        lines.append(" " * column + drawn.head().text)
        # Of several runs, those that have a step here
        runs = {run_of(slot) for slot in range(tape.slots_of(start)[0], tape.slots_of(start + count - 1)[1] + 1)}
        shown = [row for row in range(len(rows.rows)) if rows.rows[row].run in runs]
        lines += [rows.rows[row].fitted(column) + drawn.line(row).text for row in shown]
        prints = drawn.prints().text
        if prints.strip():
            lines.append(fit("", words.catalogue.gettext("prints"), column) + prints)
    return lines


def _time_band(timeline: Timeline, rows: Rows, column: int, room: int, words: Words) -> list[str]:
    origin = timeline.runs[0].begun.t
    cell = max(1, -(-(timeline.horizon - origin + 1) // max(1, room - timeline.room_for_words)))
    drawn = TimePicture(timeline, rows, TimeView(origin, cell, room, origin), words)
    lines = [" " * column + drawn.head().text]
    lines += [
        shown.fitted(column) + (drawn.line(row).text if shown.kind is not RowKind.RUN else "")
        for row, shown in enumerate(rows.rows)
    ]
    return lines
