"""The glyphs of the picture and what they mean; `docs/grammar.md` says the same at more length."""

from __future__ import annotations

__all__ = ["LEGEND"]


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "translate this where it is shown"
    """Mark a message for the catalogue."""
    return message


LEGEND: tuple[tuple[str, str], ...] = (
    ("█verb███", N_("the one task that runs; the word is the await that ended its step")),
    ("get ×8", N_("so many steps inside one await: it gave way and came next again")),
    ("↺", N_("it gave way and stays in the queue (a checkpoint)")),
    ("━┓┃┗┏┛", N_("where control went next: one line, never broken")),
    ("▼ ▲", N_("made ready by the block of the same column, which ╎ leads to")),
    ("▽ △", N_("made ready to be cancelled, or interrupted by Ctrl+C")),
    ("░", N_("ready, in the queue")),
    ("┈", N_("waiting")),
    ("▸", N_("the task that is next, while the program stands still")),
    ("■ ! ╳", N_("the end of a task: returned or exited, raised, cancelled")),
    ("◇", N_("has what the chosen task waits for: a lock, the token of a limiter")),
    ("▓", N_("a step of a task that is folded away, on the row it is folded into")),
    ("×9 ■ 3", N_("a folded nursery: so many of its tasks live, so many are gone")),
    ("╷", N_("above the picture: here a turn of the loop begins")),
    ("◆", N_("above the picture: what the program marked")),
    ("│", N_("time axis: a step too short for an eighth of a cell, or several")),
    ("▁▂▃▄▅▆▇█", N_("time axis: how much of the cell it ran, by the eighth")),
    ("█verb██▽", N_("it stays in the queue, to be cancelled at that await")),
    ("╳━━━", N_("a row of its own: a scope, from when it was cancelled")),
    ("═══", N_("a row of its own: a shield, while it holds a cancellation off")),
    ("[━━━]···┊", N_("time axis: a scope with a deadline, the time it had left, its deadline; ╳ if it was cancelled")),
    ("╱╱", N_("time axis: a stretch in which nobody ran, folded; the ruler says its length")),
    ("»» »»", N_("time axis: a mock clock jumped")),
    ("(loop)", N_("trio's loop; a block there is a sleep in which nobody was ready")),
    ("?", N_("unknown: the log has a gap there")),
)
