"""The stand-in for msgspec writes the very bytes that msgspec writes, and makes Structs that behave as its do."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inside import ran

import triotrace
from log_samples import HEADER, LINES, SMALL_LOG, any_event
from triotrace.events import Event, Footer, Header
from triotrace.log import LogReader, encode
from triotrace.tracing.apart import Apart

PACKAGE = Path(triotrace.__file__).parent


def table() -> Apart:
    made = Apart(str(PACKAGE))
    made.run("msgspec", str(PACKAGE / "tracing" / "stand_in.py"))
    return made


APART = table()
EVENTS, LOG, STAND_IN = (APART.load(name) for name in ("triotrace.events", "triotrace.log", "msgspec"))


def same(value: Any, kinds: ModuleType = EVENTS) -> Any:
    """Return an event made anew of the stand-in's Structs."""
    if isinstance(value, msgspec.Struct):
        fields = {name: same(getattr(value, name)) for name in value.__struct_fields__}
        return getattr(kinds, type(value).__name__)(**fields)
    return [same(item) for item in value] if isinstance(value, list) else value


def lines(events: list[Event]) -> bytes:
    made: bytes = LOG.encode([same(event) for event in events])
    return made


def test_nothing_of_the_table_is_ours() -> None:
    assert EVENTS.Event is not Event
    assert EVENTS.msgspec is STAND_IN is not msgspec


def test_every_kind() -> None:
    events = LogReader("sample").feed(SMALL_LOG)
    assert len(LINES) == len(events)
    assert SMALL_LOG == lines(events)


@given(st.lists(any_event, max_size=5))
@settings(max_examples=300)
def test_any_events(events: list[Event]) -> None:
    assert encode(events) == lines(events)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.floats(min_value=-1e-3, max_value=1e6))
@settings(max_examples=500)
def test_any_pace(pace: float) -> None:
    assert msgspec.json.encode([pace]) == STAND_IN.json.encode([pace])


@given(st.dictionaries(st.text(), st.integers() | st.booleans() | st.none() | st.text()))
def test_any_counts(counts: dict[str, Any]) -> None:
    try:
        expected = msgspec.json.encode(counts)
    except (UnicodeEncodeError, OverflowError):
        return
    assert expected == STAND_IN.json.encode(counts)


def test_a_lone_surrogate_is_refused_as_msgspec_refuses_it() -> None:
    for way in (encode, lines):
        with pytest.raises(UnicodeEncodeError):
            way([msgspec.structs.replace(HEADER, tool="\ud800")])


def test_a_real_log(tmp_path: Path) -> None:
    """The events of a program, written anew, are its log."""
    child = ran(
        tmp_path,
        """
        import trio
        async def child(number):
            with trio.move_on_after(0.001 * number):
                await trio.sleep(0.002)
            print("é \\x1b[31m", number)
            if number == 4:
                raise ValueError('"' * number)
        async def main():
            for _ in range(500):
                await trio.lowlevel.checkpoint()
            try:
                async with trio.open_nursery() as nursery:
                    for number in range(6):
                        nursery.start_soon(child, number)
            except* ValueError:
                pass
        trio.run(main)
        """,
    )
    header, _, written = child.log.read_bytes().partition(b"\n")
    events = [event for event in child.events() if not isinstance(event, Header | Footer)]
    assert header
    assert len(events) > 1500
    assert written == encode(events) == lines(events)


class Both:
    """The same Struct, of each of the two."""

    @staticmethod
    def of(struct: Any) -> Any:
        class Frozen(struct, frozen=True, gc=False):
            number: int
            points: dict[int, int] = {}  # noqa: RUF012 each gets its own
            word: str = ""

        class Plain(struct, eq=False):
            number: int
            things: list[int] = []  # noqa: RUF012

        return Frozen, Plain


@pytest.mark.parametrize("struct", [msgspec.Struct, STAND_IN.Struct], ids=["msgspec", "stand-in"])
def test_structs(struct: Any) -> None:
    """Equal, hashed, with defaults of their own, made anew with changes: all as `tracing` needs it."""
    frozen, plain = Both.of(struct)
    replace = (msgspec if struct is msgspec.Struct else STAND_IN).structs.replace
    assert frozen(1) == frozen(1, {}, "") != frozen(2)
    assert frozen(1).points is not frozen(1).points
    assert plain(1) != plain(1)
    assert len({plain(1), plain(1)}) == 2
    changed = replace(frozen(1, {2: 3}), word="w")
    assert (1, {2: 3}, "w") == (changed.number, changed.points, changed.word)
    one = plain(1)
    one.number = 5
    one.things.append(1)
    assert (5, [], [1]) == (one.number, plain(2).things, one.things)
    with pytest.raises(AttributeError):
        one.other = 1
    with pytest.raises(TypeError):
        frozen()
