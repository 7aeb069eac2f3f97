"""The commands: run, record, replay, show, demo, examples."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click

from triotrace import __version__
from triotrace.clean import clean
from triotrace.cli.lessons import copy_lessons, lesson, list_lessons
from triotrace.cli.options import AXIS, LANG, PACE, PAUSED, TargetCommand, place_of, recording_options, wishes_of
from triotrace.cli.say import say
from triotrace.errors import TriotraceError
from triotrace.launch import (
    Python,
    Target,
    Wishes,
    cached_place,
    die_of,
    find_python,
    free_place,
    newest_log,
    parse_target,
    place_after,
    record,
)

__all__ = ["triotrace"]

Axis = Literal["steps", "time"]


class _Words(click.Group):
    """A group that knows what was meant by `triotrace script.py`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first word."""
        word = args[0]
        if self.get_command(ctx, word) is None and (word.endswith(".py") or word == "-m"):
            raise click.UsageError(f"{word!r} is no command; to watch a program: `triotrace run {' '.join(args)}`", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Words,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", "-V", message="triotrace %(version)s")
@click.pass_context
def triotrace(context: click.Context) -> None:
    """See structured concurrency: a live timeline of any trio program, in the terminal."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@triotrace.command(cls=TargetCommand)
@recording_options
@click.option(
    "--stdin",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What the program reads; without it input() raises EOFError, for the keys are the viewer's. [default: empty]",
)
@AXIS
@PAUSED
@PACE
@LANG
@click.option(
    "--watch",
    is_flag=True,
    help="Run it again when a .py file in or below its folder was saved; other files are not watched, nor are those in "
    "hidden folders, virtual environments and site-packages.",
)
def run(
    target: tuple[str, ...],
    stdin: Path | None,
    axis: Axis | None,
    paused: bool,
    pace: float | None,
    lang: str | None,
    watch: bool,
    **options: Any,
) -> int:
    """Run a program and watch it live.

    The program is a script, a module (-m), or any command that starts Python (--); all that follows belongs to it.
    Exit status: the program's own, 128+N if signal N ended it, 0 if you left first.
    """
    from triotrace.cli.watching import NO_STDIN, Show, require_terminal, watch_live

    _refuse_windows()
    program = parse_target(target)
    program.check()
    require_terminal("run", "`triotrace record` runs it without one, `triotrace show` prints its picture")
    is_script = program.kind == "script"
    in_cache = partial(cached_place, program.name)
    wishes = wishes_of(options, order="started" if is_script else "shuffled")
    return watch_live(
        Show(
            program=program,
            python=_python_for(program, options["python"]),
            wishes=replace(wishes, paused=paused, pace=pace),
            place=partial(place_of, options, in_cache),
            further=lambda first: in_cache() if options["output"] is None else place_after(first.final),
            axis=axis or ("steps" if is_script else "time"),
            stdin=stdin or NO_STDIN,
            language=lang,
            watches_files=watch,
        )
    )


@triotrace.command("record", cls=TargetCommand)
@recording_options
def record_command(target: tuple[str, ...], **options: Any) -> int:
    """Run a program with no viewer, and keep its log.

    Its terminal, stdin, prints and exit status are its own. Without -o the log is NAME.triotrace.jsonl, numbered when
    that exists.
    """
    _refuse_windows()
    program = parse_target(target)
    program.check()
    python = _python_for(program, options["python"])
    place = place_of(options, partial(free_place, program.name))
    outcome = record(program, python.path, place, wishes_of(options, order="shuffled"))
    for sentence in outcome.sentences:
        say(sentence)
    if outcome.log and options["output"] is None and sys.stderr is not None and sys.stderr.isatty():
        log = clean(outcome.log.name if Path(outcome.log.name).exists() else str(outcome.log))
        say(f"the log is {log}; watch it with `triotrace replay {log}`")
    if python.origin and (outcome.returncode or outcome.sentences or (sys.stderr is not None and sys.stderr.isatty())):
        say(python.sentence())
    if outcome.returncode < 0:
        die_of(-outcome.returncode)
    return outcome.status


@triotrace.command()
@click.argument("log", type=click.Path(path_type=Path), required=False)
@AXIS
@PAUSED
@PACE
@LANG
def replay(log: Path | None, axis: Axis | None, paused: bool, pace: float | None, lang: str | None) -> int:
    """Watch a log; without LOG, that of the newest run.

    It opens at its end; with --paused before its first step, with --pace it is played from there.
    """
    from triotrace.cli.watching import require_terminal, watch_tape

    log = newest_log() if log is None else log
    require_terminal("replay", "`triotrace show LOG` prints the picture as text")
    return watch_tape(log, axis=axis, pace=pace, paused=paused, language=lang)


@triotrace.command()
@click.argument("log", metavar="LOG", type=click.Path(path_type=Path, allow_dash=True))
@AXIS
@click.option(
    "--width", metavar="COLUMNS", type=click.IntRange(20, 100_000), help="[default: the terminal's, else 100]"
)
@click.option("--from", "start", metavar="WHERE", help="Begin at a step (12), or on the time axis at a time (1.5s).")
@click.option("--to", "end", metavar="WHERE", help="End there.")
@click.option("--last", metavar="N", type=click.IntRange(min=1), help="Only the last N steps, up to --to.")
@click.option(
    "--task",
    "tasks",
    metavar="NAME",
    multiple=True,
    help="Only tasks of this name, whole or in part, and those that own their nurseries or wake them. May be repeated.",
)
@click.option("--system", is_flag=True, help="Also trio's own tasks and those of libraries.")
@click.option("--all", "everything", is_flag=True, help="All of it, however much that is.")
@click.option(
    "--ascii",
    "seven_bits",
    is_flag=True,
    help="In characters of ASCII only, with a legend; always so where the terminal is not UTF-8.",
)
@LANG
def show(
    log: Path,
    axis: Axis | None,
    width: int | None,
    start: str | None,
    end: str | None,
    last: int | None,
    tasks: tuple[str, ...],
    system: bool,
    everything: bool,
    seven_bits: bool,
    lang: str | None,
) -> None:
    """Print the picture of a log once, as text, ready to be pasted into an issue. LOG may be - for stdin.

    A picture of more than 65,536 characters is a digest, unless --from, --to, --last or --all asks for more: all of the
    time in a few rows, then the last steps.

    WHERE is a step's number on the axis of steps; on that of time it is the time since the beginning: 1.5s, 20ms, or
    seconds.
    """
    from triotrace.cli.pictures import draw, shows_glyphs, terminal_width
    from triotrace.export.part import Part, parse_bound

    width = width or max(20, terminal_width())
    bounds = [None if text is None else parse_bound(text) for text in (start, end)]
    part = Part(start=bounds[0], end=bounds[1], last=last, tasks=tasks)
    drawn, warnings = draw(
        log,
        axis=axis,
        width=width,
        part=part,
        system=system,
        seven_bits=seven_bits or not shows_glyphs(),
        everything=everything,
        language=lang,
    )
    for line in drawn:
        click.echo(line)
    for warning in warnings:
        say(warning)


@triotrace.command()
@LANG
def demo(lang: str | None) -> int:
    """Watch a built-in lesson, live, two steps a second: a relay of two tasks over memory channels."""
    from triotrace.cli.watching import Show, require_terminal, watch_live

    _refuse_windows()
    script = lesson("exemplo_06.py")
    require_terminal("demo", "`triotrace record` and `triotrace show` work without one")
    program = Target("script", (str(script),))
    in_cache = partial(cached_place, program.name)
    return watch_live(
        Show(
            program=program,
            python=Python(Path(sys.executable)),
            wishes=Wishes(order="started", pace=2.0),
            place=in_cache,
            further=lambda _: in_cache(),
            axis="steps",
            language=lang,
        )
    )


@triotrace.command()
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
def examples(directory: Path | None) -> None:
    """List the lessons, or copy them to DIR."""
    if directory is None:
        click.echo(list_lessons(), nl=False)
    else:
        count = copy_lessons(directory)
        first = clean(str(directory / "exemplo_01.py"))
        click.echo(f"{count} files are in {clean(str(directory))}; begin with: triotrace run {first}")


def _python_for(program: Target, chosen: str | None) -> Python:
    if program.kind == "command":
        if chosen is not None:
            raise click.UsageError("--python chooses for a script or module; a command after -- names its own")
        return Python(Path(sys.executable))
    return find_python(program, chosen)


def _refuse_windows() -> None:
    if not hasattr(signal, "SIGKILL"):
        raise TriotraceError("programs cannot be traced on Windows yet; `replay` and `show` read logs from elsewhere")
