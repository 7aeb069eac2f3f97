"""Log files: open one in any form, read it as it grows, read it whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

import msgspec

from triotrace.clean import clean
from triotrace.errors import LogError
from triotrace.events import Event
from triotrace.log.forms import PIECE, FormError, Unpacker
from triotrace.log.lines import MAX_LINE
from triotrace.log.reader import LogReader

__all__ = ["MAX_TOTAL", "LogTail", "is_log", "open_log", "plain_pieces", "read_kind", "read_log"]

Kind = TypeVar("Kind", bound=Event)

_BEGIN: Final = b'{"event":"header","format":"triotrace"'

MAX_TOTAL = 4 * 1024**3
"""Bytes that a compressed log may unpack to; a plain one is as long as it is."""


class LogTail:
    """Read what is new in a log, in any form, also while it grows. `reader` knows its header, footer and warnings."""

    def __init__(self, path: Path, *, max_total: int = MAX_TOTAL, file: FileIO | None = None) -> None:
        self.reader = LogReader(str(path))
        self._file = file or open_log(path)
        self._unpacker = Unpacker(max_total=max_total)
        self._pieces: Iterator[bytes] = iter(())

    @property
    def ended(self) -> bool:
        """Whether the footer was read."""
        return self.reader.footer is not None

    @property
    def progress(self) -> tuple[int, int]:
        """How many bytes of the file were read, and how many there are now."""
        return self._file.tell(), os.fstat(self._file.fileno()).st_size

    def read(self, limit: int = PIECE) -> list[Event]:
        """Return the next events, of about `limit` bytes, or [] when there is nothing new now. Raises LogError."""
        while True:
            if events := self._next():
                return events
            # A torn last line is mended by cutting it off: bytes of an unfinished line are read anew each time.
            again = self.reader.forget_tail() if self._unpacker.growing else 0
            try:
                if again:
                    self._file.seek(-again, os.SEEK_CUR)
                chunk = self._file.read(limit + again) or b""
            except OSError as error:
                raise LogError(f"{self.reader.name}: {error.strerror}") from None
            self._pieces = self._unpacker.feed(chunk)
            if len(chunk) <= again:
                return self._next()

    def finish(self) -> list[Event]:
        """Return what the end of the file still gives, once it grows no more. Raises LogError."""
        events = []
        while batch := self.read():
            events += batch
        self._pieces = self._unpacker.finish()
        while batch := self._next():
            events += batch
        events += self.reader.finish()
        place = f"{self.reader.name}:{self.reader.line}"
        self.reader.warnings += [f"{place}: {text} after this line" for text in self._unpacker.warnings]
        return events

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> LogTail:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _next(self) -> list[Event]:
        try:
            for piece in self._pieces:
                if self._unpacker.wrapped:
                    self.reader.line += self._unpacker.wrapped
                    self._unpacker.wrapped = 0
                if events := self.reader.feed(piece):
                    return events
        except FormError as damage:
            raise LogError(f"{self.reader.name}:{self.reader.line + 1}: {clean(str(damage), 200)}") from None
        return []


def read_log(
    path: Path, *, warn: Callable[[str], object] | None = None, file: FileIO | None = None
) -> Iterator[list[Event]]:
    """Yield the events of a log in batches, header first; hand each warning to `warn` at the end. Raises LogError.

    `file` is read instead of what lies at `path`, which then is its name only.
    """
    with LogTail(path, file=file) as tail:
        while batch := tail.read():
            yield batch
        if batch := tail.finish():
            yield batch
        if warn:
            for warning in tail.reader.warnings:
                warn(warning)


def is_log(path: Path) -> bool:
    """Tell whether a file begins as a log does, whatever its form. An empty one does: nothing is lost with it."""
    start = b""
    try:
        for piece in plain_pieces(path):
            start += piece
            if len(start) >= len(_BEGIN):
                break
    except LogError:
        return False
    return not start or start.startswith(_BEGIN)


def read_kind(path: Path, kind: type[Kind]) -> Iterator[Kind]:
    """Yield the events of one kind in a log that we wrote, without reading the others. Raises LogError."""
    start = b'{"event":"%s"' % str(kind.__struct_config__.tag).encode()
    decode = msgspec.json.Decoder(kind).decode
    count, rest = 0, b""
    for piece in plain_pieces(path):
        *lines, rest = (rest + piece).split(b"\n")
        for number, line in enumerate(lines, count + 1):
            if line.startswith(start):
                try:
                    yield decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    raise LogError(f"{clean(str(path))}:{number}: {clean(str(error), 200)}") from None
        count += len(lines)
        if len(rest) > MAX_LINE:
            raise LogError(f"{clean(str(path))}:{count + 1}: a line longer than {MAX_LINE} bytes")


def plain_pieces(path: Path, *, max_total: int = MAX_TOTAL) -> Iterator[bytes]:
    """Yield the lines of a log in any form, as pieces of bytes. Raises LogError."""
    unpacker = Unpacker(max_total=max_total)
    with open_log(path) as file:
        try:
            while chunk := file.read(PIECE):
                yield from unpacker.feed(chunk)
            yield from unpacker.finish()
        except FormError as error:
            raise LogError(f"{clean(str(path))}: {clean(str(error), 200)}") from None


def open_log(path: Path) -> FileIO:
    """Open a log to read it. Raises LogError, also for a directory, and for a pipe, which could block for ever."""
    name = clean(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise LogError(f"{name}: no such file") from None
    except (OSError, ValueError) as error:
        raise LogError(f"{name}: cannot be opened: {getattr(error, 'strerror', error)}") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise LogError(f"{name}: {'a directory' if stat.S_ISDIR(mode) else 'not a regular file'}, not a log")
    return FileIO(descriptor)
