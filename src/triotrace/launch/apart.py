"""What the child needs to trace itself in a Python that has nothing of ours: our version, and msgspec."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from triotrace import __version__

__all__ = ["for_the_child"]


def for_the_child(folder: Path) -> dict[str, object]:
    """Return what it is told; its msgspec is put into `folder`.

    It is a copy, as a compiled file is loaded once in a process: the program's own msgspec may be the very same file.
    """
    spec = find_spec("msgspec._core")
    assert spec is not None
    assert spec.origin is not None
    compiled = Path(spec.origin)
    copy = folder / "msgspec"
    try:
        copy.touch(mode=0o600)
        shutil.copyfile(compiled, copy)
    except OSError:  # a full disk: the stand-in is there
        copy.unlink(missing_ok=True)  # who loads half a file dies of SIGBUS
    return {"tool": __version__, "msgspec": [str(copy), compiled.name.removeprefix("_core")]}
