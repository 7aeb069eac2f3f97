"""What stands above a drawing that leaves home: which program, how long a story, on what, and how it ended."""

from __future__ import annotations

from pathlib import PurePath

from triotrace.clean import clean
from triotrace.timeline.ends import error_name, exit_status
from triotrace.timeline.records import Run
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.widths import shorten, width_of
from triotrace.timeline.words import Words

__all__ = ["heading", "packed", "program_of"]

_LIMIT = 200


def heading(timeline: Timeline, words: Words) -> list[str]:
    """Give the parts of the heading; what the log does not tell is left out."""
    say, _n, header = words.catalogue.gettext, words.catalogue.ngettext, timeline.header
    steps, runs = len(timeline.tape), len(timeline.runs)
    tasks = sum(lane.role in ("main", "user") for lane in timeline.lanes)
    counts = [
        _n("{count} step", "{count} steps", steps).format(count=steps),
        _n("{count} task", "{count} tasks", tasks).format(count=tasks),
    ]
    if runs > 1:
        counts.append(_n("{count} run", "{count} runs", runs).format(count=runs))
    versions = [f"trio {clean(run.begun.trio, _LIMIT)}" for run in timeline.runs[:1]]
    program = "?"
    if header is not None:
        program = program_of(header.argv)
        versions.append(f"Python {clean(header.python, _LIMIT)}")
        versions.append(say("order: {order}").format(order=clean(header.order, _LIMIT)))
    return [f"{program}: {', '.join(counts)}", ", ".join(versions), ", ".join(_ending(timeline, words))]


def program_of(argv: list[str]) -> str:
    """Name a program as its user started it: `exemplo_06.py`, `-m pytest tests`."""
    if not argv:
        return "?"
    path = PurePath(argv[0])
    name = f"-m {path.parent.name}" if path.name == "__main__.py" else path.name
    return clean(" ".join((name, *argv[1:])), _LIMIT)


def packed(parts: list[str], width: int, separator: str) -> list[str]:
    """Put parts into as few lines of at most `width` cells as they need; one that is longer is cut in its middle."""
    lines: list[str] = []
    for part in filter(None, parts):
        if lines and width_of(lines[-1] + separator + part) <= width:
            lines[-1] += separator + part
        else:
            lines.append(shorten(part, width))
    return lines


def _result(run: Run, words: Words, *, known: bool) -> list[str]:
    """Say how a run ended; an exit says no more than the status of the program, if that is known."""
    say = words.catalogue.gettext
    status = exit_status(run.error)
    if run.result is None and run.ended is not None:
        return [say("its tracer was removed")]
    if run.result is None or (status is not None and known):
        return []
    if status is not None:
        return [say("exit {status}").format(status=status)]
    results = {
        "returned": say("returned"),
        "raised": say("raised {error}").format(error=error_name(run.error)).rstrip(),
        "cancelled": say("cancelled"),
    }
    return [results[run.result]]


def _ending(timeline: Timeline, words: Words) -> list[str]:
    say, _n, footer = words.catalogue.gettext, words.catalogue.ngettext, timeline.footer
    said = []
    if len(timeline.runs) == 1:
        said += _result(timeline.runs[0], words, known=footer is not None and footer.exit is not None)
    if footer is None:
        said.append(say("the log has no end"))
    elif footer.exit is not None and footer.exit < 0:
        said.append(say("signal {number}").format(number=-footer.exit))
    elif footer.exit is not None:
        said.append(say("exit {status}").format(status=footer.exit))
    if timeline.dropped:
        said.append(_n("{count} event lost", "{count} events lost", timeline.dropped).format(count=timeline.dropped))
    return said
