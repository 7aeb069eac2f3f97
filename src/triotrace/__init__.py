"""See structured concurrency: a live timeline of any trio program, in the terminal."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing `typing` would cost each traced program a few milliseconds
if TYPE_CHECKING:
    from triotrace.tracing.tracer import Tracer as Tracer

__all__ = ["Tracer", "__version__", "mark"]

__version__ = "0.1.0"


def mark(text: str) -> None:
    """Put a mark into the trace, where the program stands; do nothing when it is not traced."""
    active = sys.modules.get("triotrace.tracing.active")  # imported by whoever traces, and by nobody else
    if active is not None:
        active.mark(text)


def __getattr__(name: str) -> object:
    if name == "Tracer":  # pulls in trio, which a reader of logs need not
        from triotrace.tracing.tracer import Tracer

        return Tracer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
