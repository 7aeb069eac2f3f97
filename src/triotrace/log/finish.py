"""The end of a log, by the parent, once the traced program is gone: mend its last line, add the footer, convert."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from pathlib import Path

import msgspec
from msgspec.structs import replace

from triotrace.clean import clean
from triotrace.errors import LogError
from triotrace.events import BIGGEST, Dropped, Event, Footer, Header, Nanoseconds
from triotrace.log.files import open_log, plain_pieces
from triotrace.log.forms import as_document, as_gzip
from triotrace.log.lines import MAX_LINE, encode
from triotrace.log.reader import LogReader

__all__ = ["convert_log", "finish_log", "is_converted", "keep_log"]

_CHUNK = 1024 * 1024
_EVENTS_AT_ONCE = 100
_T = re.compile(rb'"t":(\d{1,15})[,}]')


@dataclass(frozen=True, slots=True)
class _Scan:
    """What the end of a log needs of the rest."""

    origin: int
    lines: int  # whole ones, the header too
    size: int  # of these, in bytes
    last_t: int
    dropped: int


def finish_log(
    path: Path,
    *,
    exit: int | None,  # noqa: A002 the word of the log
    lost: int = 0,
    last_words: Callable[[Nanoseconds], Iterable[Event]] = lambda t: (),
    clock: Callable[[], int] = time.perf_counter_ns,
) -> Footer:
    """Mend a torn last line, append `last_words(t)` and the footer, and return it.

    `lost` is what was dropped and could not be told in the log. Raises LogError where there is not even a header, and
    where the file cannot be written.
    """
    with open_log(path) as file:
        scan = _scan(file, str(path))
        file.seek(scan.size)
        rest = file.read(MAX_LINE + 1).rstrip(b"\0")
    now = clock() - scan.origin
    t = now if scan.last_t <= now <= BIGGEST else scan.last_t
    size, dropped, mended = scan.size, scan.dropped, b""
    if rest and _is_record(rest):
        size, mended = size + len(rest), b"\n"
    elif rest:
        mended, dropped = encode([Dropped(t=t, count=1, since=scan.last_t)]), dropped + 1
    footer = Footer(t=t, events=scan.lines - 1 + bool(rest), dropped=min(BIGGEST, dropped + lost), exit=exit)
    try:
        return _append(path, size, mended, iter(last_words(t)), footer)
    except OSError as error:
        raise LogError(f"{clean(str(path))}: the log has no footer: {error.strerror}") from None


def is_converted(path: Path) -> bool:
    """Whether a log of this name takes another form than lines, which it gets at the end."""
    return path.name.endswith((".json", ".gz"))


def convert_log(log: Path, destination: Path) -> None:
    """Write a log, whatever its form, in the form that the name `destination` asks for. Raises LogError."""
    # Beside the destination, so that it takes its name in one move.
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}.tmp")
    try:
        packed: Iterable[bytes] = plain_pieces(log)
        if destination.name.removesuffix(".gz").endswith(".json"):
            packed = as_document(packed)
        if destination.name.endswith(".gz"):
            packed = as_gzip(packed)
        with open(temporary, "xb", opener=_private) as out:
            try:
                out.writelines(packed)
                out.flush()
                temporary.replace(destination)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except (OSError, ValueError) as error:  # a name may be none in this locale
        why = f"cannot be written: {getattr(error, 'strerror', error)}; the log is {clean(str(log))}"
        raise LogError(f"{clean(str(destination))}: {why}") from None


def keep_log(log: Path, path: Path) -> Path:
    """Copy a log to a new name, in the form the name asks for, and return it. Raises LogError when it is taken."""
    try:
        path = path.expanduser().absolute()
    except RuntimeError:
        raise LogError(f"{clean(str(path))}: there is no such user; write it as ./~ if that is its name") from None
    if os.path.lexists(path):
        raise LogError(f"{clean(str(path))} exists: choose another name")
    convert_log(log, path)
    return path


def _scan(file: FileIO, name: str) -> _Scan:
    header = _read_header(file, name)
    lines = size = last_t = dropped = 0
    tail = b""
    for chunk in _chunks(file):
        whole, newline, tail = (tail + chunk).rpartition(b"\n")
        lines += whole.count(b"\n") + len(newline)
        size += len(whole) + len(newline)
        # A quote inside a string is escaped, so this can only be the field, and `t` never goes back.
        if found := _T.match(whole, max(0, whole.rfind(b'"t":'))):
            last_t = int(found[1])
        if b'"event":"dropped"' in whole:
            dropped += sum(_dropped(line) for line in whole.split(b"\n"))
        if len(tail) > MAX_LINE:
            raise LogError(f"{name}:{lines + 1}: a line longer than {MAX_LINE} bytes")
    return _Scan(header.clock.origin, lines, size, last_t, dropped)


def _read_header(file: FileIO, name: str) -> Header:
    reader = LogReader(name)
    for chunk in _chunks(file):
        reader.feed(chunk[: chunk.find(b"\n") + 1] or chunk)
        if reader.header:
            file.seek(0)
            return reader.header
    reader.finish()
    raise LogError(f"{reader.name}:1: the header has no newline")


def _dropped(line: bytes) -> int:
    if b'"event":"dropped"' not in line:
        return 0
    try:
        return msgspec.json.decode(line, type=Dropped).count
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0  # a print of these words


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _append(path: Path, size: int, mended: bytes, words: Iterator[Event], footer: Footer) -> Footer:
    """Write all this at `size`, whole or not at all."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.ftruncate(descriptor, size)
        os.lseek(descriptor, size, os.SEEK_SET)
        try:
            _write(descriptor, mended)
            while some := list(islice(words, _EVENTS_AT_ONCE)):
                footer = replace(footer, events=footer.events + len(some))
                _write(descriptor, encode(some))
            _write(descriptor, encode([footer]))
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    return footer


def _write(descriptor: int, lines: bytes) -> None:
    left = memoryview(lines)
    while left:
        left = left[os.write(descriptor, left) :]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _chunks(file: FileIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
