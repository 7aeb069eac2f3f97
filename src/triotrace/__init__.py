"""See structured concurrency: a live timeline of any trio program, in the terminal."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing `typing` would cost each traced program a few milliseconds
if TYPE_CHECKING:
    from types import ModuleType

    from triotrace.tracing.tracer import Tracer as Tracer

__all__ = ["Tracer", "__version__", "mark"]

__version__ = "0.1.0"


def mark(text: str) -> None:
    """Put a mark into the trace, where the program stands; do nothing when it is not traced."""
    here = sys.modules.get("triotrace.tracing.active")  # imported by whoever traces, and by nobody else
    for active in (here, _apart()):
        if active is not None:
            active.mark(text)


def _apart() -> ModuleType | None:
    """Return what tells the tracer of the whole program: not in `sys.modules`, but its patches are in trio."""
    for name, patched in (("trio._core._run", "setup_runner"), ("trio", "run")):
        around = getattr(getattr(sys.modules.get(name), patched, None), "__globals__", {})
        if around.get("__name__") == "triotrace.tracing.install":
            return around["active"] if around["active"] is not sys.modules.get("triotrace.tracing.active") else None
    return None


def __getattr__(name: str) -> object:
    if name == "Tracer":  # pulls in trio, which a reader of logs need not
        from triotrace.tracing.tracer import Tracer

        return Tracer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
