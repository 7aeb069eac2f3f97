"""Make the pictures of the documentation from real runs: `make pictures`.

Each lesson is recorded, replayed in a terminal that is not there, and saved as SVG; rsvg-convert (Debian's
librsvg2-bin, with fonts-dejavu-core) turns that into PNG.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from triotrace.cli.watching import Tape
from triotrace.source import FileSource
from triotrace.viewer.app import TraceApp

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
EXAMPLES = HERE.parent / "examples"


@dataclass(frozen=True)
class Shot:
    """A picture: a lesson, the keys that lead there, and the size of the window."""

    name: str
    lesson: str
    keys: tuple[str, ...]
    size: tuple[int, int] = (100, 28)
    theme: str = "textual-dark"


SHOTS = (
    Shot("relay", "exemplo_06.py", ("home", "right", "right", "right", "right")),
    Shot("event", "exemplo_07.py", ("left", "left", "left")),
    Shot("event-small", "exemplo_07.py", ("left", "left", "left"), size=(80, 24)),
    Shot("event-time", "exemplo_07.py", ("x", "i"), size=(120, 30)),
    Shot("failure", "exemplo_03.py", (*["left"] * 14, "x"), size=(120, 34)),
    Shot("failure-steps", "exemplo_03.py", ("minus", *["left"] * 17), size=(120, 34)),
    Shot("time-out", "exemplo_08.py", ("x", "i", "j", "j"), size=(120, 34)),
    Shot("twin-light", "exemplo_00_trio.py", ("left", "left"), theme="textual-light", size=(120, 30)),
)


def record(lesson: str, folder: Path) -> Path:
    """Record a lesson once."""
    log = folder / f"{lesson}.jsonl"
    if not log.exists():
        command = [sys.executable, "-m", "triotrace", "record", "--order", "started", "-o", str(log), lesson]
        subprocess.run(command, cwd=EXAMPLES, check=True, stdout=subprocess.DEVNULL)
    return log


async def take(shot: Shot, log: Path) -> str:
    """Replay a log, press the keys, and return the screen as SVG."""
    app = TraceApp(FileSource(log), program=Tape(log), title=shot.lesson)
    async with app.run_test(size=shot.size) as pilot:
        app.theme = shot.theme
        while app.reader.reading:
            await pilot.pause(0.05)
        app.look()
        await pilot.press(*shot.keys)
        await pilot.pause()
        return app.export_screenshot(title=f"triotrace run {shot.lesson}")


def with_plain_fonts(svg: str) -> str:
    """Let the picture need no font from a network, and keep the blanks that make its columns."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono").replace("<svg class=", '<svg xml:space="preserve" class=')
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", svg)


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    convert = shutil.which("rsvg-convert")
    with tempfile.TemporaryDirectory() as folder:
        for shot in SHOTS:
            svg = PICTURES / f"{shot.name}.svg"
            svg.write_text(with_plain_fonts(asyncio.run(take(shot, record(shot.lesson, Path(folder))))))
            if convert:
                subprocess.run([convert, "-w", "1400", str(svg), "-o", str(svg.with_suffix(".png"))], check=True)
            print(svg.name)
    if not convert:
        print("no rsvg-convert here: the SVGs were made, the PNGs were not")


if __name__ == "__main__":
    main()
