"""Our modules in a table of their own: what the program imports, and what we import, never meet.

Rules:
- Nothing of ours enters `sys.modules`, `sys.path`, `sys.meta_path` or `sys.path_importer_cache`. Each module of ours
  runs with builtins of its own, whose `__import__` looks into the table: imports in functions go on working, too.
- `triotrace` and `msgspec` come from explicit files, Python's own modules from the standard library, even where the
  program has a file of the same name; trio and outcome are the program's.
- This runs before the program's first line, on Python 3.11 and later: it imports nothing that Python has not loaded.
"""

import _frozen_importlib
import _frozen_importlib_external
import _imp
import _thread
import builtins
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

__all__ = ["Apart"]

_import = builtins.__import__  # the program may replace it later
_Module = type(sys)

_STDLIB = os.path.dirname(os.__file__)
_DYNLOAD = tuple(
    os.path.join(place, "lib-dynload")
    for place in dict.fromkeys((_STDLIB, os.path.join(sys.base_exec_prefix, sys.platlibdir, os.path.basename(_STDLIB))))
)
_HOMES = tuple(place + os.sep for place in dict.fromkeys((_STDLIB, os.path.realpath(_STDLIB), *_DYNLOAD)))
_PACKAGES = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


_OURS = ("triotrace", "msgspec")


class Apart:
    """The table. `package` is the folder of triotrace."""

    def __init__(self, package: str) -> None:
        self.modules: dict[str, ModuleType] = {}
        self._root = os.path.dirname(package)
        self._whole: set[str] = set()  # names of modules that have been run to their end
        self._lock = _thread.RLock()
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> "ModuleType":
        """Return a module of ours. Raises ModuleNotFoundError, and what the module raises."""
        if name in self._whole:
            return self.modules[name]
        with self._lock:
            if name in self.modules:  # it is being run, in this thread
                return self.modules[name]
            parent, _, last = name.rpartition(".")
            package = self.load(parent) if parent else None
            if name in self.modules:  # its package imports it
                return self.modules[name]
            path, is_package = self._find(self._root, name)
            return self._run(name, path, is_package=is_package, parent=package, last=last)

    def put(self, name: str, module: "ModuleType") -> None:
        """Let our modules find `module` as `name`."""
        self.modules[name] = module
        self._whole.add(name)

    def run(self, name: str, path: str) -> "ModuleType":
        """Run a file as our module `name`, and return that."""
        with self._lock:
            return self._run(name, path, is_package=False, parent=None, last=name)

    def borrow(self, name: str) -> "ModuleType":
        """Return a module of Python's own: the one that the program has, or one for us alone."""
        if name in self._whole:
            return self.modules[name]
        present = sys.modules.get(name)
        if present is not None and _is_pythons(present):
            return present
        with self._lock:
            if name in self.modules:
                return self.modules[name]
            parent, _, last = name.rpartition(".")
            package = self.borrow(parent) if parent else None
            if package is not None and parent not in self.modules:
                package = None  # the program's, which is to stay as it is
            for finder in (_frozen_importlib.BuiltinImporter, _frozen_importlib.FrozenImporter):
                spec = finder.find_spec(name)
                if spec is not None:
                    return self._make(spec)
            for folder in _DYNLOAD:
                for suffix in _imp.extension_suffixes():
                    path = os.path.join(folder, name + suffix)
                    if os.path.isfile(path):
                        loader = _frozen_importlib_external.ExtensionFileLoader(name, path)
                        return self._make(_frozen_importlib.ModuleSpec(name, loader, origin=path))
            path, is_package = self._find(_STDLIB, name)
            return self._run(name, path, is_package=is_package, parent=package, last=last)

    def _import(
        self,
        name: str,
        globals: "Mapping[str, object] | None" = None,  # noqa: A002 the builtin's own names
        locals: "Mapping[str, object] | None" = None,  # noqa: A002
        fromlist: "Sequence[str] | None" = (),
        level: int = 0,
    ) -> "ModuleType":
        """What an `import` in one of our modules calls."""
        if level:
            assert globals is not None
            package = str(globals["__package__"]).rsplit(".", level - 1)[0]
            name = f"{package}.{name}" if name else package
        top = name.partition(".")[0]
        if top in _OURS:
            module = self.load(name)
            for item in fromlist or ():
                if hasattr(module, "__path__") and not hasattr(module, item):
                    self.load(f"{name}.{item}")
            return module if fromlist else self.modules[top]
        if top in sys.stdlib_module_names:
            module = self.borrow(name)
            if name in self.modules:
                return module if fromlist else self.modules.get(top, sys.modules[top])
        return _import(name, globals, locals, fromlist or (), 0)

    @staticmethod
    def _find(root: str, name: str) -> tuple[str, bool]:
        base = os.path.join(root, *name.split("."))
        package = os.path.join(base, "__init__.py")
        if os.path.isfile(package):
            return package, True
        if os.path.isfile(base + ".py"):
            return base + ".py", False
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    def _run(self, name: str, path: str, *, is_package: bool, parent: "ModuleType | None", last: str) -> "ModuleType":
        loader = _frozen_importlib_external.SourceFileLoader(name, path)
        spec = _frozen_importlib.ModuleSpec(name, loader, origin=path, is_package=is_package)
        spec.has_location = True
        module = _Module(name)
        module.__spec__, module.__loader__, module.__file__ = spec, loader, path
        module.__package__ = name if is_package else name.rpartition(".")[0]
        if is_package:
            module.__path__ = [os.path.dirname(path)]
        vars(module)["__builtins__"] = self._builtins
        self.modules[name] = module
        if parent is not None:
            setattr(parent, last, module)
        try:
            loader.exec_module(module)
        except BaseException:
            del self.modules[name]
            raise
        self._whole.add(name)
        return module

    def _make(self, spec: "_frozen_importlib.ModuleSpec") -> "ModuleType":
        """Make a module of Python's own that is no file of source."""
        name, loader = spec.name, spec.loader
        assert loader is not None
        missing = _Module(name)
        before = sys.modules.get(name, missing)
        try:
            module = loader.create_module(spec)  # what has but one phase of init puts itself into sys.modules
            if module is None:
                module = _Module(name)
            module.__spec__, module.__loader__, module.__package__ = spec, loader, spec.parent
            if spec.submodule_search_locations is not None:
                module.__path__ = spec.submodule_search_locations
            vars(module).setdefault("__builtins__", self._builtins)
            self.modules[name] = module
            try:
                loader.exec_module(module)
            except BaseException:
                del self.modules[name]
                raise
        finally:
            if before is missing:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = before
        self._whole.add(name)
        return module


def _is_pythons(module: "ModuleType") -> bool:
    """Whether this is the true one, and not a file of the program's."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    if origin in ("built-in", "frozen"):
        return True
    return isinstance(origin, str) and origin.startswith(_HOMES) and not any(part in origin for part in _PACKAGES)
