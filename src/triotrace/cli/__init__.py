"""The command line: words become one call each, and every failure one line and an exit status."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from triotrace.cli.commands import triotrace
from triotrace.cli.say import say
from triotrace.errors import TriotraceError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not so when it is closed, or a test's
            stream.reconfigure(errors="backslashreplace")
    try:
        status = triotrace.main(arguments, prog_name="triotrace", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "triotrace"
        say(f"{error.format_message().rstrip('.')}; see `{command} --help`")
        return error.exit_code
    except TriotraceError as error:
        say(str(error))
        return error.exit_code
    except BrokenPipeError:  # `| head` has seen enough; nothing more may be written, not even at exit
        sys.stdout = None
        return 1
    except OSError:
        why = _unwritable()
        if why is None:
            raise
        say(f"standard output: cannot be written: {why.strerror}")
        sys.stdout = None
        return TriotraceError.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    return status if isinstance(status, int) else 0


def _unwritable() -> OSError | None:
    """Return why standard output takes nothing, if it does not: what it refused is written once more."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        return error
    return None
