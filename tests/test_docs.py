"""What the documents say is what the program does: drawings, legend, keys, Python."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import make_gallery
from make_gallery import GALLERY

from triotrace.timeline.legend import LEGEND
from triotrace.viewer.actions import ACTIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GRAMMAR = (ROOT / "docs" / "grammar.md").read_text(encoding="utf-8")


def table(document: str, first: str, second: str) -> list[tuple[str, str]]:
    """Return the rows of the table that is headed by these two words."""
    _, _, rest = document.partition(f"| {first} | {second} |\n|---|---|\n")
    rows = re.match(r"(?:\|.*\|\n)*", rest)
    assert rows
    split = [row.strip("|").split(" | ") for row in rows[0].splitlines()]
    return [(left.strip(), right.strip()) for left, right in split]


def test_grammar_and_help_have_one_legend() -> None:
    assert list(LEGEND) == [(glyph.strip("`"), means) for glyph, means in table(GRAMMAR, "glyph", "means")]


def test_readme_has_every_key() -> None:
    """Each key of the viewer's table stands in the README, and none beside them."""

    def keys(text: str) -> set[str]:
        return set(re.split(r"[\s,`]+", text)) - {""}

    assert set().union(*(keys(action.shown) for action in ACTIONS)) | {"esc"} == (
        set().union(*(keys(left) for left, _ in table(README, "key", "does"))) | {"esc"}
    )


def test_readme_opens_with_the_two_commands() -> None:
    assert re.findall(r"^    make (\w+)", README, re.MULTILINE)[:2] == ["demo", "test"]


def test_the_readmes_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ended = subprocess.run([sys.executable, "-"], input=code, check=True, capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "dropped: 0"
    assert "TaskSpawned" in ended.stdout
    assert ended.stderr == ""


def test_drawings_are_what_happens() -> None:
    """Recorded and drawn again, each lesson looks as the documents show it."""
    command = [sys.executable, ROOT / "docs" / "draw.py", "--check"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", "", 0)


def test_the_gallery_hangs_as_its_index_says() -> None:
    shots = [shot for _, shots in make_gallery.ROOMS for shot in shots]
    hanging = {f"{shot.name}.svg" for shot in shots} | {f"{shot.name}.png" for shot in shots if shot.png}
    assert hanging | {"README.md"} == {path.name for path in GALLERY.iterdir()}
    assert make_gallery.index() == (GALLERY / "README.md").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in GALLERY.iterdir()) < 3_000_000


def test_links_lead_somewhere() -> None:
    for path in (ROOT / "README.md", ROOT / "HACKING.md", ROOT / "docs" / "grammar.md", GALLERY / "README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_no_line_names_a_host() -> None:
    """Nothing that builds or tests the project says where packages come from."""
    for name in ("Makefile", ".ci/run", "pyproject.toml"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")
