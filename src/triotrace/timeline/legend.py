"""The glyphs of the picture and what they mean; `docs/grammar.md` says the same at more length."""

from __future__ import annotations

__all__ = ["LEGEND"]

LEGEND: tuple[tuple[str, str], ...] = (
    ("█verb███", "the one task that runs; the word is the await that ended its step"),
    ("↺", "it gave way and stays in the queue (a checkpoint)"),
    ("━┓┃┗┏┛", "where control went next: one line, never broken"),
    ("▼ ▲", "made ready by the block of the same column, which ╎ leads to"),
    ("░", "ready, in the queue"),
    ("┈", "waiting"),
    ("■ ! ╳", "the end of a task: returned, raised, cancelled"),
    ("▓", "a step of a task that is folded away, on the row it is folded into"),
    ("│", "on the time axis: a step too short to have a length"),
    ("(loop)", "trio's loop; a block there is a sleep in which nobody was ready"),
    ("?", "unknown: the log has a gap there"),
)
