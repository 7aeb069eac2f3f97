"""Living programs and tapes in a real terminal: they play by themselves, change size, and begin anew on save."""

from __future__ import annotations

from tmux import Opens, Screen, is_gone

from programs import until
from triotrace.cli.lessons import lesson

TICKS = """\
import trio
async def tick(name):
    while True:
        await trio.sleep(0.02)
async def main():
    async with trio.open_nursery() as nursery:
        for name in range(3):
            nursery.start_soon(tick, name)
trio.run(main)
"""

MUCH = """\
import trio
async def main():
    print("x" * 3_000_000)
    for number in range(50_000):
        print("line", number)
    await trio.sleep(0)
    print("the last")
trio.run(main)
"""

NAPS = """\
import trio
async def child():
    for _ in range(3):
        await trio.sleep(1000)
async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child)
trio.run(main)
"""

THIRD = "consumer takes a message: producer, which waited to send, is ready."


def steps_at_least(count: int) -> object:
    return lambda screen: screen.step is not None and screen.step[1] >= count


def test_the_demo_plays_by_itself(open_terminal: Opens) -> None:
    """Two steps a second and nobody touches a key; then faster, to its end."""
    shown = open_terminal(100, 28)
    shown.enter("triotrace demo")
    shown.wait_for("● RUNNING · 2 steps/s")
    first = shown.wait_for(steps_at_least(1))
    assert first.step[1] <= 3
    second = shown.wait_for(steps_at_least(first.step[1] + 2))
    assert second.step[0] == second.step[1], "the playhead follows"
    assert second.following in ("producer", "consumer")
    shown.press(">", ">", ">")
    shown.wait_for("■ ENDED, exit 0")
    assert shown.screen().step == (24, 24)
    shown.press("q")
    told = shown.assert_clean(status=0)
    assert "got value message 9" in told


def test_a_lesson_runs_live_and_is_walked_back_and_forth(open_terminal: Opens) -> None:
    shown = open_terminal(100, 28)
    shown.enter(f"triotrace run {lesson('exemplo_06.py')}")
    shown.wait_for("■ ENDED, exit 0")
    whole = shown.wait_for(lambda screen: screen.step == (24, 24))
    assert whole.said == "main returns."
    for step in range(23, 19, -1):
        shown.press("Left")
        shown.wait_for(lambda screen, step=step: screen.step == (step, 24))
    shown.press("Home")
    shown.wait_for("Before the first step.")
    shown.press("Right", "Right", "Right")
    third = shown.wait_for(lambda screen: screen.said.startswith(THIRD))
    assert third.step == (3, 24)
    assert third.following == "producer"
    assert "got value message 0" in third
    shown.press("n")
    shown.wait_for(lambda screen: screen.step == (5, 24))
    shown.press("N")
    shown.wait_for(lambda screen: screen.step == (3, 24))
    shown.press("End")
    shown.wait_for(lambda screen: screen.step == (24, 24))
    shown.press("q")
    shown.assert_clean(status=0)


def test_a_recorded_log_is_watched(open_terminal: Opens) -> None:
    """The same keys as for a program; it begins at its end, or with --paused at its beginning."""
    shown = open_terminal(100, 28)
    shown.enter(f"triotrace record --order started -o relay.jsonl.gz {lesson('exemplo_06.py')} && clear")
    shown.wait_for_prompt()
    shown.enter("triotrace replay relay.jsonl.gz")
    shown.wait_for(lambda screen: screen.step == (24, 24) and "■ ENDED, exit 0" in screen.title)
    shown.press("Left", "Left")
    shown.wait_for(lambda screen: screen.step == (22, 24))
    shown.press("r")
    shown.wait_for("there is no program to run again")
    shown.press("q")
    shown.assert_clean(status=0)
    shown.enter("triotrace replay --paused --pace 8 relay.jsonl.gz")
    shown.wait_for(lambda screen: screen.step == (0, 24))
    shown.press("Right", "Right", "Right")
    shown.wait_for(lambda screen: screen.said.startswith(THIRD))
    shown.press("Space")
    shown.wait_for("▶ PLAYING · 8 steps/s")
    shown.wait_for(lambda screen: screen.step == (24, 24))
    shown.press("q")
    shown.assert_clean(status=0)


def test_a_running_program_is_paused_stepped_and_let_go(open_terminal: Opens) -> None:
    file = open_terminal.with_file("ticks.py", TICKS)
    shown = open_terminal(100, 28)
    shown.enter(f"triotrace run {file.name}")
    shown.wait_for(steps_at_least(20))
    shown.press("Space")
    paused = shown.wait_for(lambda screen: "❚❚ PAUSED" in screen.title and screen.following)
    assert shown.screen().step == paused.step, "it stands still"
    now = paused.step[0]
    for _ in range(6):
        now += 1
        shown.press("Right")
        shown.wait_for(lambda screen, now=now: screen.step[0] == now)
    shown.press("Left", "Left", "Left")
    # The sleep that follows the last step may be told already
    shown.wait_for(lambda screen: screen.step[0] == now - 3 <= screen.step[1] - 3 and "❚❚ PAUSED" in screen.title)
    shown.press("End", "Space")
    shown.wait_for(lambda screen: "● RUNNING" in screen.title and screen.step[1] > now + 20)
    shown.press("Left")
    shown.wait_for(lambda screen: "❚❚ PAUSED" in screen.title and screen.step[0] < screen.step[1])
    program = shown.program()
    shown.press("q")
    shown.assert_clean(status=0)
    assert is_gone(program)


def test_the_window_changes_while_it_runs(open_terminal: Opens) -> None:
    """The picture fills every size that a window may have, down to one in which nothing fits."""
    file = open_terminal.with_file("ticks.py", TICKS)
    shown = open_terminal(100, 28)
    shown.enter(f"triotrace run {file.name}")
    shown.wait_for(steps_at_least(10))
    for width, height in [(80, 24), (40, 12), (160, 45), (10, 3), (100, 28)]:
        shown.resize(width, height)

        def fills(screen: Screen, width: int = width, height: int = height) -> bool:
            rule = max((line.count("─") for line in screen.lines), default=0)
            return len(screen.lines) == height and (width < 40 or (rule == width and "RUNNING" in screen.title))

        shown.wait_for(fills)
    before = shown.screen().step[1]
    shown.wait_for(steps_at_least(before + 10))
    shown.press("q")
    shown.assert_clean(status=0)


def test_a_saved_file_is_run_again(open_terminal: Opens) -> None:
    """Also when it is broken: the error stands where the picture would be, until the next save."""
    file = open_terminal.with_file("edited.py", "import trio\ntrio.run(trio.sleep, 0)\nprint('one')\n")
    shown = open_terminal(100, 28)
    shown.enter(f"triotrace run --watch {file.name}")
    shown.wait_for(lambda screen: "■ ENDED, exit 0" in screen.title and "one" in screen)
    file.write_text("import trio\ntrio.run(trio.sleep, 0\n")
    broken = shown.wait_for("SyntaxError: '(' was never closed")
    assert "edited.py" in broken.title
    file.write_text("import no_such_module_anywhere\n")
    shown.wait_for("ModuleNotFoundError: No module named 'no_such_module_anywhere'")
    file.write_text("import trio\ntrio.run(trio.sleep, 0)\nprint('three')\n")
    mended = shown.wait_for(lambda screen: "■ ENDED, exit 0" in screen.title and "three" in screen)
    assert "Error" not in mended
    until(lambda: len(shown.logs()) >= 2 or None, what="a log of its own for each run")
    shown.press("q")
    shown.assert_clean(status=0)


def test_a_program_that_prints_without_end_is_still_shown(open_terminal: Opens) -> None:
    """Megabytes in one step: the viewer keeps up, and leaves at once."""
    open_terminal.with_file(
        "much.py",
        MUCH,
    )
    shown = open_terminal(100, 28)
    shown.enter("triotrace run much.py")
    shown.wait_for(lambda screen: "■ ENDED, exit 0" in screen.title and "the last" in screen)
    shown.press("Left", "x", "x", "q")
    told = shown.assert_clean(status=0)
    assert "line 49999" in told


def test_no_press_of_a_quick_finger_is_lost(open_terminal: Opens) -> None:
    """As many steps as presses, though the tape grows between two looks at it."""
    open_terminal.with_file("ready.py", TICKS.replace("trio.sleep(0.02)", "trio.lowlevel.checkpoint()"))
    shown = open_terminal(100, 28)
    shown.enter("triotrace run --paused ready.py")
    shown.wait_for("next ▸ main")
    for _ in range(10):
        shown.press(*["Right"] * 10)
    shown.wait_for(lambda screen: screen.step == (100, 100))
    shown.press(*["Left"] * 100, "Home")
    shown.wait_for(lambda screen: screen.step == (0, 100))
    shown.press("q")
    shown.assert_clean(status=0)


def test_each_press_is_a_step_of_the_picture(open_terminal: Opens) -> None:
    """The step before a sleep, the sleep with its end, and the last step too; then n goes on to a task's next step."""
    file = open_terminal.with_file("naps.py", NAPS)
    shown = open_terminal(100, 28)
    shown.enter(f"triotrace run --paused {file.name}")
    shown.wait_for("next ▸ main")
    said = []
    for step in range(1, 6):
        shown.press("Right")
        screen = shown.wait_for(lambda screen, step=step: screen.step is not None and screen.step[0] == step)
        if step == 3:
            screen = shown.wait_for(lambda screen: screen.said.endswith("Then child is ready."))  # the clock has moved
        said.append(screen.said)
    assert "child waits at `sleep`." == said[1]
    assert "child waits at `sleep`." == said[3]
    shown.press("Up", "n")
    end = shown.wait_for("main returns.")
    assert end.step[0] == end.step[1] == 9
    shown.press("q")
    shown.assert_clean(status=0)
