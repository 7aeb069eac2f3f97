"""What a captured program prints past its text layer: C code, subprocesses, `sys.stdout.buffer`.

It lands in two private files, one a stream, that are read on as they grow. Nobody knows which task it was.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import get_args

import msgspec

from triotrace.events import Event, Output, Stream
from triotrace.log import clip
from triotrace.tracing.recorder import Recorder

__all__ = ["Spills"]

_AT_ONCE = 16 * 1024
"""Bytes read at a time: never more characters than an event may hold, whatever they are."""


class Spills:
    """Reads on in the private files; notes in the status file how far it came."""

    def __init__(self, recorder: Recorder, paths: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._recorder = recorder
        self._tell = tell
        self._consumed: dict[Stream, int] = dict.fromkeys(get_args(Stream), 0)
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in get_args(Stream)}
        self._paths = paths
        self._news = False

    def read(self) -> None:
        """Tell what is new."""
        for name, path in self._paths.items():
            if name in self._decoders:
                self._read(name, path)  # type: ignore[arg-type]  # one of the two, as just seen

    def note(self) -> None:
        """Note how far it was told, once that is in the log: the parent tells the rest."""
        if self._news:
            self._news = False
            held = {name: len(decoder.getstate()[0]) for name, decoder in self._decoders.items()}
            self._tell(msgspec.json.encode({name: end - held[name] for name, end in self._consumed.items()}).decode())

    def _read(self, name: Stream, path: str) -> None:
        start = self._consumed[name]
        try:
            if os.stat(path).st_size <= start:  # noqa: PTH116  # four times as fast as a Path, and done at each flush
                return
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return  # the parent is gone, and took them along
        try:
            while chunk := os.pread(descriptor, _AT_ONCE, start):
                start += len(chunk)
                text = self._decoders[name].decode(chunk)
                self._consumed[name] = start
                self._news = True
                if text:
                    self._recorder.late(partial(_event, name, clip(text, _AT_ONCE)))
        except OSError:
            return
        finally:
            os.close(descriptor)


def _event(name: Stream, text: str, t: int) -> Event:
    return Output(t, name, text)
