"""msgspec for our modules inside the program: its compiled part alone, or a stand-in where that does not fit."""

from __future__ import annotations

import _imp
import _thread
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import ExtensionFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from triotrace.tracing.apart import Apart

__all__ = ["bring"]

_CORE = "msgspec._core"
_DATES = ("datetime_CAPI", "datetime", "date", "time", "timedelta", "timezone", "tzinfo")
_FITTING = [suffix for suffix in _imp.extension_suffixes() if "cpython" in suffix]  # those that name a version
_LOOKED_UP = ("abc", "re", "typing", "weakref")  # trio has brought them


def bring(apart: Apart, path: str, suffix: str) -> str:
    """Let our modules find a msgspec, and return why it is the stand-in; empty: it is the compiled file at `path`.

    Nobody else may load that file. `suffix` is the end of its true name, which says what Python it is for.
    """
    try:
        if suffix not in _FITTING:
            python = f"{sys.version_info[0]}.{sys.version_info[1]}{sys.abiflags}"
            raise ImportError(f"msgspec is built for another Python than {python}")
        if not getattr(sys, "_is_gil_enabled", lambda: True)():  # a file that does not say it needs none switches it on
            raise ImportError("its Python runs without the GIL, and msgspec might have switched it on")
        face = _load_compiled(apart, path)
    except Exception as error:
        apart.run("msgspec", str(Path(__file__).with_name("stand_in.py")))
        return str(error)
    apart.put("msgspec", face)
    return ""


def _load_compiled(apart: Apart, path: str) -> ModuleType:
    """Return what our modules use of msgspec, without the package around it and what that imports.

    Its init looks modules up in `sys.modules`. The true ones would be new to the program (and `decimal.py` may be a
    file of its own), so for a millisecond others stand there: only where no other thread could see them. Raises
    ImportError.
    """
    if _thread._count():
        raise ImportError("the program had threads before it imported trio")
    if any(sys.modules.get(name) is not apart.borrow(name) for name in _LOOKED_UP):
        raise ImportError("the program replaces modules of Python's own")
    missing = ModuleType("missing")
    stands = _stands(apart.borrow("_datetime"))
    before = {name: sys.modules.get(name, missing) for name in (*stands, _CORE)}
    loader = ExtensionFileLoader(_CORE, path)
    try:
        sys.modules.update(stands)
        sys.modules.pop(_CORE, None)
        core: Any = loader.create_module(ModuleSpec(_CORE, loader, origin=path))
        loader.exec_module(core)
    finally:
        for name, module in before.items():
            if module is missing:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
    face: Any = ModuleType("msgspec")
    face.Struct, face.Meta = core.Struct, core.Meta
    face.structs, face.json = ModuleType("msgspec.structs"), ModuleType("msgspec.json")
    face.structs.replace = core.replace
    face.json.Encoder, face.json.encode = core.JSONEncoder, core.json_encode
    return cast(ModuleType, face)


def _stands(dates: Any) -> dict[str, ModuleType]:
    """Return what stands in `sys.modules` meanwhile: the names that msgspec looks up, of classes that nobody uses."""
    datetime, decimal, uuid = (cast(Any, ModuleType(name)) for name in ("datetime", "decimal", "uuid"))
    package, utils = cast(Any, ModuleType("msgspec")), cast(Any, ModuleType("msgspec._utils"))
    for name in _DATES:
        setattr(datetime, name, getattr(dates, name))
    decimal.Decimal, uuid.UUID = type("Decimal", (), {}), type("UUID", (), {})
    uuid.SafeUUID = type("SafeUUID", (), {"unknown": None})
    package.__path__ = []
    utils._CONCRETE_TYPES = {}
    utils.__getattr__ = lambda name: None  # functions for decoding and for schemas, which nobody calls here
    return {module.__name__: module for module in (datetime, decimal, uuid, package, utils)}
