"""What an exception makes of an end: its name in a word or two, Ctrl+C, an exit of the program."""

from __future__ import annotations

from triotrace.clean import clean
from triotrace.events import Error
from triotrace.timeline.names import LIMIT_NAME

__all__ = ["error_name", "exit_status", "interrupted", "long_error_name"]

_MOST_KINDS = 3
_EXIT, _INTERRUPT = "SystemExit", "KeyboardInterrupt"


def error_name(error: Error | None) -> str:
    """Give the type of an exception without its module; of a group that Ctrl+C is in, that. Nothing for none."""
    if error is None:
        return ""
    return _INTERRUPT if interrupted(error) else _short(error.type)


def long_error_name(error: Error | None) -> str:
    """Give the type of an exception, and of a group what is in it: `ExceptionGroup (ValueError, KeyError)`."""
    if error is None:
        return ""
    kinds = list(dict.fromkeys(_short(leaf.type) for leaf in error.leaves or ()))
    if not kinds:
        return _short(error.type)
    more = ", …" if len(kinds) > _MOST_KINDS else ""
    return f"{_short(error.type)} ({', '.join(kinds[:_MOST_KINDS])}{more})"


def interrupted(error: Error | None) -> bool:
    """Tell whether an exception is a KeyboardInterrupt, or a group with one in it."""
    return error is not None and _INTERRUPT in (_short(error.type), *(_short(leaf.type) for leaf in error.leaves or ()))


def exit_status(error: Error | None) -> int | None:
    """Give the status with which a bare SystemExit ends the program; None for any other exception.

    In a group it is an error like others: Python prints a traceback, and the status is 1.
    """
    if error is None or error.status is not None or _short(error.type) != _EXIT:
        return None if error is None else error.status
    # A log of version 1.0 has nothing but the text
    text = error.text
    return 0 if text in ("", "None") else int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _short(name: str) -> str:
    return clean(name.rpartition(".")[2], LIMIT_NAME)
