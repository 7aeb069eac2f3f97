"""One family of errors; each knows its exit status. The message is one line: what, where, and the way out."""

from __future__ import annotations

__all__ = ["LogError", "TriotraceError", "UsageError"]


class TriotraceError(Exception):
    """What triotrace itself cannot do. `str(error)` is one line for the user."""

    exit_code = 3


class UsageError(TriotraceError):
    """The words of the command line make no sense."""

    exit_code = 2


class LogError(TriotraceError):
    """A file is no log of ours, or is damaged: the message begins with `LOG:LINE:`."""
