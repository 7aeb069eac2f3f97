"""The reader: each case whole and byte by byte; all truncations; random damage raises only LogError."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_samples import HEADER, LINES, SMALL_LOG, any_event
from triotrace.errors import LogError
from triotrace.events import EVENTS, AfterTaskStep, BeforeTaskStep, Error, Event, Footer, Header, Mark, TaskExited
from triotrace.log import MAX_LINE, LogReader, clip, encode

HEAD = LINES[0]
STEP = b'{"event":"before_task_step","t":5,"task":1}\n'
END = b'{"event":"footer","t":9,"events":1,"dropped":0}\n'


def read(*chunks: bytes) -> tuple[list[Event], LogReader]:
    reader = LogReader("x.jsonl")
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events + reader.finish(), reader


def both_ways(content: bytes) -> tuple[list[Event], LogReader]:
    """Read a log whole and byte by byte; both must give the same events and warnings, or the same error."""
    results = []
    for chunks in ([content], [content[i : i + 1] for i in range(len(content))]):
        try:
            events, reader = read(*chunks)
        except LogError as error:
            results.append((str(error), None, None))
        else:
            results.append((events, reader.warnings, reader))
    assert results[0][:2] == results[1][:2]
    if results[0][2] is None:
        raise LogError(results[0][0])
    return results[0][0], results[0][2]


def header(**changes: Any) -> bytes:
    return json.dumps({**json.loads(HEAD), **changes}).encode() + b"\n"


ACCEPTED = {
    "fields in any order": (b'{"task":1,"t":5,"event":"before_task_step"}\n', BeforeTaskStep(t=5, task=1)),
    "spaces, as json.dumps writes them": (b'{"event": "before_task_step", "t": 5, "task": 1}\n', BeforeTaskStep(5, 1)),
    "CRLF": (STEP[:-1] + b"\r\n", BeforeTaskStep(t=5, task=1)),
    "duplicate key: the last wins": (b'{"event":"before_task_step","t":1,"t":5,"task":1}\n', BeforeTaskStep(5, 1)),
    "an escaped control character": (
        b'{"event":"task_exited","t":5,"task":1,"result":"raised","error":{"type":"E","text":"\\u001b[2J"}}\n',
        TaskExited(t=5, task=1, result="raised", error=Error(type="E", text="\x1b[2J")),
    ),
    "null for an absent field": (b'{"event":"after_task_step","t":5,"task":1,"place":null}\n', AfterTaskStep(5, 1)),
}


@pytest.mark.parametrize(("line", "event"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(line: bytes, event: Event) -> None:
    events, reader = both_ways(HEAD + line + END)
    assert event == events[1]
    assert reader.warnings == []


FORGIVEN = {
    "torn last line": (
        HEAD + STEP + STEP[:20],
        2,
        "x.jsonl:3: the log ends in the middle of a record; ignored 20",
    ),
    "a tail of NULs": (HEAD + STEP + bytes(4096), 2, "x.jsonl:3: the log ends in 4096 NUL bytes"),
    "a torn line and NULs": (HEAD + STEP + STEP[:9] + bytes(9), 2, "x.jsonl:3: the log ends in the middle of a record"),
    "brackets for ever in the last line": (HEAD + b"[" * 100_000, 1, "x.jsonl:2: the log ends in the middle"),
    "no footer": (HEAD + STEP, 2, "x.jsonl: no footer"),
    "no newline at the end": (HEAD + STEP[:-1], 2, "x.jsonl: no footer"),
    "empty lines": (HEAD + b"\n" + STEP + b"  \r\n" + END, 3, "x.jsonl: skipped 2 empty lines"),
    "an unknown kind": (HEAD + b'{"event":"telepathy","t":1}\n' + END, 2, "skipped 1 events of unknown kinds; the log"),
    "unknown fields": (HEAD + STEP[:-2] + b',"mood":[1],"x":0}\n' + END, 3, "skipped 2 unknown fields"),
    "a later minor version": (header(version=[1, 9], weather="fine") + STEP + END, 3, "skipped 1 unknown fields"),
    "lines after the footer": (HEAD + STEP + END + STEP, 3, "x.jsonl: ignored 1 lines after the footer"),
    "a footer that counts more": (HEAD + END, 2, "x.jsonl:2: its footer counts 1 events, 0 are there"),
}


@pytest.mark.parametrize(("content", "count", "warning"), FORGIVEN.values(), ids=FORGIVEN)
def test_forgiven_with_a_warning(content: bytes, count: int, warning: str) -> None:
    events, reader = both_ways(content)
    assert count == len(events)
    assert any(warning in told for told in reader.warnings), reader.warnings


REFUSED = {
    "empty": (b"", "x.jsonl:1: the file is empty"),
    "NULs only": (bytes(100), "x.jsonl:1: not a triotrace log: nothing but NUL"),
    "a torn header": (HEAD[:30], "x.jsonl:1: the header is torn: the recording died at once"),
    "one brace": (b"{", "x.jsonl:1: the header is torn"),
    "random bytes": (b"\x80\xff\x00\x13\n\x01", "x.jsonl:1: not a triotrace log"),
    "text": (b"hello", "x.jsonl:1: not a triotrace log"),
    "BOM": (b"\xef\xbb\xbf" + HEAD, "x.jsonl:1: not a triotrace log"),
    "another tool's document": (b'{"traceEvents":[]}', "x.jsonl:1: not a triotrace log: its first line is no header"),
    "no version": (header(version=1), "x.jsonl:1: not a triotrace log: its header has no version"),
    "a version of bools": (header(version=[True, False]), "its header has no version"),
    "version 2": (
        header(version=[2, 0], tool="triotrace 9\x1b"),
        "log format 2.0 is not supported, this triotrace reads",
    ),
    "version 2 names its tool": (header(version=[2, 0], tool="t 9\x1b"), "1.x; it was written by t 9\\x1b"),
    "version 0": (header(version=[0, 3]), "log format 0.3 is not supported"),
    "header of wrong types": (header(pid="one"), "x.jsonl:1: invalid record: Expected `int`, got `str` - at `$.pid`"),
    "100,000 brackets": (b"[" * 100_000 + b"\n", "x.jsonl:1: not a triotrace log"),
    "100,000 brackets later": (HEAD + b"[" * 100_000 + b"\n", "x.jsonl:2: invalid record"),
    "brackets in an unknown field": (HEAD + b'{"event":"x","y":' + b"[" * 100_000 + b"\n", "x.jsonl:2: invalid record"),
    "wrong type": (
        HEAD + STEP.replace(b"5", b'"5"'),
        "x.jsonl:2: invalid record: Expected `int`, got `str` - at `$.t`",
    ),
    "missing field": (HEAD + b'{"event":"before_task_step","t":1}\n', "missing required field `task`"),
    "no event": (HEAD + b'{"t":1}\n', "x.jsonl:2: invalid record"),
    "event is a number": (HEAD + b'{"event":1}\n', "x.jsonl:2: invalid record"),
    "not an object": (HEAD + b"[1]\n", "x.jsonl:2: invalid record"),
    "negative": (HEAD + STEP.replace(b"5", b"-5"), "x.jsonl:2: invalid record"),
    "a float": (HEAD + STEP.replace(b"5", b"5.0"), "x.jsonl:2: invalid record"),
    "a float beside an unknown field": (HEAD + STEP.replace(b"5", b'5.0,"x":1'), "x.jsonl:2: invalid record"),
    "an exponent": (HEAD + STEP.replace(b"5", b"1e3"), "x.jsonl:2: invalid record"),
    "NaN": (HEAD + STEP.replace(b"5", b"NaN"), "x.jsonl:2: invalid record"),
    "true": (HEAD + STEP.replace(b"5", b"true"), "x.jsonl:2: invalid record"),
    "over 2**53": (HEAD + STEP.replace(b"5", b"9007199254740992"), "x.jsonl:2: invalid record"),
    "400 digits": (HEAD + STEP.replace(b"5", b"1" * 400), "x.jsonl:2: invalid record"),
    "9,000 digits": (HEAD + STEP.replace(b"5", b"1" * 9000), "x.jsonl:2: invalid record"),
    "9,000 digits in an unknown kind": (
        HEAD + b'{"event":"y","x":' + b"1" * 9000 + b"}\n",
        "x.jsonl:2: invalid record",
    ),
    "a cause of another world": (HEAD + b'{"event":"task_scheduled","t":1,"task":1,"cause":"\x7f"}\n', "`$.cause`"),
    "a raw control byte": (HEAD + b'{"event":"mark","t":1,"text":"\x1b[2J"}\n', "x.jsonl:2: invalid record"),
    "bad UTF-8": (HEAD + b'{"event":"mark","t":1,"text":"\xff\xfe"}\n', "x.jsonl:2: invalid record"),
    "a lone surrogate": (HEAD + b'{"event":"mark","t":1,"text":"\\ud800"}\n', "x.jsonl:2: invalid record"),
    "a text over its limit": (HEAD + b'{"event":"mark","t":1,"text":"' + b"x" * 4097 + b'"}\n', "x.jsonl:2: invalid"),
    "two records on a line": (HEAD + STEP[:-1] + STEP, "x.jsonl:2: invalid record"),
    "a record over two lines": (HEAD + STEP.replace(b",", b",\n"), "x.jsonl:2: invalid record"),
    "two over two lines": (HEAD + STEP[:-1] + STEP.replace(b",", b",\n", 1), "x.jsonl:2: invalid record"),
    "NULs in the middle": (HEAD + STEP + bytes(10) + b"\n" + STEP, "x.jsonl:3: invalid record"),
    "a whole last line of wrong types": (HEAD + b'{"event":"mark","t":"x","text":""}', "x.jsonl:2: invalid record"),
    "a second header": (HEAD + STEP + HEAD, "x.jsonl:3: a second header: two logs in one file"),
    "a second log": (HEAD + STEP + END + HEAD + STEP + END, "x.jsonl:4: a second header: two logs in one file"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_with_place_and_reason(content: bytes, message: str) -> None:
    with pytest.raises(LogError) as caught:
        both_ways(content)
    assert message in str(caught.value)
    assert str(caught.value).isprintable(), "one line, no control characters"
    assert len(str(caught.value)) < 500


LONG = {
    "first": (b"x" * (MAX_LINE + 1), "x.jsonl:1: not a triotrace log: a line longer than 2097152 bytes"),
    "second": (HEAD + b" " * (MAX_LINE + 1) + b"\n" + STEP, "x.jsonl:2: a line longer than 2097152 bytes"),
    "last, without newline": (HEAD + STEP + b" " * (MAX_LINE + 1), "x.jsonl:3: a line longer than 2097152 bytes"),
    "NULs in the middle": (HEAD + bytes(MAX_LINE + 1) + b"\n" + STEP, "x.jsonl:2: a line longer than 2097152 bytes"),
    "NULs first": (bytes(MAX_LINE + 1), "x.jsonl:1: not a triotrace log: nothing but NUL bytes"),
}


@pytest.mark.parametrize(("content", "message"), LONG.values(), ids=LONG)
@pytest.mark.parametrize("size", [2**30, 65_536])
def test_a_line_too_long(content: bytes, message: str, size: int) -> None:
    with pytest.raises(LogError) as caught:
        read(*[content[i : i + size] for i in range(0, len(content), size)])
    assert message == str(caught.value)


def test_longest_line_and_longest_tail_of_nuls_are_read() -> None:
    padded = STEP[:-1].ljust(MAX_LINE) + b"\n"
    content = HEAD + padded + bytes(3 * MAX_LINE)
    events, reader = read(*[content[i : i + 100_000] for i in range(0, len(content), 100_000)])
    assert BeforeTaskStep(t=5, task=1) == events[1]
    assert any(f"{3 * MAX_LINE} NUL bytes" in warning for warning in reader.warnings)


def test_every_truncation_reads_or_says_that_the_header_is_torn() -> None:
    """A log cut anywhere gives the events before the cut."""
    for cut in range(len(SMALL_LOG) + 1):
        content = SMALL_LOG[:cut]
        if cut < len(HEAD) - 1:
            with pytest.raises(LogError, match=r"x\.jsonl:1: (the header is torn|the file is empty)"):
                read(content)
        else:
            events, _ = read(content)
            assert content.count(b"\n") <= len(events) <= content.count(b"\n") + 1


def test_header_and_footer_are_known() -> None:
    events, reader = read(SMALL_LOG)
    assert HEADER == events[0] == reader.header
    assert isinstance(events[-1], Footer)
    assert events[-1] == reader.footer


def test_every_kind_of_the_vocabulary_is_in_the_samples() -> None:
    assert set(EVENTS) == {type(event) for event in read(SMALL_LOG)[0]}


@given(st.lists(any_event, max_size=20), st.data())
@settings(max_examples=150)
def test_what_was_written_is_read_whatever_the_chunks(events: list[Event], data: st.DataObject) -> None:
    content = encode([HEADER, *events])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=5)))
    chunks = [content[a:b] for a, b in pairwise([0, *cuts, len(content)])]
    assert [HEADER, *events] == read(*chunks)[0]


@given(st.lists(st.tuples(st.integers(0, len(SMALL_LOG) - 1), st.integers(0, 255)), min_size=1, max_size=5))
@settings(max_examples=300)
def test_random_damage_raises_only_log_errors(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(SMALL_LOG)
    for place, byte in changes:
        damaged[place] = byte
    try:
        outcome: object = read(bytes(damaged))[0][0]
    except LogError as error:
        outcome = str(error)
    assert isinstance(outcome, Header) or (outcome.startswith("x.jsonl:") and outcome.isprintable())


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_log_errors(content: bytes) -> None:
    with pytest.raises(LogError):
        both_ways(content)


@given(st.text(st.characters(categories=["Cs", "Cc", "L", "So"])), st.integers(40, 200))
def test_a_clipped_text_can_be_written_and_is_within_its_limit(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped) <= limit
    assert encode([Mark(t=1, text=clipped)])


def test_clip_says_how_much_is_gone() -> None:
    clipped = clip("ab\udcff" * 100, 50)
    kept, mark = clipped.split("… [")
    assert "ab\\udcffab\\udcffab\\udcff".startswith(kept[:20])
    assert f"{800 - len(kept)} more characters]" == mark
