"""Log files: three forms of one log, tailing, the footer, conversions, and what is no log at all."""

from __future__ import annotations

import errno
import gzip
import json
import os
import stat
import zlib
from pathlib import Path

import pytest

from log_samples import HEADER, LINES, SMALL_LOG
from triotrace.errors import LogError
from triotrace.events import AfterRun, BeforeRun, BeforeTaskStep, Dropped, Event, Footer, Output
from triotrace.log import LogReader, LogTail, convert_log, encode, finish_log, read_log
from triotrace.log import forms as log_forms

STEPS = encode([BeforeTaskStep(t=t, task=1) for t in range(5000)])
BODY = SMALL_LOG.removesuffix(LINES[-1])
EVENTS = len(LINES) - 2  # of the small log, without its header and its footer


def events_of(content: bytes) -> list[Event]:
    reader = LogReader()
    return reader.feed(content) + reader.finish()


def read(path: Path) -> tuple[list[Event], list[str]]:
    warnings: list[str] = []
    events = [event for batch in read_log(path, warn=warnings.append) for event in batch]
    return events, warnings


def document(*, indent: int | None = None, separators: tuple[str, str] | None = None) -> bytes:
    lines = [json.loads(line) for line in LINES]
    return json.dumps({"events": lines}, indent=indent, separators=separators).encode()


OURS = b"".join(log_forms.as_document([SMALL_LOG]))

FORMS = {
    "lines": SMALL_LOG,
    "gzip": gzip.compress(SMALL_LOG),
    "gzip in two members, padded": gzip.compress(SMALL_LOG[:500]) + gzip.compress(SMALL_LOG[500:]) + bytes(512),
    "our document": OURS,
    "our document without its last newline": OURS[:-1],
    "a compressed document": gzip.compress(OURS),
    "a document of json.dumps": document(),
    "an indented one": document(indent=4),
    "a dense one": document(separators=(",", ":")),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.jsonl.gz"])
def test_every_form_is_known_by_its_content(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert (events_of(SMALL_LOG), []) == read(path)


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_every_form_unpacks_the_same_byte_by_byte(content: bytes) -> None:
    unpacker = log_forms.Unpacker(max_total=10**6)
    pieces = [piece for i in range(len(content)) for piece in unpacker.feed(content[i : i + 1])]
    assert events_of(SMALL_LOG) == events_of(b"".join([*pieces, *unpacker.finish()]))


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x.json", "x.json.gz"])
def test_converted_logs_hold_the_same_lines(tmp_path: Path, name: str) -> None:
    lines, packed = tmp_path / "lines.jsonl", tmp_path / name
    lines.write_bytes(encode([HEADER]) + STEPS * 20)
    convert_log(lines, packed)
    assert read(lines)[0] == read(packed)[0]
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    assert sorted(tmp_path.iterdir()) == sorted([lines, packed]), "no temporary file stays"


def test_a_document_is_json_whose_elements_are_the_very_lines(tmp_path: Path) -> None:
    lines, packed = tmp_path / "lines.jsonl", tmp_path / "x.json"
    lines.write_bytes(SMALL_LOG)
    convert_log(lines, packed)
    with packed.open() as file:
        assert [json.loads(line) for line in LINES] == json.load(file)["events"]
    assert all(line.strip() in packed.read_bytes().replace(b",\n", b"\n").split(b"\n") for line in LINES)


def test_a_conversion_that_fails_leaves_the_lines_and_nothing_else(tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_bytes(SMALL_LOG)
    with pytest.raises(LogError, match=r"x\.json: cannot be written: .*; the log is .*lines\.jsonl"):
        convert_log(lines, tmp_path / "missing" / "x.json")
    (tmp_path / "x.json").mkdir()
    with pytest.raises(LogError, match="cannot be written"):
        convert_log(lines, tmp_path / "x.json")
    assert {lines, tmp_path / "x.json"} == set(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["gzip", "our document", "a compressed document"])
def test_half_a_file_gives_its_events_and_a_warning(tmp_path: Path, name: str) -> None:
    whole = encode([HEADER]) + STEPS
    path = tmp_path / "x"
    content = b"".join(log_forms.as_document([whole])) if "document" in name else whole
    if name != "our document":
        content = gzip.compress(content)
    path.write_bytes(content[: len(content) // 2])
    events, warnings = read(path)
    assert events == events_of(whole)[: len(events)]
    assert 1500 < len(events) < 3500
    assert any("ends early after this line" in warning for warning in warnings)


def test_every_cut_of_a_document_reads_or_is_refused_in_one_line(tmp_path: Path) -> None:
    for cut in range(len(OURS)):
        path = tmp_path / "x.json"
        path.write_bytes(OURS[:cut])
        if cut < OURS.index(LINES[1].strip()) - 2:  # before the comma after the header
            with pytest.raises(LogError, match=r"x\.json:[12]: "):
                read(path)
        else:
            assert read(path)[0][0] == HEADER


@pytest.mark.parametrize("seed", range(120))
def test_a_damaged_gzip_raises_only_log_errors(tmp_path: Path, seed: int) -> None:
    content = bytearray(gzip.compress(SMALL_LOG, mtime=0))
    content[2 + seed * 7 % (len(content) - 2)] ^= 1 << seed % 8
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(content)
    try:
        outcome: object = read(path)[0][0]
    except LogError as error:
        outcome = str(error)
    assert outcome == HEADER or (str(outcome).startswith(str(path)) and str(outcome).isprintable())


DAMAGED = {
    "after the document, torn": (OURS + b"{", f":{len(LINES) + 2}: there is more after the end of the document"),
    "after the document": (OURS + b"{}\n", f":{len(LINES) + 2}: there is more after the end of the document"),
    "garbage after gzip": (gzip.compress(SMALL_LOG) + b"garbage", f":{len(LINES) + 1}: damaged gzip"),
    "a torn document of another layout": (document(indent=2)[:-20], ":1: damaged document"),
    "a document without events": (b'{"events": []}', ":1: the file is empty"),
    "a document of numbers": (b'{"events": [1, 2]}', ":1: not a triotrace log"),
    "brackets in a document": (b'{"events": [' + b"[" * 100_000 + b"]}", ":1: damaged document"),
    "a damaged line in our document": (OURS.replace(b'"t":3,', b'"t":-3,'), ":7: invalid record"),
}


@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damage_is_told_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(LogError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_bomb_is_stopped_at_the_limit_exactly(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(SMALL_LOG + b"\n" * 1_000_000))
    for limit, stopped in ((len(SMALL_LOG) + 1_000_000, False), (len(SMALL_LOG) + 999_999, True)):
        with LogTail(path, max_total=limit) as tail:
            if stopped:
                with pytest.raises(LogError, match=f"more than {limit} bytes when unpacked"):
                    tail.finish()
            else:
                assert tail.finish() == events_of(SMALL_LOG)


def test_a_bomb_of_one_line_is_stopped_at_the_length_of_a_line(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    path = tmp_path / "bomb"
    path.write_bytes(packer.compress(LINES[0] + b" " * 200_000_000) + packer.flush())
    with pytest.raises(LogError, match=r":2: a line longer than"):
        read(path)


def test_what_cannot_be_opened_is_told_in_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "missing\x1b", r"missing\\x1b: no such file"),
        (tmp_path, "a directory, not a log"),
        (tmp_path / "pipe", "not a regular file, not a log"),
        (Path("/dev/zero"), "not a regular file"),
        (tmp_path / "x" / ("y" * 300), "cannot be opened: File name too long|no such file"),
    ):
        with pytest.raises(LogError, match=message) as caught:
            read(path)
        assert str(caught.value).isprintable()


def test_a_tail_reads_a_log_as_it_grows(tmp_path: Path) -> None:
    """Whatever the pieces in which it grows, what is whole is read at once, and the end is known."""
    path = tmp_path / "x.jsonl"
    path.touch()
    events: list[Event] = []
    with LogTail(path) as tail, path.open("ab", buffering=0) as file:
        assert tail.read() == []
        for start in range(0, len(SMALL_LOG), 37):
            assert not tail.ended
            file.write(SMALL_LOG[start : start + 37])
            events += tail.read()
            if start > len(LINES[0]):
                assert len(events) == SMALL_LOG[: start + 37].count(b"\n")
        assert tail.ended
        assert [] == tail.read() == tail.finish()
    assert events_of(SMALL_LOG) == events


def test_a_tail_follows_when_a_torn_line_is_cut_off_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(BODY + LINES[5][:40])
    with LogTail(path) as tail:
        events = tail.read()
        assert tail.read() == []
        finish_log(path, exit=-9, clock=lambda: 5_000)
        events += tail.read()
        assert tail.ended
    assert events[-2:] == [Dropped(t=4000, count=1, since=26), Footer(t=4000, events=EVENTS + 1, dropped=4, exit=-9)]


def test_the_footer_counts_and_knows_the_time(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(BODY)
    words = finish_log(
        path,
        exit=3,
        lost=10,
        last_words=lambda t: [Output(t=t, stream="stderr", text="bye\n")],
        clock=lambda: 1_000_000_000,
    )
    assert Footer(t=999_999_000, events=EVENTS + 1, dropped=13, exit=3) == words
    events, warnings = read(path)
    assert warnings == []
    assert [Output(t=999_999_000, stream="stderr", text="bye\n"), words] == events[-2:]


def test_the_footer_never_goes_back_in_time(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(BODY)
    assert finish_log(path, exit=0, clock=lambda: 0).t == 26


ENDS = {
    "a whole line without its newline": (LINES[5][:-1], EVENTS + 1, 3),
    "a torn line": (LINES[5][:-5], EVENTS + 1, 4),
    "NULs": (bytes(5000), EVENTS, 3),
    "a torn line and NULs": (LINES[5][:-5] + bytes(5000), EVENTS + 1, 4),
    "a whole line and NULs": (LINES[5][:-1] + bytes(5000), EVENTS + 1, 3),
    "a torn character": ('{"event":"mark","t":27,"text":"é'.encode()[:-1], EVENTS + 1, 4),
}


@pytest.mark.parametrize(("end", "count", "dropped"), ENDS.values(), ids=ENDS)
def test_the_end_of_a_killed_program_is_mended(tmp_path: Path, end: bytes, count: int, dropped: int) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(BODY + end)
    footer = finish_log(path, exit=-9)
    assert (count, dropped) == (footer.events, footer.dropped)
    events, warnings = read(path)
    assert warnings == []
    assert footer == events[-1]


def test_every_cut_of_a_log_is_mended(tmp_path: Path) -> None:
    """Wherever the program died after its header, the log then reads; a warning says that it died within a run."""
    path = tmp_path / "x.jsonl"
    for cut in range(len(LINES[0]), len(BODY), 7):
        path.write_bytes(BODY[:cut])
        finish_log(path, exit=None)
        events, warnings = read(path)
        died = any(isinstance(e, BeforeRun) for e in events) and not any(isinstance(e, AfterRun) for e in events)
        assert ["the program died within a run of trio"] * died == [w.split(": ")[1] for w in warnings]


@pytest.mark.parametrize("content", [b"", b"{", b"hello\n", LINES[0][:-1], bytes(100)])
def test_without_a_header_there_is_nothing_to_finish(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(LogError, match=r"x\.jsonl:1: "):
        finish_log(path, exit=0)
    assert content == path.read_bytes()


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(BODY)
    write = os.write

    def short(descriptor: int, content: memoryview) -> int:
        if len(content) < 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[: len(content) - 20])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(LogError, match="no footer: No space left"):
        finish_log(path, exit=0)
    assert path.read_bytes() == BODY
