# Python runs this before a traced program's first line. It lets triotrace in, and takes itself away again.
#
# Rules:
# - It must parse and run on any Python, even Python 2, and import as little as possible: most programs never start trio.
# - What the program can see is put back at once: its environment, its path, and a sitecustomize that this one hides.
# - No failure of ours may reach the program: the parent is told in the status file, and the program goes on untraced.
import os
import sys


here = os.path.dirname(os.path.abspath(__file__))


def _make_apart():
    """Return the table that holds all else of ours; None where Python is too old for that."""
    if sys.version_info < (3, 11):
        return None
    from _frozen_importlib_external import SourceFileLoader  # Python has begun with it

    tracing = os.path.dirname(here)
    loader = SourceFileLoader("triotrace.tracing.apart", os.path.join(tracing, "apart.py"))
    module = type(sys)("triotrace.tracing.apart")
    module.__file__ = loader.path
    loader.exec_module(module)
    return module.Apart(os.path.dirname(tracing))


def _borrow(name):
    return __import__(name) if apart is None else apart.borrow(name)


def _decode(text):
    try:
        make_scanner = _borrow("_json").make_scanner  # what `json` is made of: importing that costs a few milliseconds

        class Rules:
            strict, memo = True, {}
            object_hook = object_pairs_hook = array_hook = None  # the last one from Python 3.15 on
            parse_float, parse_int, parse_constant = float, int, float

        return make_scanner(Rules)(text, 0)[0]
    except Exception:
        return _borrow("json").loads(text)


def _encode(text):
    try:
        return _borrow("_json").encode_basestring_ascii(text)
    except ImportError:
        return _borrow("json").dumps(text)


class Inside:
    """What parent and child agreed on, and what of it is done."""

    def __init__(self, agreed):
        self.agreed = agreed
        self.pid = os.getpid()
        self.descriptor = None  # of the log
        self.origin = None

    def tell(self, **entry):
        # One line of JSON for the parent; values are texts, numbers, or a ready-made piece of JSON in a list.
        parts = []
        for key, value in entry.items():
            shown = value[0] if isinstance(value, list) else _encode(value) if isinstance(value, str) else str(value)
            parts.append(_encode(key) + ": " + shown)
        try:
            flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
            status = os.open(self.agreed["status"], flags)
            try:
                os.write(status, ("{" + ", ".join(parts) + "}\n").encode("ascii"))
            finally:
                os.close(status)
        except (OSError, KeyError):
            pass  # the parent is gone; nobody is left to tell

    def restore_environment(self):
        for name, key in (("TRIOTRACE", "triotrace"), ("PYTHONPATH", "pythonpath")):
            if self.agreed.get(key) is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = self.agreed[key]

    def claim(self):
        """Create the log and write its header; tell whether it is ours now."""
        import time

        self.pid = os.getpid()
        self.origin = time.perf_counter_ns()
        try:
            low = os.open(self.agreed["log"], os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return False  # another process of the same command was first
        except OSError as error:
            self.tell(lost="the log cannot be created: %s" % error.strerror, count=0)
            return False
        try:
            self.descriptor = raised(low)
            os.write(self.descriptor, (self._header(time) + "\n").encode("ascii"))
        except OSError as error:
            self.tell(lost="the log cannot be written: %s" % error.strerror, count=0)
            return False
        return True

    def _header(self, time):
        def text(value):
            return _encode(value.encode("utf-8", "backslashreplace").decode("utf-8")[:4096])

        argv = list(sys.argv)
        if argv and argv[0] == "-m":  # the module's name comes later
            argv = sys.orig_argv[-len(argv) - 1 :] if hasattr(sys, "orig_argv") else argv
        seconds = time.time()
        wall = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%06dZ" % (seconds % 1 * 1000000)
        clock = '{"unit":"ns","source":"perf_counter","wall":"%s","origin":%d}' % (wall, self.origin)
        return (
            '{"event":"header","format":"triotrace","version":[1,1],"tool":%s,"id":"%s","pid":%d,'
            '"argv":[%s],"python":"%s","platform":%s,"clock":%s,"order":%s}'
        ) % (
            text("triotrace " + self.agreed["tool"]),
            os.urandom(8).hex(),
            self.pid,
            ",".join(text(word) for word in argv),
            "%d.%d.%d" % sys.version_info[:3],
            text(sys.platform),
            clock,
            text(self.agreed["order"]),
        )


def raised(low):
    """Move a descriptor far up, out of the way of those that the program opens and closes; the old one is closed."""
    try:
        fcntl = _borrow("fcntl")
        for least in (1000, 500, 256, 100, 40):
            try:
                high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, least)
            except OSError:
                continue  # beyond this process's limit
            os.close(low)
            return high
    except ImportError:
        pass
    return low


class Finder(object):
    """Waits for the program to import trio; then it is gone."""

    def __init__(self, inside):
        self.inside = inside

    def find_spec(self, name, path=None, target=None):
        if name != "trio":
            return None
        sys.meta_path.remove(self)
        for finder in list(sys.meta_path):
            find_spec = getattr(finder, "find_spec", None)
            spec = find_spec(name, path, target) if find_spec is not None else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = Loader(spec.loader, self.inside)
                return spec
        sys.meta_path.insert(0, self)  # not there; perhaps the program mends its path
        return None


class Loader(object):
    """Loads trio as its own loader does, then lets triotrace patch it."""

    def __init__(self, loader, inside):
        self.loader = loader
        self.inside = inside

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        let_in(self.inside)

    def __getattr__(self, name):  # get_source, is_package, ...: whatever asks before the module is there
        return getattr(self.loader, name)


def let_in(inside):
    try:
        if apart is None:
            raise ImportError("triotrace needs 3.11 or newer")
        slow = apart.load("triotrace.tracing.msgspec_alone").bring(apart, *inside.agreed["msgspec"])
        install = apart.load("triotrace.tracing.install").install
    except Exception as error:
        inside.tell(missing="%s: %s" % (type(error).__name__, error))
        return
    if slow:
        inside.tell(slow=slow)
    try:
        install(inside, raised)
    except Exception as error:
        inside.tell(lost="triotrace could not begin: %s: %s" % (type(error).__name__, error), count=0)


def begin():
    global apart
    sys.path[:] = [entry for entry in sys.path if entry != here]
    sys.path_importer_cache.pop(here, None)
    text = os.environ.get("TRIOTRACE")
    if text is None:
        return
    apart = _make_apart()
    inside = Inside(_decode(text))
    inside.tell(python="%d.%d.%d" % sys.version_info[:3], pid=inside.pid)
    if inside.agreed["claim"] == "self":
        inside.restore_environment()
        if sys.version_info < (3, 7) or not inside.claim():
            return
    elif os.path.exists(inside.agreed["log"]):
        inside.restore_environment()
        return
    if sys.version_info >= (3, 4):  # older ones ask a finder otherwise
        sys.meta_path.insert(0, Finder(inside))


apart = None
try:
    begin()
except Exception:
    pass  # whatever it was: the program comes first, and the parent sees that nobody reported

# Load the sitecustomize that this one hides, as if it had been found first; its errors are its own. Where there is none,
# an ImportError of that name goes out, which `site` passes over: nothing stays in sys.modules, as without us.
sys.modules.pop("sitecustomize", None)
import sitecustomize  # noqa: E402,F401
