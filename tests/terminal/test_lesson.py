"""A whole lesson, played in a real terminal as a teacher would play it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tmux import Opens, Screen, is_gone

from programs import events_of
from triotrace.events import Footer
from triotrace.language import catalogue
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.words import Words

EXAMPLES = Path(__file__).parents[2] / "examples"

STEPS = [
    (1, "main starts task_a, task_b #1 and task_b #2. main waits for 3 children.", "task_a"),
    (2, "task_a waits at `sleep`.", "task_b #1"),
    (3, "task_b #1 waits at `event.wait`.", "task_b #2"),
    (4, "task_b #2 waits at `event.wait`.", "the loop sleeps"),
    (5, "Nobody was ready: 10.0 s of sleep were skipped. Then task_a is ready.", "task_a"),
    (6, "task_a calls event.set(): task_b #1 and task_b #2 are ready. task_a returns.", "task_b #1"),
    (7, "task_b #1 returns.", "task_b #2"),
    (8, "task_b #2 was the last child that main waited for: main is ready. task_b #2 returns.", "main"),
    (9, "main returns.", ""),
]
"""What → shows, press by press: the step, what happened, who is next."""


WHOLE = {
    False: [
        "(loop)                 ┏██┓",
        "main        ██┓┈┈┈┈┈┈┈┈┃╎┈┃┈┈┈┈┈┈▲░┏█■",
        "├ task_a    ▼░┗██┓┈┈┈┈┈┃▼░┗█■┓   ╎ ┃",
        "├ task_b #1 ▼░░░░┗██┓┈┈┃┈┈┈▼░┗█■┓╎ ┃",
        "└ task_b #2 ▼░░░░░░░┗██┛┈┈┈▼░░░░┗█■┛",
    ],
    True: [
        "(loop)                                             ┏█10.0 s██┓",
        "main        █nursery█┓┈ waits for 3 children ┈┈┈┈┈┈┃┈┈┈┈┈┈╎┈┈┃┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▲░░┏█return█■",
        "├ task_a          ▼░░┗█sleep███┓┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┃┈┈┈┈┈┈▼░░┗█return█■┓                ╎  ┃",
        "├ task_b #1       ▼░░░░░░░░░░░░┗█wait████┓┈┈┈┈┈┈┈┈┈┃┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▼░░┗█return█■┓      ╎  ┃",
        "└ task_b #2       ▼░░░░░░░░░░░░░░░░░░░░░░┗█wait████┛┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▼░░░░░░░░░░░░┗█return█■┛",
    ],
}
"""The whole run, fitted into the window: of three cells a step where ten do not fit."""


def at(step: int, said: str, following: str) -> object:
    def is_there(screen: Screen) -> bool:
        return screen.step is not None and (screen.step[0], screen.said, screen.following) == (step, said, following)

    is_there.__doc__ = f"step {step}: {said} next ▸ {following}"
    return is_there


@pytest.mark.parametrize(("width", "height"), [(100, 28), (80, 24), (120, 40)])
def test_a_lesson_in_english(open_terminal: Opens, width: int, height: int) -> None:
    """Walk it, skip the ten seconds, look back, look at every panel, play it, run it again, leave."""
    shown = open_terminal(width, height)
    shown.enter(f"triotrace run --paused {EXAMPLES / 'exemplo_07.py'}")
    start = shown.wait_for(at(0, "Before the first step.", "main"))
    shown.wait_for(lambda screen: screen.title.startswith("exemplo_07.py   ❚❚ PAUSED"))
    assert "async def main() -> None:" in start

    for step, said, following in STEPS:
        shown.press("Right")
        shown.wait_for(at(step, said, following))
        if step == 3:
            assert "Esperando o evento..." in shown.screen()
    ended = shown.wait_for("■ ENDED, exit 0")
    assert ended.step == (9, 9)

    # All that happened stands in the picture, a lane a task, in the grammar
    shown.press("0")
    whole = shown.wait_for(lambda screen: screen.lane("main").endswith("■") and "1" in screen.lines[3].split())
    assert [line for line in whole.lines if line.startswith(("(loop)", "main", "├", "└"))] == WHOLE[width >= 120]

    # Back, step by step: the same sentences, on the tape
    shown.press("Left", "Left", "Left")
    shown.wait_for(at(6, STEPS[5][1], "task_b #1"))
    shown.press("Left", "Left")
    shown.wait_for(at(4, "task_b #2 waits at `event.wait`.", "the loop sleeps"))
    assert "▶  13 │     await event.wait()" in shown.screen()
    shown.press("Home")
    shown.wait_for(at(0, "Before the first step.", "main"))

    # It plays by itself, to the end, at eight steps a second
    shown.press("<")
    shown.wait_for(lambda screen: "8 steps/s" in screen.title or "ENDED" in screen.title)
    shown.press("Space")
    shown.wait_for("▶ PLAYING · 8 steps/s")
    shown.wait_for(at(9, "main returns.", ""))
    shown.wait_for(lambda screen: "■ ENDED" in screen.title)

    # Panels and the other axis
    shown.press("x")
    shown.wait_for(lambda screen: "10" in screen.lines[4 if screen.lines[3] == "" else 3] and "(loop)" not in screen)
    shown.press("x")
    shown.wait_for("(loop)")
    shown.press("Home", "Right", "Right", "Right", "i")
    shown.wait_for(lambda screen: any(re.search(r"│ .*waits: event\.wait", line) for line in screen.lines))
    shown.press("o")
    shown.wait_for(lambda screen: any(re.search(r"3 task_b #1 +Esperando o e", line) for line in screen.lines))
    shown.press("?")
    shown.wait_for("What the picture says")
    shown.press("End")
    shown.wait_for("esc closes this help")
    shown.press("Escape")
    shown.wait_for(lambda screen: "esc closes this help" not in screen and screen.step == (3, 9))

    # Again: the same program anew, held before its first step as it was at first
    first_run = shown.program()
    assert is_gone(first_run)
    shown.press("r")
    shown.wait_for(at(0, "Before the first step.", "main"))
    shown.press("Right")
    shown.wait_for(at(1, *STEPS[0][1:]))
    second_run = shown.program()
    assert second_run != first_run
    assert not is_gone(second_run)

    shown.press("q")
    told = shown.assert_clean(status=0)
    assert is_gone(second_run)
    assert "triotrace: exemplo_07.py was ended as you left" in told
    assert "triotrace: again: triotrace replay" in told


def test_what_a_lesson_printed_stays_on_the_normal_screen(open_terminal: Opens) -> None:
    shown = open_terminal(100, 28)
    shown.enter(f"triotrace run --paused {EXAMPLES / 'exemplo_07.py'}")
    shown.wait_for("next ▸ main")
    for step, said, following in STEPS:
        shown.press("Right")
        shown.wait_for(at(step, said, following))
    shown.wait_for("■ ENDED, exit 0")
    shown.press("q")
    told = shown.assert_clean(status=0).splitlines()
    start = told.index("Esperando o evento...")
    assert told[start : start + 5] == [
        *["Esperando o evento..."] * 2,
        *["O evento foi liberado!"] * 2,
        "triotrace: exemplo_07.py ended",
    ]
    (log,) = shown.logs()
    footer = events_of(log)[-1]
    assert isinstance(footer, Footer)
    assert footer.exit == 0


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_words_on_the_screen_are_those_of_the_log(open_terminal: Opens, language: str) -> None:
    """Walked to its end and back, each step is told as the words tell the log of the run, in the chosen language."""
    shown = open_terminal(120, 28)
    shown.enter(f"triotrace run --paused --lang {language} {EXAMPLES / 'exemplo_07.py'}")
    shown.wait_for(lambda screen: " ▸ main" in screen and screen.step == (0, 0))
    for step, *_ in STEPS:
        shown.press("Right")
        shown.wait_for(lambda screen, step=step: screen.step is not None and screen.step[0] == step)
        if step == 5:
            shown.wait_for(lambda screen: " ▸ " in screen and "10" in screen.said)
    (log,) = shown.logs()
    timeline, words = Timeline(), Words(catalogue(language))
    timeline.feed(events_of(log))
    for slot in range(9, 0, -1):
        said, following = words.happened(timeline, slot), words.following(timeline, slot)
        shown.wait_for(at(slot, said, following))
        if slot == 6 and language == "pt":
            assert said.startswith("task_a chama event.set(): task_b #1 e task_b #2 voltam à fila.")
        if slot == 5 and language == "pt":
            assert "10,0 s" in said
        shown.press("Left")
    shown.wait_for(lambda screen: screen.step == (0, 9))
    shown.press("q")
    shown.assert_clean(status=0)
