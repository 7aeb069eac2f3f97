"""The reader: bytes become events, as they come. Pure: no file, no clock.

What it forgives, with a warning: a torn last line, a tail of NULs, empty lines, kinds and fields of a later minor
version, a missing footer, lines after the footer. Any other damage is a LogError, `LOG:LINE: what is wrong`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn, Union, cast

import msgspec

from triotrace.clean import clean
from triotrace.errors import LogError
from triotrace.events import EVENTS, KINDS, VERSION, Event, Footer, Header
from triotrace.log.lines import MAX_LINE

__all__ = ["LogReader"]

# What msgspec raises for bad input: its own family, bad UTF-8, and 100,000 nested brackets.
_BAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@functools.cache  # built at the first read: a traced program only writes
def _decoder() -> Callable[[bytes], Event]:
    return cast("Callable[[bytes], Event]", msgspec.json.Decoder(Union[EVENTS]).decode)  # noqa: UP007 a tuple of types


@functools.cache
def _fields(kind: type[Event]) -> frozenset[str]:
    return frozenset({"event", *(field.encode_name for field in msgspec.structs.fields(kind))})


class LogReader:
    """Turn the bytes of one log into events, whatever the chunks they come in.

    `name` stands in every message; `line` is the number of the last line taken, and whoever takes lines off before
    the log begins adds them there; `header` and `footer` are None until they were read.
    """

    def __init__(self, name: str = "log") -> None:
        self.name = clean(name)
        self.line = 0
        self.header: Header | None = None
        self.footer: Footer | None = None
        self.warnings: list[str] = []
        self.unknown_kinds = 0
        self.unknown_fields = 0
        self._blank = 0
        self._late = 0  # lines after the footer
        self._runs = 0  # that began and did not end
        self._records = 0  # lines between header and footer, known or not
        self._tail = bytearray()
        self._nuls = 0  # at the end of what came, and not in `_tail`: a torn disk leaves megabytes of them
        self._decode = _decoder()

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and return the events of the lines that are now whole. Raises LogError."""
        if self._nuls:
            if not chunk.strip(b"\0"):
                self._nuls += len(chunk)
                self._check_length()
                return []
            self._tail += bytes(min(self._nuls, MAX_LINE + 1))  # no tail, then: damage in the middle
            self._nuls = 0
        end = chunk.rfind(b"\n")
        if end < 0:
            self._keep(chunk)
            return []
        whole = bytes(self._tail) + chunk[:end] if self._tail else chunk[:end]
        self._tail.clear()
        events = self._take(whole)
        self._keep(chunk[end + 1 :])
        return events

    def finish(self) -> list[Event]:
        """Return what the end of the file still gives, and complete the warnings. Raises LogError."""
        events: list[Event] = []
        if self._tail:
            rest = bytes(self._tail)
            self._tail.clear()
            if _is_json(rest) or not (self.header or _is_torn_header(rest)):
                events = self._take(rest)
            elif not self.header:
                self.line += 1
                self._fail("the header is torn: the recording died at once, there is nothing to read")
            else:
                self._warn(self.line + 1, f"the log ends in the middle of a record; ignored {len(rest)} bytes")
        if self._nuls:
            if not self.header:
                self.line += 1
                self._fail("not a triotrace log: nothing but NUL bytes")
            self._warn(self.line + 1, f"the log ends in {self._nuls} NUL bytes (a power cut?); ignored")
            self._nuls = 0
        if not self.header:
            self.line += 1
            self._fail("the file is empty")
        self._sum_up()
        return events

    def forget_tail(self) -> int:
        """Forget the bytes of a line that is not whole yet, and say how many they were: they can be read anew."""
        pending = len(self._tail) + self._nuls
        self._tail.clear()
        self._nuls = 0
        return pending

    def _keep(self, rest: bytes) -> None:
        text = rest.rstrip(b"\0")
        if text:
            self._tail += text
        self._nuls = len(rest) - len(text)
        self._check_length()

    def _check_length(self) -> None:
        if len(self._tail) > MAX_LINE:
            self.line += 1
            self._too_long(first=self.header is None)
        if self._nuls > MAX_LINE and not self.header:
            self.line += 1
            self._fail("not a triotrace log: nothing but NUL bytes")

    def _take(self, whole: bytes) -> list[Event]:
        lines = whole.split(b"\n")
        if len(whole) > MAX_LINE:
            for number, line in enumerate(lines, self.line + 1):
                if len(line) > MAX_LINE:
                    first, self.line = self.header is None and line is lines[0], number
                    self._too_long(first=first)
        self._runs += whole.count(b'"event":"before_run"') - whole.count(b'"event":"after_run"')
        events: list[Event] = []
        if not self.header:
            self.line += 1
            self.header = self._read_header(lines.pop(0))
            events.append(self.header)
        # Headers and footers need a look each, and so does a line the decoder refuses: then all go one by one.
        if self.footer is None and b'"footer"' not in whole and b'"header"' not in whole and not events:
            decode = self._decode
            try:
                events = [decode(line) for line in lines]
            except _BAD:
                events = []
            else:
                self.line += len(lines)
                self._records += len(lines)
                return events
        for line in lines:
            self.line += 1
            event = self._take_one(line)
            if event is not None:
                events.append(event)
        return events

    def _take_one(self, line: bytes) -> Event | None:
        if not line.strip():
            self._blank += 1
            return None
        try:
            event: Event | None = self._decode(line)
        except _BAD as error:
            event = self._read_unknown(line, error)
        if isinstance(event, Header):
            self._fail("a second header: two logs in one file")
        if self.footer is not None:
            self._late += 1
            return None
        if isinstance(event, Footer):
            self.footer = event
        else:
            self._records += 1
        return event

    def _read_unknown(self, line: bytes, error: Exception) -> Event | None:
        """Read a line that the vocabulary refuses: of a later minor version, or damaged."""
        try:
            fields = msgspec.json.decode(line)
        except _BAD as worse:
            self._refuse(line, worse)
        word = fields.get("event") if isinstance(fields, dict) else None
        if not isinstance(word, str):
            self._refuse(line, error)
        kind = KINDS.get(word)
        if kind is None:
            self.unknown_kinds += 1
            return None
        unknown = fields.keys() - _fields(kind)
        if not unknown:
            self._refuse(line, error)
        self.unknown_fields += len(unknown)
        known = {name: value for name, value in fields.items() if name not in unknown}
        try:
            return self._decode(msgspec.json.encode(known))
        except _BAD as another:
            self._refuse(line, another)

    def _read_header(self, line: bytes) -> Header:
        try:
            fields: Any = msgspec.json.decode(line)
        except _BAD as error:
            self._fail(f"not a triotrace log: {clean(str(error), 200)}")
        if not isinstance(fields, dict) or fields.get("event") != "header" or fields.get("format") != "triotrace":
            self._fail("not a triotrace log: its first line is no header of ours")
        version = fields.get("version")
        if not (isinstance(version, list) and len(version) == 2 and all(type(part) is int for part in version)):
            self._fail("not a triotrace log: its header has no version [major, minor]")
        if version[0] != VERSION[0]:
            by = f"; it was written by {clean(tool, 80)}" if isinstance(tool := fields.get("tool"), str) else ""
            written, ours = f"{version[0]}.{version[1]}", f"{VERSION[0]}.x"
            self._fail(f"log format {clean(written, 40)} is not supported, this triotrace reads {ours}{by}")
        try:
            header: Event | None = self._decode(line)
        except _BAD as error:
            header = self._read_unknown(line, error)
        return cast("Header", header)  # its tag says so

    def _sum_up(self) -> None:
        if unknown := [
            f"{count} {what}"
            for count, what in (
                (self.unknown_kinds, "events of unknown kinds"),
                (self.unknown_fields, "unknown fields"),
            )
            if count
        ]:
            tool = clean(self.header.tool, 80) if self.header else "?"
            self.warnings.append(f"{self.name}: skipped {' and '.join(unknown)}; the log was written by {tool}")
        if self._blank:
            self.warnings.append(f"{self.name}: skipped {self._blank} empty lines")
        if self._late:
            self.warnings.append(f"{self.name}: ignored {self._late} lines after the footer")
        if self.footer is None:
            self.warnings.append(f"{self.name}: no footer: the recording was cut off, or is still going on")
        elif self.footer.events != self._records:
            told = f"its footer counts {self.footer.events} events, {self._records} are there"
            self.warnings.append(f"{self.name}:{self.line}: {told}")
        if self.footer is not None and self._runs > 0:
            # A tracer hands its events over before 1,200 are pending; a death between two batches takes those along.
            told = "the program died within a run of trio: up to 1,200 of its last events may be missing"
            self.warnings.append(f"{self.name}: {told}")

    def _warn(self, line: int, text: str) -> None:
        self.warnings.append(f"{self.name}:{line}: {text}")

    def _too_long(self, *, first: bool) -> NoReturn:
        self._fail(f"{'not a triotrace log: ' if first else ''}a line longer than {MAX_LINE} bytes")

    def _refuse(self, line: bytes, error: Exception) -> NoReturn:
        start = clean(line[:60].decode("utf-8", "replace"), 40)
        self._fail(f"invalid record: {clean(str(error), 200)}; the line starts with {start}")

    def _fail(self, text: str) -> NoReturn:
        raise LogError(f"{self.name}:{self.line}: {text}") from None


def _is_json(line: bytes) -> bool:
    """Whether a last line without newline is a whole record, and only lacks its newline."""
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except _BAD:
        return False
    return True


def _is_torn_header(line: bytes) -> bool:
    start, dense = b'{"event":"header"', b"".join(line[:200].split())
    return dense.startswith(start) or start.startswith(dense)
