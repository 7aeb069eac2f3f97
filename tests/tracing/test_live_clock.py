"""The clock that can stand still, on a real one that is made up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triotrace.tracing.live_clock import LiveClock, RunClock


class Real:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.shown = 1_000

    def __call__(self) -> int:
        return self.shown


@given(
    st.lists(st.tuples(st.sampled_from(["freeze", "thaw", "advance"]), st.integers(0, 10**12), st.integers(-5, 10**12)))
)
def test_it_never_goes_back(steps: list[tuple[str, int, int]]) -> None:
    """Whatever happens to it, it shows the real time that passed while it went, and what it was moved by."""
    real = Real()
    clock = LiveClock(real)
    expected = clock.now()
    frozen = False
    for word, passes, by in steps:
        match word:
            case "freeze":
                clock.freeze()
                frozen = True
            case "thaw":
                clock.thaw()
                frozen = False
            case "advance":
                clock.advance(by)
                expected += max(0, by)
        assert expected == clock.now()
        assert frozen == clock.frozen
        real.shown += passes
        expected += 0 if frozen else passes
        assert expected == clock.now()


def test_a_run_has_its_own_origin_and_the_same_pace() -> None:
    live = LiveClock(real := Real())
    one, two = RunClock(live), RunClock(live)
    assert one.current_time() != two.current_time()
    began = one.current_time(), two.current_time()
    real.shown += 2_500_000_000
    assert (2.5, 2.5) == pytest.approx((one.current_time() - began[0], two.current_time() - began[1]))


def test_how_long_to_sleep() -> None:
    """Until the deadline while it goes; for ever while it stands, unless the deadline has come."""
    live = LiveClock(Real())
    clock = RunClock(live)
    now = clock.current_time()
    assert 3 == pytest.approx(clock.deadline_to_sleep_time(now + 3))
    assert math.inf == clock.deadline_to_sleep_time(math.inf)
    live.freeze()
    assert clock.deadline_to_sleep_time(now + 3) > 10_000
    assert clock.deadline_to_sleep_time(now) <= 0
    assert math.inf == clock.deadline_to_sleep_time(math.inf)
