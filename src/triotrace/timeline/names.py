"""Names as a lane shows them: the function, not its module; equal ones are numbered."""

from __future__ import annotations

__all__ = ["LIMIT_NAME", "short_name"]

LIMIT_NAME = 200
"""Characters that are kept of a name; a log may hold more."""

_PART_OF_THE_NAME = frozenset(["to_thread", "from_thread", "to_process"])


def short_name(name: str, function: str = "") -> str:
    """Shorten a task's name.

    trio names a task `module.qualname`; `function` is that qualified name where the log tells it.
    A name that someone chose is left alone. trio's own functions are called as their users call them:
    `to_thread.run_sync`.
    """
    if name.startswith("trio.") and all(part.isidentifier() and part[0] != "_" for part in name.split(".")):
        return name.removeprefix("trio.")
    if function and (name == function or name.endswith("." + function)):
        name = function
    elif " " in name or not all(part.isidentifier() or part == "<locals>" for part in name.split(".")):
        return name
    else:
        # A method keeps its class: `Server.handle`; anyio's functions are called as trio's are
        parts = name.split(".")
        keep = 2 if len(parts) > 1 and (parts[-2][:1].isupper() or parts[-2] in _PART_OF_THE_NAME) else 1
        name = ".".join(parts[-keep:])
    return name.rpartition("<locals>.")[2]
