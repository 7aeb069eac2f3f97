"""A verb in so many cells: a word, or a cut that is marked as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triotrace.timeline.short_words import counted, label, word
from triotrace.timeline.verbs import Verb
from triotrace.timeline.widths import width_of


def verb(full: str, call: str = "") -> Verb:
    return Verb(full.rpartition(".")[2], full, call)


@pytest.mark.parametrize(
    ("full", "call", "room", "expected"),
    [
        ("chan.receive", "MemoryReceiveChannel.receive", 7, "receive"),
        ("chan.receive", "MemoryReceiveChannel.receive", 4, "recv"),
        ("stream.receive_some", "SocketStream.receive_some", 7, "receive"),
        ("lock.acquire", "Lock.acquire", 7, "acquire"),
        ("lock.acquire", "Lock.acquire", 4, "lock"),
        ("slots.acquire", "Semaphore.acquire", 4, "take"),
        ("lowlevel.wait_readable", "wait_readable", 7, "wait"),
        ("to_thread.run_sync", "to_thread.run_sync", 7, "thread"),
        ("pool.run_sync", "Event.wait", 7, "run"),
        ("run_process", "run_process", 7, "process"),
        ("lowlevel.checkpoint", "checkpoint", 7, "check"),
        ("sleep_forever", "sleep_forever", 7, "sleep"),
        ("client.getMessage", "", 7, "get"),
        ("parser.HTTPRequest", "", 7, "HTTPRe…"),
        ("self._fetch_rows", "", 7, "fetch"),
        ("readline", "", 7, "readli…"),
        ("go_on_and_on", "", 7, "go_on"),
        ("do_something", "", 7, "do_som…"),
        ("warte_auf_größe", "", 9, "warte_auf"),
        ("等待.接收消息内容", "", 7, "接收消…"),
        ("readline", "", 3, ""),
        ("readline", "", 5, ""),
        ("aclose_forcefully", "aclose_forcefully", 5, "close"),
        ("", "", 7, ""),
    ],
)
def test_a_word_for_a_block(full: str, call: str, room: int, expected: str) -> None:
    assert expected == word(verb(full, call), room)


@pytest.mark.parametrize(
    ("full", "call", "count", "expected"),
    [
        ("client.get", "", 8, "get ×8"),
        ("stream.send_all", "SocketStream.send_all", 2, "send ×2"),
        ("stream.receive_some", "SocketStream.receive_some", 2, "recv ×2"),
        ("aclose_forcefully", "aclose_forcefully", 2, "close×2"),
        ("stream.close", "SocketStream.aclose", 2, "close×2"),
        ("stream.close", "SocketStream.aclose", 12, "×12"),
        ("lock.acquire", "Lock.acquire", 12, "lock×12"),
        ("readline", "", 2, "×2"),
        ("", "", 12345, "×12345"),
    ],
)
def test_a_word_beside_a_count_is_whole(full: str, call: str, count: int, expected: str) -> None:
    """What does not fit beside it gives way to a shorter word or to none: a piece of a word says nothing."""
    assert expected == counted(verb(full, call), count, 7)


@pytest.mark.parametrize(
    ("room", "expected"),
    [(30, "self.client.receive_some"), (23, "client.receive_some"), (18, "receive_some"), (11, "receive"), (2, "")],
)
def test_a_lane_has_as_much_as_fits(room: int, expected: str) -> None:
    """What the last name is called on goes first."""
    assert expected == label(verb("self.client.receive_some"), room)


def test_more_than_a_word_is_written_where_there_is_room_to_spare() -> None:
    assert "client.get" == label(verb("client.get"), 16, spare=6)
    assert "get" == label(verb("client.get"), 15, spare=6)


@given(st.text(max_size=30), st.sampled_from(["", "checkpoint", "Lock.acquire"]), st.integers(0, 20))
def test_nothing_is_longer_than_its_room(full: str, call: str, room: int) -> None:
    assert width_of(word(verb(full, call), room)) <= room
    assert width_of(label(verb(full, call), room)) <= room
