"""Words: names, verbs, durations, sentences."""

from __future__ import annotations

import pytest
from story import Story, event, relay

from triotrace.events import Place
from triotrace.timeline.describe import describe
from triotrace.timeline.durations import short_duration
from triotrace.timeline.names import short_name
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.verbs import Verbs
from triotrace.timeline.words import Words

WORDS = Words()


def folded(story: Story) -> Timeline:
    timeline = Timeline()
    timeline.feed(story.events)
    return timeline


@pytest.mark.parametrize(
    ("name", "function", "short"),
    [
        ("__main__.producer", "producer", "producer"),
        ("__main__.main.<locals>.worker", "main.<locals>.worker", "worker"),
        ("app.Server.handle", "Server.handle", "Server.handle"),
        ("app.Server.handle", "", "Server.handle"),
        ("trio._highlevel_open_tcp_stream.attempt_connect", "", "attempt_connect"),
        ("my own name", "f", "my own name"),
        ("<init>", "", "<init>"),
        ("", "", ""),
        ("a..b", "", "a..b"),
    ],
)
def test_short_names(name: str, function: str, short: str) -> None:
    assert short == short_name(name, function)


@pytest.mark.parametrize(
    ("source", "column", "call", "verb"),
    [
        ("    await client.get(url)", 4, "SocketStream.receive_some", ("get", "client.get")),
        ("    await trio.sleep(1)", 4, "sleep", ("sleep", "sleep")),
        ("    async with trio.open_nursery() as n:", 4, "nursery", ("nursery", "nursery")),
        ("    async for value in receive:", 4, "MemoryReceiveChannel.receive", ("receive", "receive")),
        ("é = await event.wait()", 5, "Event.wait", ("wait", "event.wait")),
        ("", None, "Lock.acquire", ("acquire", "acquire")),
        ("x", 900, None, ("", "")),
    ],
)
def test_verbs_say_what_the_source_says(
    source: str, column: int | None, call: str | None, verb: tuple[str, str]
) -> None:
    verbs = Verbs()
    verbs.add_source("f.py", source)
    verbs.add_place(Place(1, "f.py", 1, column=column, call=call))
    found = verbs.verb(1)
    assert verb == (found.short, found.full)


@pytest.mark.parametrize(
    ("awaited", "verb"),
    [
        ("await trio.Path(name).read_text()", ("read_text", "Path().read_text")),
        ("await (await path.resolve()).exists()", ("exists", "path.resolve().exists")),
        ("await paths['a'].stat(1)", ("stat", "paths[].stat")),
        ("await '\\d'.join(x).go()", ("go", "….join().go")),
        ("await client.get(\n    'é', f(1)\n)", ("get", "client.get")),
        ("await event", ("event", "event")),
        ("await f(", ("Path", "Path")),
        ("await " + "a." * 50_000 + "b()", ("Path", "Path")),
        ("await " + "-" * 9_000 + "b()", ("Path", "Path")),
        ("await " + "(" * 9_000 + "b()", ("Path", "Path")),
        ("await (lambda: f)()", ("Path", "Path")),
        ("await (a or b)", ("Path", "Path")),
    ],
)
def test_an_awaited_call_is_told_by_its_last_name(awaited: str, verb: tuple[str, str]) -> None:
    """What cannot be parsed, or has no name, has trio's word."""
    verbs = Verbs()
    verbs.add_source("f.py", f"é = {awaited}  # so")
    lines = awaited.split("\n")
    end = len(lines[-1]) + (0 if len(lines) > 1 else 5)
    verbs.add_place(Place(1, "f.py", 1, end_line=len(lines), column=5, end_column=end, call="Path"))
    found = verbs.verb(1)
    assert verb == (found.short, found.full)


@pytest.mark.parametrize(
    ("source", "call", "full"),
    [
        ("with trio.move_on_after(2) as scope:", "CancelScope", "move_on_after(2)"),
        ("with trio.CancelScope():", "CancelScope", "CancelScope()"),
        ("with pytest.raises(trio.TooSlowError), trio.fail_after(10):", "fail_after", "fail_after(10)"),
        ("with pytest.raises(Error):\n    with trio.fail_after(f(x)):", "fail_after", "fail_after"),
        ("", "CancelScope", "CancelScope"),
        ("async with await trio.open_file(path) as file:", "AsyncIOWrapper.aclose", "file.aclose"),
    ],
)
def test_scopes_and_closings_say_what_the_source_says(source: str, call: str, full: str) -> None:
    verbs = Verbs()
    verbs.add_source("f.py", source)
    verbs.add_place(Place(1, "f.py", 1, end_line=3, column=0, call=call))
    assert full == verbs.verb(1).full


def test_marked_expression() -> None:
    verbs = Verbs()
    place = Place(1, "f.py", 1, end_line=1, column=4, end_column=17)
    verbs.add_source("f.py", "ü = await f(1)  # so")
    assert ("ü =", " await f(1)  ", "# so") == verbs.marked(place)


def test_a_place_outside_its_source_has_no_words() -> None:
    verbs = Verbs()
    verbs.add_source("f.py", "one line")
    verbs.add_place(Place(1, "f.py", 999, column=3, call="sleep"))
    assert "sleep" == verbs.verb(1).short
    assert ("", "", "") == verbs.marked(verbs.places[1])


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [(0, "0 s"), (7, "7 ns"), (7_400, "7 µs"), (85_000_000, "85 ms"), (10_000_000_000, "10.0 s"),
     (5_000_000_000_000, "5000 s"), (12_600_000_000_000, "3.5 h")],
)  # fmt: skip
def test_durations(nanoseconds: int, words: str) -> None:
    assert words == short_duration(nanoseconds)


def test_sentences_of_the_relay() -> None:
    timeline = folded(relay())
    assert "main starts producer and consumer. main waits for 2 children." == WORDS.happened(timeline, 1)
    assert WORDS.happened(timeline, 3) == (
        "consumer takes a message: producer, which waited to send, is ready. "
        "consumer gives way at `receive` and stays in the queue."
    )
    assert "consumer was the last child that main waited for: main is ready. consumer returns." == WORDS.happened(
        timeline, 7
    )
    assert "producer" == WORDS.following(timeline, 1)
    assert "" == WORDS.happened(timeline, 0)
    assert "" == WORDS.following(timeline, 8)


def test_sentences_of_the_event() -> None:
    timeline = folded(event())
    assert "Nobody was ready: the loop slept for 10.0 s. Then task_a is ready." == WORDS.happened(timeline, 5)
    assert "task_a wakes task_b #1 and task_b #2. task_a returns." == WORDS.happened(timeline, 6)
    assert "the loop sleeps" == WORDS.following(timeline, 4)


def test_states_in_words() -> None:
    timeline = folded(event())
    task_b = timeline.lanes[3]
    said = [WORDS.state(timeline, task_b, slot) for slot in (0, 1, 3, 6, 7)]
    assert ["not born yet", "ready, in the queue", "waits: wait", "ready, in the queue", "returned"] == said


def test_description_names_the_waker() -> None:
    timeline = folded(event())
    facts = dict(describe(timeline, timeline.lanes[3], 6, WORDS))
    assert "by task_a, step 6" == facts["made ready"]
    assert "main" == facts["nursery of"]
