"""Which saved files begin a program anew, and that nobody walks the folder for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from programs import until
from triotrace.launch import Changes, parse_target

SAVED = {
    "program.py": True,
    "package/deep/module.py": True,
    "notes.txt": False,
    "module.pyc": False,
    ".hidden/module.py": False,
    "package/__pycache__/module.py": False,
    "env/lib/module.py": False,
    "lib/site-packages/module.py": False,
    "node_modules/module.py": False,
}


@pytest.fixture
def changes(tmp_path: Path) -> Iterator[Changes]:
    for name in SAVED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "program.py").touch()
    found = Changes(parse_target((str(tmp_path / "program.py"),)))
    yield found
    found.close()
    assert not found._thread.is_alive()


@pytest.mark.parametrize("name", SAVED)
def test_what_counts(changes: Changes, name: str) -> None:
    assert SAVED[name] == changes.counts(str(changes.folder / name))
    assert not changes.counts("/elsewhere/module.py")


def test_a_save_is_told_once(changes: Changes) -> None:
    """Each save again, a new file and one that went too; what is not watched never is."""
    program = changes.folder / "program.py"

    def saved() -> bool | None:
        for name, counts in SAVED.items():
            if not counts:
                (changes.folder / name).write_text("x")
        program.write_text("x = 1")  # who watches may not have begun yet
        return changes.changed() or None

    until(saved, what="the first save")
    changes.changed()
    (changes.folder / "package/new.py").touch()
    until(lambda: changes.changed() or None, what="a new file")
    (changes.folder / "package/new.py").unlink()
    until(lambda: changes.changed() or None, what="one that went")
