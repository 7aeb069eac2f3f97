"""How it ends, in a real terminal: by keys, by signals, by SIGKILL; and what a hostile program cannot do."""

from __future__ import annotations

import os
import signal
import time

import pytest
from tmux import Opens, is_gone

from programs import events_of, until
from triotrace.events import Footer

LASTS = """\
import subprocess, trio
async def main():
    subprocess.Popen(["sleep", "1000"])
    print("it lasts")
    await trio.sleep_forever()
trio.run(main)
"""

ENDS = """\
import pathlib, trio
async def main():
    for _ in range(5):
        await trio.sleep(0.01)
    pathlib.Path("done").write_text("so it is")
trio.run(main)
"""

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"

EVIL = [
    "\x1b]0;pwned\x07",
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b[6666h",
    "\x1bP+q70776e6564\x1b\\",
    "\x9b6667h",
    "\x1b[?1049l",
    "\x1bc",
    "\u202epwned",
]

HOSTILE = f"""\
import sys, trio
EVIL = {EVIL!r}
RAW = "{EVIL[2]}"
class Rude(Exception):
    pass
async def child(text):
    print(text, "was printed", text)
    print(text, file=sys.stderr)
    await trio.sleep(0)
    await trio.sleep_forever()
async def main():
    async with trio.open_nursery() as nursery:
        for text in EVIL:
            nursery.start_soon(child, text, name="[/] [@click=app.bell]x[/]" + text + "named")
        await trio.sleep(0.1)
        raise Rude("".join(EVIL))
trio.run(main)
"""


@pytest.mark.parametrize("paused", [False, True])
def test_sigterm_ends_the_group_and_restores_the_terminal(open_terminal: Opens, paused: bool) -> None:
    open_terminal.with_file("lasts.py", LASTS)
    shown = open_terminal(100, 28)
    shown.enter("triotrace run lasts.py", tells_its_pid=True)
    shown.wait_for("it lasts")
    if paused:
        shown.press("Space")
        shown.wait_for("❚❚ PAUSED")
    program = shown.program()
    os.kill(shown.viewer(), signal.SIGTERM)
    told = shown.assert_clean(status=143)
    assert "it lasts" in told
    assert is_gone(program)


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3])
def test_a_terminal_that_goes_while_the_user_leaves_leaves_no_program_behind(
    open_terminal: Opens, moment: float
) -> None:
    """From q to the program's end there is no moment at which SIGHUP would kill the viewer alone."""
    open_terminal.with_file("lasts.py", LASTS)
    shown = open_terminal(80, 24)
    shown.enter("triotrace run lasts.py", tells_its_pid=True)
    shown.wait_for("it lasts")
    program, viewer = shown.program(), shown.viewer()
    shown.press("q")
    time.sleep(moment)  # not for luck: whenever it comes, all must be gone
    shown.tmux("kill-server")
    until(lambda: is_gone(viewer) or None, what="the end of the viewer")
    assert is_gone(program)


@pytest.mark.parametrize("paused", [False, True])
def test_ctrl_c_ends_the_program_and_not_the_viewer(open_terminal: Opens, paused: bool) -> None:
    open_terminal.with_file("lasts.py", LASTS)
    shown = open_terminal(100, 28)
    shown.enter("triotrace run lasts.py")
    shown.wait_for("it lasts")
    if paused:
        shown.press("Space")
        shown.wait_for("❚❚ PAUSED")
    program = shown.program()
    shown.press("C-c")
    shown.wait_for("■ KILLED by signal 2")
    shown.press("q")
    told = shown.assert_clean(status=130)
    assert "KeyboardInterrupt" in told
    assert is_gone(program)


def test_a_paused_program_whose_viewer_is_killed_ends_as_it_would_have(open_terminal: Opens) -> None:
    open_terminal.with_file("ends.py", ENDS)
    shown = open_terminal(100, 28)
    shown.enter("triotrace run --paused ends.py", tells_its_pid=True)
    shown.wait_for(lambda screen: "❚❚ PAUSED" in screen.title and screen.following == "main")
    shown.press("Right")
    shown.wait_for(lambda screen: screen.step is not None and screen.step[1] >= 1)
    program = shown.program()
    assert not is_gone(program)
    os.kill(shown.viewer(), signal.SIGKILL)
    until(lambda: is_gone(program) or None, what="the end of the program")
    assert (shown.folder / "done").read_text() == "so it is"


def test_leaving_by_q_ends_what_is_paused(open_terminal: Opens) -> None:
    open_terminal.with_file("lasts.py", LASTS.replace("subprocess.Popen", "print"))
    shown = open_terminal(80, 24)
    shown.enter("triotrace run --paused lasts.py")
    shown.wait_for("❚❚ PAUSED")
    program = shown.program()
    shown.press("q")
    shown.assert_clean(status=0)
    assert is_gone(program)
    assert isinstance(events_of(shown.logs()[-1])[-1], Footer)


def test_nothing_of_a_hostile_program_reaches_the_terminal(open_terminal: Opens) -> None:
    """Its prints, names, source, errors and even its file's name are only ever text."""
    name = "evil\x1b]0;pwned\x07[b].py"
    open_terminal.with_file(name, HOSTILE)
    shown = open_terminal(100, 40)
    shown.enter("triotrace run evil*.py")
    shown.wait_for("■ ENDED, exit 1")
    assert "├ [/] [@clic" in shown.screen()
    shown.press("i")
    for _ in range(3):
        shown.press("Left", "Left", "Down", "Down")
    shown.press("o", "x", "x", "Home")
    shown.wait_for(lambda screen: screen.step is not None and screen.step[0] == 0)
    shown.press("Right", "Right", "Right")
    shown.wait_for(lambda screen: screen.step is not None and screen.step[0] == 3)
    shown.wait_for("was printed")
    shown.press("C-s")
    shown.wait_for("Keep the log as")
    shown.press("Escape")
    shown.wait_for(lambda screen: "Keep the log as" not in screen)
    shown.press("q")
    told = shown.assert_clean(status=1)
    assert "was printed" in told
    shown.enter(
        "triotrace show cache/triotrace/*.jsonl; triotrace record evil*.py >out 2>err; triotrace replay nothing*"
    )
    shown.wait_for("no such")
    raw = shown.raw()
    for text in EVIL:
        assert text.encode() not in raw.replace(LEFT, b""), text
    assert raw.count(LEFT) == raw.count(ENTERED), "the alternate screen is left by the viewer alone"
    assert b"]0;pwned\x07" not in raw
    assert shown.flag("pane_title") != "pwned"
