"""A test of a time-out: TooSlowError comes after 10 s of trio's time, and nobody has waited for it."""

import pytest
import trio
from trio.testing import MockClock


async def preguica() -> None:
    await trio.sleep(5_000)


@pytest.mark.trio
async def test_fail_after(autojump_clock: MockClock) -> None:
    inicio = trio.current_time()
    with pytest.raises(trio.TooSlowError), trio.fail_after(10):
        await preguica()
    assert trio.current_time() - inicio == 10
