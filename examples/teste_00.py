"""A test with an autojump clock: 5,000 s of trio's time pass in a millisecond of ours."""

import pytest
import trio
from trio.testing import MockClock


@pytest.mark.trio
async def test_sleep(autojump_clock: MockClock) -> None:
    inicio = trio.current_time()
    await trio.sleep(5_000)  # all wait, so the clock jumps to the next deadline
    assert trio.current_time() - inicio == 5_000
