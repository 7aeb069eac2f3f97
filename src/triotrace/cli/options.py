"""Options that commands share, and a command whose target takes all words that follow it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from triotrace.language import LANGUAGES
from triotrace.launch import LogPlace, Wishes, chosen_place

__all__ = ["AXIS", "LANG", "LOG", "PACE", "PAUSED", "TargetCommand", "place_of", "recording_options", "wishes_of"]

Command = TypeVar("Command", bound=Callable[..., Any])

GIB = 1024**3
SMALLEST_LOG = 1024

AXIS = click.option(
    "--axis",
    type=click.Choice(["steps", "time"]),
    help="What runs from left to right: task steps, or time. [default: steps for a script, else time]",
)

LANG = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of the screen. [default: the locale's, else English]",
)

PAUSED = click.option("--paused", is_flag=True, help="Stand still before the first step; → goes on.")

PACE = click.option(
    "--pace",
    metavar="N",
    type=click.FloatRange(0.01, 1000),
    help="Steps a second. [default: real time]",
)

LOG = click.argument("log", type=click.Path(path_type=Path))


class TargetCommand(click.Command):
    """A command that ends with TARGET: from `SCRIPT`, `-m` or `--` on, all words belong to the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the target off, then parse the options before it."""
        start = self._find_target(ctx, args)
        rest = super().parse_args(ctx, args[:start])
        ctx.params["target"] = tuple(args[start:])
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the words after the command's name in its usage."""
        return [*super().collect_usage_pieces(ctx), "{SCRIPT | -m MODULE | -- COMMAND} [ARGS]..."]

    def _find_target(self, ctx: click.Context, args: list[str]) -> int:
        with_value = {
            name
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and not param.is_flag
            for name in param.opts
        }
        position = 0
        while position < len(args):
            word = args[position]
            if word == "--" or not word.startswith("-") or word == "-" or word[:2] == "-m":
                break
            position += 2 if word in with_value else 1
        return min(position, len(args))


def recording_options(command: Command) -> Command:
    """Add the options of `run` and `record`."""
    for option in reversed(
        [
            click.option(
                "-o",
                "--output",
                metavar="LOG",
                type=click.Path(path_type=Path),
                help="Where the log goes: .jsonl, .jsonl.gz (compressed) or .json (one document).",
            ),
            click.option("--force", is_flag=True, help="Overwrite LOG."),
            click.option(
                "--order",
                metavar="started|shuffled|N",
                callback=_read_order,
                help="In what order trio runs the tasks that are ready at once: as they became ready (the same in each "
                "run), shuffled as trio does it, or shuffled by the number N (the same for the same N). Timers within "
                "a millisecond, I/O and threads may still differ.",
            ),
            click.option("--no-output", is_flag=True, help="Leave the program's prints out of the log."),
            click.option("--no-source", is_flag=True, help="Leave the source of its files out of the log."),
            click.option(
                "--mine", metavar="PACKAGE", multiple=True, help="Count this installed package as your own code."
            ),
            click.option(
                "--max-size",
                metavar="BYTES",
                type=click.IntRange(min=SMALLEST_LOG),
                default=GIB,
                help="Stop the log, not the program, at this size. [default: 1 GiB]",
            ),
            click.option(
                "--python",
                metavar="PATH",
                help="The Python of a script or module; it needs nothing of triotrace's. [default: the active virtual "
                "environment's, the script's #!, that of the .venv beside the script or above it, triotrace's]",
            ),
        ]
    ):
        command = option(command)
    return command


def _read_order(context: click.Context, option: click.Parameter, word: str | None) -> str | None:
    if word is None or word in ("started", "shuffled"):
        return word
    if word.isascii() and word.isdigit() and len(word) <= 15:
        return str(int(word))
    raise click.BadParameter(f"{word!r} is neither started, nor shuffled, nor a number", context, option)


def wishes_of(options: dict[str, Any], *, order: str) -> Wishes:
    """Take from the parsed options what concerns the recording; `order` is the default."""
    return Wishes(
        order=options["order"] or order,
        source=not options["no_source"],
        output=not options["no_output"],
        max_size=options["max_size"],
        mine=options["mine"],
    )


def place_of(options: dict[str, Any], default: Callable[[], LogPlace]) -> LogPlace:
    """Return where the log goes, by -o and --force, else by `default`. Raises TriotraceError."""
    if options["output"] is not None:
        return chosen_place(options["output"], force=options["force"])
    if options["force"]:
        raise click.UsageError("--force overwrites the LOG of -o, and there is no -o")
    return default()
