"""At every moment of every log there is a sentence, an inspector for each task and each row of the picture."""

from __future__ import annotations

import pytest
from chance import MadeUp, made_up_runs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asked import ask_everything
from lessons import NAMES as LESSONS
from lessons import Lesson
from log_samples import any_meeting_event
from recorded import NAMES as CASES
from recorded import Cases, read
from triotrace.events import Event
from triotrace.language import LANGUAGES, catalogue
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

WORDS = {language: Words(catalogue(language)) for language in LANGUAGES}


def some(timeline: Timeline) -> list[int]:
    """All moments; of a tape of thousands, those at both ends and some between."""
    every = range(len(timeline.tape) + 1)
    return list(every) if len(every) < 400 else [*every[:100], *every[100:-100:97], *every[-100:]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_of_every_case(cases: Cases, name: str, language: str) -> None:
    ask_everything(cases[name].timeline, WORDS[language], slots=some(cases[name].timeline))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*LESSONS, "tests"])
def test_of_every_lesson(lessons: dict[str, Lesson], name: str, language: str) -> None:
    ask_everything(read(lessons[name].logs[0]), WORDS[language])


@pytest.mark.parametrize("name", ["shield_holds", "fixture_cancels", "two_locks", "mock_jump"])
def test_of_a_log_that_is_still_being_written(cases: Cases, name: str) -> None:
    """Wherever it ends for now."""
    events: list[Event] = []
    for event in cases[name].events:
        events.append(event)
        timeline = Timeline()
        timeline.feed(events)
        end = len(timeline.tape)
        ask_everything(timeline, WORDS["pt"], slots=range(max(0, end - 1), end + 1))


@given(made_up_runs(), st.sampled_from(LANGUAGES))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_of_runs_made_up_by_chance(run: MadeUp, language: str) -> None:
    timeline = Timeline()
    timeline.feed(run.events)
    ask_everything(timeline, WORDS[language])


@given(st.lists(any_meeting_event, max_size=60), st.sampled_from(LANGUAGES))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_of_any_events_in_any_order(events: list[Event], language: str) -> None:
    """A log may be damaged in every way that its schema allows."""
    timeline = Timeline()
    timeline.feed(events)
    ask_everything(timeline, WORDS[language])
