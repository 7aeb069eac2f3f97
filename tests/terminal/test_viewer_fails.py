"""A viewer that fails, in a real terminal: the living program is not harmed."""

from __future__ import annotations

import sys

from tmux import Opens

TICKS = """\
import pathlib, trio
async def main():
    for _ in range(40):
        await trio.sleep(0.05)
    pathlib.Path("done").write_text("so it is")
trio.run(main)
"""

LAUNCH = """\
import sys
from triotrace.cli import main
from {module} import {owner}
def bad(*_, **__):
    raise LookupError("planted")
{owner}.{name} = bad
sys.exit(main())
"""


def test_a_sentence_that_fails_neither_ends_nor_frees_a_held_program(open_terminal: Opens) -> None:
    """A line says so, and where the traceback is; the program stays held, can be walked, and let go."""
    open_terminal.with_file("ticks.py", TICKS)
    module = "triotrace.timeline.words"
    open_terminal.with_file("launch.py", LAUNCH.format(module=module, owner="Words", name="happened"))
    shown = open_terminal(140, 28)
    shown.enter(f"{sys.executable} launch.py run --paused ticks.py")
    held = shown.wait_for(lambda screen: "LookupError: planted" in screen and "❚❚ PAUSED" in screen.title)
    shown.press("Right", "Right", "Right")
    shown.wait_for(lambda screen: screen.step[1] > held.step[1] and "❚❚ PAUSED" in screen.title)
    assert not (open_terminal.folder / "done").exists()
    shown.press("Space")
    shown.wait_for("■ ENDED, exit 0")
    assert (open_terminal.folder / "done").exists()
    [kept] = (open_terminal.folder / "cache" / "triotrace").glob("*.viewer-failed.txt")
    assert "LookupError: planted" in kept.read_text()
    shown.press("q")
    shown.assert_clean(status=0)


def test_a_viewer_that_cannot_begin_leaves_the_program_to_itself(open_terminal: Opens) -> None:
    """It runs on to its end, and Ctrl+C reaches it."""
    open_terminal.with_file("ticks.py", TICKS)
    launch = LAUNCH.format(module="triotrace.viewer.layout", owner="LaidOutApp", name="compose")
    open_terminal.with_file("launch.py", launch)
    shown = open_terminal(140, 28)
    shown.enter(f"{sys.executable} launch.py run ticks.py")
    shown.wait_for("the viewer failed: LookupError: planted")
    told = shown.assert_clean(status=0)
    assert "ticks.py ended" in told
    assert (open_terminal.folder / "done").exists()
    open_terminal.with_file("ticks.py", TICKS.replace("0.05", "5"))
    shown.enter(f"{sys.executable} launch.py run ticks.py")
    shown.wait_for("the viewer failed: LookupError: planted")
    shown.press("C-c")
    shown.wait_for("ticks.py was ended by SIGINT")
    shown.assert_clean(status=130)
