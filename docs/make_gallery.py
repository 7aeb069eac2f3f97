"""Make the gallery from real runs: `make pictures`, or `python docs/make_gallery.py NAME ...` for some of it.

Each picture is a log in the viewer, in a terminal that is not there. They are SVG, and for the README also PNG, by
rsvg-convert (Debian's librsvg2-bin, with fonts-dejavu-core).
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from triotrace.cli.watching import Tape
from triotrace.language import catalogue
from triotrace.source import FileSource
from triotrace.viewer.app import TraceApp
from triotrace.viewer.scene import Axis

HERE = Path(__file__).parent
GALLERY = HERE / "gallery"
EXAMPLES = HERE.parent / "examples"
SERVER = HERE / "server.py"


@dataclass(frozen=True)
class Shot:
    """A picture: a program, the axis, the keys that lead there, the window, and what there is to see."""

    name: str
    program: str
    see: str
    axis: Axis = "steps"
    click: tuple[int, int] | None = None
    """A cell of the lanes: there goes the playhead, before any key."""
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (100, 28)
    theme: str = "textual-dark"
    language: str = "en"
    colours: bool = True
    png: bool = False


FAILURE = ("j", "j", "j", "j", "N")
"""To the last step of the fourth task that was fetching."""

LESSONS = (
    Shot("asyncio", "exemplo_00.py", "A program without trio has no steps, and the screen says so.", size=(80, 24)),
    Shot(
        "twin",
        "exemplo_00_trio.py",
        "The same tasks in a nursery: main stands there until its last child is gone.",
        keys=("left", "left"),
    ),
    Shot("hello", "exemplo_01.py", "One task, one step; then the loop ends."),
    Shot(
        "pokemon",
        "exemplo_02.py",
        "Ten questions wait together, and the answers come in another order.",
        axis="time",
        size=(120, 30),
    ),
    Shot(
        "failure",
        "exemplo_03.py",
        "One of ten fails: in one column its nursery cancels those that still wait, and who has answered is untouched.",
        axis="time",
        keys=FAILURE,
        size=(120, 34),
        png=True,
    ),
    Shot(
        "failure-steps",
        "exemplo_03.py",
        "The same moment step by step: `▽` is made ready to be cancelled, and takes three steps to close its line.",
        keys=("minus", *FAILURE),
        size=(120, 34),
    ),
    Shot("tracer", "exemplo_04.py", "The prints of a tracer of your own, under the steps that it was told of."),
    Shot(
        "files",
        "exemplo_05.py",
        "File calls wait for threads; while one waits, another runs.",
        keys=("minus",),
        size=(110, 28),
    ),
    Shot(
        "relay",
        "exemplo_06.py",
        "Two tasks pass messages: each takes what the other waited to give, and gives way.",
        keys=("home", *["right"] * 5),
        png=True,
    ),
    Shot(
        "event",
        "exemplo_07.py",
        "One `set()` makes two tasks ready in one column, after ten seconds in which nobody ran.",
        keys=("left",) * 3,
    ),
    Shot(
        "event-time", "exemplo_07.py", "The same ten seconds, true to time.", axis="time", keys=("i",), size=(120, 30)
    ),
    Shot(
        "time-out",
        "exemplo_08.py",
        "Three deadlines as brackets; the third cuts a wait, and the task goes on behind its `with`.",
        axis="time",
        keys=("i", "j", "j"),
        size=(120, 34),
    ),
    Shot(
        "autojump",
        "teste_00.py",
        "A mock clock: 5,000 s of trio's time in a few milliseconds of ours.",
        axis="time",
        keys=("j",),
    ),
    Shot(
        "too-slow",
        "teste_01.py",
        "A deadline of ten seconds in a test, and nobody has waited for it.",
        axis="time",
        keys=("j",),
    ),
    Shot("two-tests", "teste_02.py", "Two tests, two runs, each under its own name.", keys=("minus", *["left"] * 6)),
)
SERVERS = (
    Shot(
        "server",
        "server.py",
        "A server of a thousand tasks: its handlers are one lane, with how many live and how busy they are.",
        axis="time",
        click=(64, 1),
        keys=("enter",),
        size=(120, 30),
        png=True,
    ),
    Shot(
        "server-open",
        "server.py",
        "The same nursery unfolded, and of its tasks those that live at the playhead.",
        axis="time",
        click=(64, 1),
        keys=("e",),
        size=(120, 40),
    ),
)
LOOKS = (
    Shot("light", "exemplo_03.py", "A light theme.", axis="time", keys=FAILURE, size=(120, 34), theme="textual-light"),
    Shot(
        "small",
        "exemplo_07.py",
        "80 x 24, the smallest terminal that it is made for.",
        keys=("left",) * 3,
        size=(80, 24),
    ),
    Shot("small-time", "exemplo_03.py", "The same size, true to time.", axis="time", keys=FAILURE, size=(80, 24)),
    Shot(
        "no-colour",
        "exemplo_03.py",
        "`NO_COLOR`: each state has its own sign.",
        keys=("minus", *FAILURE),
        size=(120, 34),
        colours=False,
    ),
    Shot("portuguese", "exemplo_06.py", "In Portuguese.", keys=("home", *["right"] * 5), language="pt", size=(100, 28)),
    Shot("wide", "exemplo_08.py", "A wide window has room for all panels.", keys=("left",) * 6, size=(200, 50)),
)
ROOMS = (("The lessons", LESSONS), ("A busy server", SERVERS), ("Looks", LOOKS))


def command_of(program: str, log: Path) -> list[str]:
    """Give the command that records a program."""
    record = [sys.executable, "-m", "triotrace", "record", "--order", "started", "-o", str(log)]
    if program.startswith("teste_"):
        return [*record, "--", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", program]
    return [*record, program]


def record(programs: Iterable[str], folder: Path) -> dict[str, Path]:
    """Record each program once, side by side, in a copy of the lessons; those that ask a server come alone."""
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    shutil.copy(SERVER, folder)
    logs = {program: folder / f"{program}.jsonl" for program in programs}
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    alone = {"exemplo_02.py", "exemplo_03.py", "exemplo_08.py", "server.py"} & set(logs)
    running = [subprocess.Popen(command_of(name, logs[name]), **quiet) for name in set(logs) - alone]  # type: ignore[call-overload]
    for child in running:
        child.wait()
    for name in sorted(alone):
        subprocess.run(command_of(name, logs[name]), check=True, **quiet)  # type: ignore[call-overload]
    return logs


async def take(shot: Shot, log: Path) -> str:
    """Replay a log, press the keys, and return the screen as SVG."""
    os.environ.pop("NO_COLOR", None)
    if not shot.colours:
        os.environ["NO_COLOR"] = "1"
    words = catalogue(shot.language)
    app = TraceApp(FileSource(log), program=Tape(log), title=shot.program, axis=shot.axis, catalogue=words)
    async with app.run_test(size=shot.size) as pilot:
        app.theme = shot.theme
        while app.reader.reading:
            await pilot.pause(0.05)
        app.look()
        if shot.click is not None:
            await pilot.click("#lanes", offset=shot.click)
        await pilot.press(*shot.keys)
        await pilot.pause()
        return app.export_screenshot(title=f"triotrace run {shot.program}")


def with_plain_fonts(svg: str) -> str:
    """Let the picture need no font from a network, and keep the blanks that make its columns."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono").replace("<svg class=", '<svg xml:space="preserve" class=')
    # Rich's cells are 12.2 px wide; this font's are 1233/2048 of its size, and not every renderer stretches a text
    svg = svg.replace("font-size: 20px", f"font-size: {12.2 * 2048 / 1233:.3f}px")
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", svg)


def index() -> str:
    """Write what hangs where, and what to see in it."""
    lines = [
        "# Gallery",
        "",
        "Real runs, drawn by `make pictures`. How to read them: [the grammar](../grammar.md).",
        "",
    ]
    for title, shots in ROOMS:
        lines += [f"## {title}", ""]
        for shot in shots:
            code = f"../{SERVER.name}" if shot.program == SERVER.name else f"../../examples/{shot.program}"
            lines += [f"**{shot.see}** [{shot.program}]({code})", "", f"![{shot.see}]({shot.name}.svg)", ""]
    return "\n".join(lines)


def main() -> None:
    """Make the pictures whose names were given, or all, and the index."""
    GALLERY.mkdir(exist_ok=True)
    chosen = [shot for _, shots in ROOMS for shot in shots if not sys.argv[1:] or shot.name in sys.argv[1:]]
    convert = shutil.which("rsvg-convert")
    with tempfile.TemporaryDirectory() as folder:
        logs = record({shot.program for shot in chosen}, Path(folder))
        for shot in chosen:
            svg = GALLERY / f"{shot.name}.svg"
            svg.write_text(with_plain_fonts(asyncio.run(take(shot, logs[shot.program]))), encoding="utf-8")
            if shot.png and convert:
                subprocess.run([convert, "-w", "1200", str(svg), "-o", str(svg.with_suffix(".png"))], check=True)
            print(svg.name)
    (GALLERY / "README.md").write_text(index(), encoding="utf-8")
    if not convert:
        print("no rsvg-convert here: the SVGs were made, the PNGs were not")


if __name__ == "__main__":
    main()
