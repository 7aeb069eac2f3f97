"""Make the drawings in the documents anew from real runs, or say which of them lie: `python docs/draw.py [--check]`.

A drawing is a `text` block below a comment that says what it shows: the lesson, and options of `triotrace show`. Below
`lanes:` it is the lanes alone, below `show:` also what stands above them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "grammar.md")
DRAWING = re.compile(
    r"(<!-- (?P<kind>show|lanes): (?P<lesson>\S+)(?P<options>[^\n]*) -->\n```text\n).*?(?P<end>```\n)", re.DOTALL
)

VERSIONS = re.compile(r"trio [\w.]+, Python [\w.+]+")
"""They are those of the machine that drew."""


def triotrace(*words: str | Path) -> str:
    """Run `triotrace` and return what it printed."""
    command = [sys.executable, "-m", "triotrace", *map(str, words)]
    return subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


def drawn(document: str, logs: Path) -> str:
    """Return a document with each of its drawings made anew; `logs` is a folder to record in."""

    def draw(found: re.Match[str]) -> str:
        lesson = ROOT / "examples" / found["lesson"]
        log = logs / f"{lesson.stem}.jsonl"
        if not log.exists():
            triotrace("record", "-o", log, "--order", "started", lesson)
        lines = triotrace("show", log, *shlex.split(found["options"])).splitlines(keepends=True)
        if found["kind"] == "lanes":
            while not lines[0].startswith(" "):
                del lines[0]
        return found[1] + "".join(lines) + found["end"]

    return DRAWING.sub(draw, document)


def main() -> int:
    """Draw, or check; return 1 if a drawing is not what really happens."""
    check, lies = "--check" in sys.argv[1:], 0
    with tempfile.TemporaryDirectory() as folder:
        for path in DOCUMENTS:
            old = path.read_text(encoding="utf-8")
            new = drawn(old, Path(folder))
            if check and VERSIONS.sub("", new) != VERSIONS.sub("", old):
                print(f"{path.name} shows what does not happen; `make pictures` draws it anew")
                lies += 1
            elif not check:
                path.write_text(new, encoding="utf-8")
    return 1 if lies else 0


if __name__ == "__main__":
    sys.exit(main())
