"""The gate: paused, paced or walked, a program does what it does anyway, in trio's time as in order."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import trio
from gated import Walker, order_of, run
from pausable import PROGRAMS, UNIT, outcome_of

from triotrace.events import Resumed


class Said(list[tuple[str, float]]):
    """What a program says, with its trio time."""

    def __init__(self, walker: Walker, pause_at: int | None = None) -> None:
        super().__init__()
        self.walker = walker
        self.pause_at = pause_at

    async def run(self, main: Callable[..., object]) -> None:
        self.began = trio.current_time()
        await main(self.say)

    def say(self, text: str) -> None:
        self.append((text, trio.current_time() - self.began))
        if len(self) == self.pause_at:
            self.walker.gate.pause()


def played(name: str, *, pause: float = 0, **how: object) -> tuple[object, ...]:
    """Play a program; return what it said, how it ended, the order of all that happened, and its times."""
    walk = how.pop("walk", False)
    walker = Walker(**how)
    said = Said(walker, pause_at=1 if pause else None)

    def drive() -> None:
        if walk:
            walker.walk()
        if pause:
            assert walker.heard()
            time.sleep(pause)
            walker.gate.resume()

    ended = run(walker, said.run, PROGRAMS[name], drive=drive)
    told = walker.told()
    if pause:
        assert max(event.wall_ns for event in walker.of(Resumed)) > 0.9e9 * pause
    return [text for text, _ in said], outcome_of(ended), order_of(told.events), [when for _, when in said]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_program(name: str) -> None:
    """Same words, same end, same order of steps, nurseries and scopes; trio's times far nearer than the next timer."""
    *plain, times = played(name)
    for how in ({"pause": 12 * UNIT}, {"pace": 50.0}, {"paused": True, "walk": True}):
        *shown, others = played(name, **how)
        assert plain == shown, how
        assert [] == [when for when, other in zip(times, others, strict=True) if abs(when - other) > UNIT], how
