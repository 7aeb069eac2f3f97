"""What the source has at a place, whatever the source is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from triotrace.events import Place
from triotrace.timeline.expressions import read
from triotrace.timeline.verbs import Verbs

WHOLE = """\
async def f(lock, other, chan):
    async with lock:
        await trio.sleep(0.5)
    async with (
        lock,  # async with nothing
        other as alias,
    ):
        await trio.sleep(0.5)
    async for x in chan:
        await trio.sleep(0.5)
    async with await trio.open_file("x") as file: await file.read()
    with chan: pass
"""


@pytest.mark.parametrize(
    ("line", "end_line", "call", "full"),
    [
        (2, 3, "Lock.acquire", "lock.acquire"),
        (4, 8, "Lock.acquire", "lock, other"),
        (9, 10, "MemoryReceiveChannel.receive", "chan.receive"),
        (11, 11, "AsyncIOWrapper.aclose", "file.aclose"),
        (12, 12, "MemoryReceiveChannel.close", "chan.close"),
    ],
)
def test_the_span_of_a_whole_block_is_read_by_its_header(line: int, end_line: int, call: str, full: str) -> None:
    """So it is in logs of Python 3.11 and 3.12 from before items had places: of several each is named."""
    verbs = Verbs()
    verbs.add_source("f.py", WHOLE)
    text = WHOLE.split("\n")[end_line - 1]
    verbs.add_place(Place(1, "f.py", line, end_line, 4, len(text), "f", call))
    assert full == verbs.verb(1).full


@pytest.mark.parametrize(
    ("line", "column", "end_column", "call", "full"),
    [
        (2, 15, 19, "Lock.acquire", "lock.acquire"),
        (5, 8, 12, "Lock.acquire", "lock.acquire"),
        (6, 8, 13, "Lock.release", "alias.release"),
        (11, 15, 40, "open_file", "open_file"),
        (11, 15, 40, "CapacityLimiter.acquire", "open_file (limiter)"),
        (11, 15, 40, "AsyncIOWrapper.aclose", "file.aclose"),
        (12, 9, 13, "MemoryReceiveChannel.close", "chan.close"),
    ],
)
def test_the_span_of_an_item_is_found_in_its_header(
    line: int, column: int, end_column: int, call: str, full: str
) -> None:
    verbs = Verbs()
    verbs.add_source("f.py", WHOLE)
    verbs.add_place(Place(1, "f.py", line, line, column, end_column, "f", call))
    assert full == verbs.verb(1).full


@pytest.mark.parametrize(
    ("call", "library", "full", "short"),
    [
        ("Lock.acquire", False, "lock.acquire", "acquire"),
        ("Lock.acquire", True, "lock", "lock"),
        ("SocketStream.receive_some", True, "lock", "lock"),
        ("ParkingLot.park", False, "lock", "lock"),
    ],
)
def test_what_a_package_does_is_not_said_of_the_thing(call: str, library: bool, full: str, short: str) -> None:
    """`async with pool:` may wait for a lock of the pool's own: there is no `pool.acquire`."""
    verbs = Verbs()
    verbs.add_source("f.py", WHOLE)
    verbs.add_place(Place(1, "f.py", 2, 2, 15, 19, "f", call, library))
    assert (short, full) == (verbs.verb(1).short, verbs.verb(1).full)


TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [*"()[]{}:,.\\\n\t =", "async ", "with ", "for ", "x in ", "await ", "é", "'", 'f"', "\x00", "a"]
        ),
        max_size=30,
    ).map("".join),
)
NUMBERS = st.one_of(st.none(), st.integers(0, 60))


@given(TEXTS, st.integers(0, 5), NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["Lock.acquire", "nursery", "sleep", ""]))
@example("async with é:\n pass", 1, 2, 12, 1, "Lock.acquire")
@example("with a, b: c", 1, 0, 0, 5, "Lock.acquire")
def test_no_source_and_no_place_raises(
    text: str, line: int, end_line: int | None, column: int | None, end_column: int | None, call: str
) -> None:
    verbs = Verbs()
    verbs.add_source("f.py", text)
    verbs.add_place(Place(1, "f.py", line, end_line, column, end_column, "f", call or None))
    found = verbs.verb(1)
    assert found.full or not call
    assert "\n" not in found.full


HOSTILE = [
    "await " + "(" * 100_000,
    "await " + "a." * 500_000 + "b()",
    "await " + "-" * 15_000 + "b()",
    "async with " + "(" * 3_000 + "\n" * 5,
    "async with (\n" + "a,\n" * 100_000,
    "with f(\n" * 2_000,
    "async for x in " + "[" * 150 + "\n" + "'''" * 1_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_sources_are_given_up_at_once(text: str) -> None:
    """No source costs more than its beginning, and none is taken for something else."""
    lines = text.split("\n")
    for place in (
        Place(1, "f.py", 1, len(lines), 0, len(lines[-1]), "f", "Lock.acquire"),
        Place(1, "f.py", len(lines), len(lines), 0, 1, "f", "Lock.acquire"),
    ):
        assert read(lines, place, managed=True) is None
