"""The place of a `with` is its item, on each Python: entered, left, or left by an exception."""

from __future__ import annotations

import dis
from textwrap import dedent
from types import CodeType

import pytest

from triotrace.tracing.positions import span_of

STEPS = {
    "BEFORE_WITH": "enter",
    "BEFORE_ASYNC_WITH": "enter",
    "LOAD_SPECIAL": "enter",  # from Python 3.14 on, in place of the two above; what leaves is loaded by another
    "WITH_EXCEPT_START": "fail",
}


def compiled(body: str) -> tuple[CodeType, list[str]]:
    """Compile the body of an async function; return its code, and the lines of the source."""
    source = "async def function(a, b, c):\n" + "".join(f"    {line}\n" for line in dedent(body).strip().split("\n"))
    names: dict[str, CodeType] = {}
    exec(compile(source, "source", "exec"), names)  # the text is ours
    return names["function"].__code__, source.split("\n")  # type: ignore[attr-defined]


def steps(body: str) -> list[tuple[str, str]]:
    """Return what is done with which item, in the order of the instructions."""
    code, lines = compiled(body)
    found = []
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_SPECIAL" and instruction.argrepr not in ("__enter__", "__aenter__"):
            continue
        leaves = instruction.opname == "CALL" and instruction.arg in (2, 3) and _leaves(code, instruction.offset)
        step = "leave" if leaves else STEPS.get(instruction.opname)
        if step is not None:
            line, end_line, column, end_column = span_of(code, instruction.offset)
            found.append((step, lines[line - 1][column : end_column if end_line == line else None]))
    return found


def _leaves(code: CodeType, offset: int) -> bool:
    """Tell whether a call is that of an `__exit__`, which has three times None."""
    before = [i for i in dis.get_instructions(code) if i.offset < offset and i.opname != "PRECALL"][-3:]
    constants = {"LOAD_CONST", "LOAD_COMMON_CONSTANT"}  # the latter from Python 3.15 on
    return [None] * 3 == [i.argval for i in before] and {i.opname for i in before} <= constants


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ("async with a:\n    b()", ["a"]),
        ("async with a, b.c(1) as d, c:\n    d()", ["a", "b.c(1)", "c"]),
        ("with a, b:\n    c()", ["a", "b"]),
        ("async with a, await b, c[0]:\n    pass", ["a", "await b", "c[0]"]),
        ("async with (\n    a,\n    b as c,\n):\n    await c", ["a", "b"]),
        ("async with \\\n  a:\n    pass", ["a"]),
    ],
)
def test_each_item_is_entered_and_left(body: str, items: list[str]) -> None:
    found = steps(body)
    assert items == [item for step, item in found if step == "enter"]
    assert items[::-1] == [item for step, item in found if step == "leave"]
    assert items[::-1] == [item for step, item in found if step == "fail"]


@pytest.mark.parametrize(
    "body",
    [
        "async with a, b:\n    if c: return\n    await c",
        "for c in a:\n    async with a, b:\n        if c: break\n        if await c: continue",
        "try:\n    pass\nfinally:\n    async with a, b:\n        return",
        "async with a, b:\n    async with a, b:\n        raise c",
        "with a:\n    async with a, b:\n        with b:\n            pass",
        "while True:\n    async with a, b as d, c:\n        async with d: return 1",
    ],
)
def test_in_each_way_out_of_a_block_the_items_are_known(body: str) -> None:
    """Return, break and continue leave all items; a `finally` is compiled more than once."""
    assert {"a", "b", "c", "d"} >= {item for _, item in steps(body)}


def test_an_item_that_is_one_of_two_has_the_place_of_both() -> None:
    """What evaluated it is not known from the instructions before: the place is the whole item, or the whole block."""
    for body in ("async with a or b:\n    pass", "async with a if c else b:\n    pass"):
        header = body.partition("\n")[0]
        assert {header, header[11:-1]} >= {item for _, item in steps(body)}


def test_all_else_has_the_place_that_python_gives() -> None:
    """No other instruction is touched, in a function with blocks either."""
    code, _ = compiled("async with a:\n    await b()\nreturn [await d async for d in c]")
    for instruction in dis.get_instructions(code):
        place = instruction.positions
        if place is not None and place.lineno is not None and place.lineno != 2:
            own = (place.lineno, place.end_lineno, place.col_offset, place.end_col_offset)
            assert own == span_of(code, instruction.offset)


def test_the_place_of_a_function_is_its_first_line() -> None:
    code, _ = compiled("pass")
    assert (1, None, None, None) == span_of(code, -1)
    assert (1, None, None, None) == span_of(code, 10_000)
