"""The three forms of a log, told apart by content: lines, gzip, and one JSON document `{"events": [...]}`."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import msgspec

__all__ = ["DOCUMENT_LIMIT", "PIECE", "FormError", "Unpacker", "as_document", "as_gzip"]

PIECE = 256 * 1024
"""Bytes of plain log that come out at once: a compressed bomb never stands in memory."""

DOCUMENT_LIMIT = 256 * 1024 * 1024
"""Bytes of a document in another layout than ours (`jq .` makes one), which must be read whole."""

_GZIP = b"\x1f\x8b"
_OPEN, _CLOSE = b'{"events": [\n', b"]}"
_ENOUGH = 64  # bytes in which a document shows itself, however it was indented
_GZIP_WINDOW = 31  # zlib's way to say: with the header and trailer of gzip


class FormError(Exception):
    """The form around the lines is damaged; the text says how."""


class Unpacker:
    """Take the bytes of a file in any form and hand out those of its lines. Raises FormError.

    `growing`: these are plain lines. `wrapped` is the number of lines the form put before the log's first.
    """

    def __init__(self, *, max_total: int) -> None:
        self.wrapped = 0
        self.growing = False
        self.warnings: list[str] = []
        self._max_total = max_total
        self._packed: bytes | None = b""  # what came, until it is enough to tell gzip; then None
        self._plain: bytes | None = b""  # what came out, until it is enough to tell a document; then None
        self._gzip: _Gunzip | None = None
        self._document: _OurDocument | _AnyDocument | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the plain bytes that `chunk` gives."""
        if self._packed is not None:
            chunk = self._packed + chunk
            self._packed = chunk
            if len(chunk) < len(_GZIP):
                return
            self._packed = None
            self._gzip = _Gunzip(self._max_total) if chunk.startswith(_GZIP) else None
        for piece in self._gzip.feed(chunk) if self._gzip else (chunk,):
            yield from self._unwrap(piece, enough=_ENOUGH)

    def finish(self) -> Iterator[bytes]:
        """Yield what the end of the file still gives."""
        yield from self._unwrap(self._packed or b"", enough=0)
        if self._gzip and self._gzip.is_torn:
            self.warnings.append("the compressed stream ends early")
        if self._document:
            yield from self._document.finish()
            if self._document.is_torn:
                self.warnings.append("the document ends early")

    def _unwrap(self, piece: bytes, *, enough: int) -> Iterator[bytes]:
        if self._plain is not None:
            piece = self._plain + piece
            self._plain = piece
            if len(piece) < enough:
                return
            self._plain = None
            if piece.startswith(_OPEN):
                self._document, self.wrapped = _OurDocument(), 1
            elif piece[:_ENOUGH].translate(None, b" \t\r\n").startswith(b'{"events":['):
                self._document = _AnyDocument()
            self.growing = not (self._gzip or self._document)
        yield self._document.feed(piece) if self._document else piece


class _Gunzip:
    def __init__(self, max_total: int) -> None:
        self._stream = zlib.decompressobj(_GZIP_WINDOW)
        self._left = self._max_total = max_total

    @property
    def is_torn(self) -> bool:
        return not self._stream.eof

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        full = False
        while chunk or full:
            if self._stream.eof:
                if not chunk.strip(b"\0"):  # padding, as gzip itself takes it
                    return
                self._stream = zlib.decompressobj(_GZIP_WINDOW)
            try:
                piece = self._stream.decompress(chunk, PIECE)
            except zlib.error as error:
                raise FormError(f"damaged gzip: {error}") from None
            self._left -= len(piece)
            if self._left < 0:
                raise FormError(
                    f"more than {self._max_total} bytes when unpacked; unpack it with gunzip to read it all"
                )
            if piece:
                yield piece
            full = len(piece) == PIECE  # the stream may hold more although it took all its input
            chunk = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail


class _OurDocument:
    """`as_document` undone: a line ends with a comma, and the last is `]}`."""

    def __init__(self) -> None:
        self.is_torn = True
        self._rest = b""
        self._opened = False
        self._surplus = False

    def feed(self, chunk: bytes) -> bytes:
        self._refuse_surplus()
        whole, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
        return self._unwrap(whole + newline)

    def finish(self) -> Iterator[bytes]:
        self._refuse_surplus()
        if self.is_torn and self._rest == _CLOSE:
            self.is_torn = False
        elif not self.is_torn and self._rest.strip():
            self._surplus = True
            self._refuse_surplus()
        elif self._rest != _CLOSE[:1]:
            yield self._rest.removesuffix(b",")

    def _unwrap(self, lines: bytes) -> bytes:
        if lines and not self._opened:
            self._opened, lines = True, lines.removeprefix(_OPEN)
        if self.is_torn:
            before, close, after = (b"\n" + lines).partition(b"\n" + _CLOSE + b"\n")
            self.is_torn = not close
            before = before[1:] + b"\n" if close and before else before[1:]
        else:
            before, after = b"", lines
        self._surplus = bool(after.strip())  # refused with the next piece, when these lines were read
        return before.replace(b",\n", b"\n")

    def _refuse_surplus(self) -> None:
        if self._surplus:
            raise FormError("there is more after the end of the document")


class _AnyDocument:
    """A document that another tool wrote anew: no line of it need be an event."""

    class _Document(msgspec.Struct):
        events: list[msgspec.Raw]

    def __init__(self) -> None:
        self.is_torn = False
        self._whole = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        self._whole += chunk
        if len(self._whole) > DOCUMENT_LIMIT:
            raise FormError(f"a document of more than {DOCUMENT_LIMIT} bytes; `jq -c .events[]` makes lines of it")
        return b""

    def finish(self) -> Iterator[bytes]:
        try:
            events = msgspec.json.decode(self._whole, type=self._Document).events
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FormError(f"damaged document: {error}") from None
        for start in range(0, len(events), 1000):  # a newline stands between tokens only, never in a string
            yield b"".join(bytes(event).replace(b"\n", b" ") + b"\n" for event in events[start : start + 1000])


def as_document(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Make one JSON document of whole lines: its elements are the very lines."""
    yield _OPEN
    held = b""  # the last newline, which becomes a comma only when another line follows
    for chunk in chunks:
        lines = held + chunk
        held = b"\n" if lines.endswith(b"\n") else b""
        yield lines[: len(lines) - len(held)].replace(b"\n", b",\n")
    yield b"\n" + _CLOSE + b"\n"


def as_gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress."""
    stream = zlib.compressobj(6, zlib.DEFLATED, _GZIP_WINDOW)
    for chunk in chunks:
        yield stream.compress(chunk)
    yield stream.flush()
