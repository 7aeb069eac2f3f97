"""Programs that would notice a careless tracer: each shows something that must be as under plain `python`."""

from __future__ import annotations

from textwrap import dedent, indent

WAYS = {
    "without-trio": "import sys\ndef main():\n{body}\nmain()\n",
    "trio-imported": "import sys, trio\ndef main():\n{body}\nmain()\n",
    "in-trio": "import sys, trio\nasync def main():\n    await trio.lowlevel.checkpoint()\n{body}\ntrio.run(main)\n",
}

BODIES = {
    "returns": """
        print("out")
        print("err", file=sys.stderr)
        """,
    "raises": """
        print("before")
        {}["key that is not there"]
        """,
    "raises with cause and notes": """
        try:
            1 / 0
        except ZeroDivisionError as error:
            another = ValueError("two\\nlines")
            another.add_note("a note")
            raise another from error
        """,
    "raises a group": """
        raise ExceptionGroup("two things", [ValueError("one"), ExceptionGroup("in", [OSError(2, "two")])])
        """,
    "exits 3": "sys.exit(3)",
    "exits with words": "sys.exit('words for stderr')",
    "exits at once": """
        print("never flushed", flush=False)
        import os
        os._exit(4)
        """,
    "interrupts itself": """
        import os, signal
        print("before")
        os.kill(os.getpid(), signal.SIGINT)
        for number in range(10_000_000):
            pass
        """,
    "kills itself": """
        import os, signal
        print("flushed", flush=True)
        print("lost with the buffer")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    "terminates itself": """
        import os, signal
        print("flushed", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
        """,
    "aborts": """
        import os
        os.abort()
        """,
    "handles a signal": """
        import os, signal
        signal.signal(signal.SIGTERM, lambda *_: print("caught"))
        os.kill(os.getpid(), signal.SIGTERM)
        print(signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGHUP))
        """,
    "closes descriptors 3 to 255": """
        import os
        os.closerange(3, 256)
        with open("own.txt", "w") as file:
            for number in range(200):
                file.write(f"{number}\\n")
                file.flush()
        print(sorted(os.listdir(".")), open("own.txt").read())
        """,
    "is short of descriptors": """
        import os
        print([os.open("/dev/null", os.O_RDONLY) for _ in range(5)])
        """,
    "forks": """
        import os, warnings
        warnings.simplefilter("always")
        child = os.fork()
        if child == 0:
            print("child", flush=True)
            os._exit(5)
        print("parent", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    "forks and the child ends as usual": """
        import os
        print("in the buffer of both")
        child = os.fork()
        if child == 0:
            print("child")
            sys.exit(6)
        print("parent", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    "starts subprocesses": """
        import os, subprocess
        code = "import os, sys; print(sorted(os.environ.items()), sys.path, sys.flags, sorted(sys.argv))"
        print(subprocess.run([sys.executable, "-c", code, "word"], stdout=subprocess.PIPE, check=True).stdout.decode())
        subprocess.run([sys.executable, "-c", "import trio; trio.run(trio.sleep, 0); print('grandchild')"], check=True)
        subprocess.run(["sh", "-c", "echo shell; echo shell 2 >&2"], check=True)
        """,
    "becomes another program": """
        import os
        print("before", flush=True)
        os.execv(sys.executable, [sys.executable, "-c", "import os, sys; print(sorted(os.environ), sys.argv)", "word"])
        """,
    "leaves a daemon behind": """
        import os
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.close(writing)
            os.setsid()
            if os.fork() == 0:
                os.read(reading, 1)  # its parents are gone
                os.write(1, b"daemon\\n")
            os._exit(0)
        os.wait()
        os.close(reading)
        print("started it", flush=True)
        """,
    "leaves a daemon thread behind": """
        import threading, time
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        print("bye")
        """,
    "traces itself": """
        seen = []
        sys.settrace(lambda frame, event, argument: seen.append(frame.f_code.co_filename.endswith("script.py")))
        print("traced")
        (lambda: 1)()
        sys.settrace(None)
        print(sum(seen))
        """,
    "counts its garbage": """
        import gc
        gc.collect()
        print(gc.isenabled(), gc.get_threshold(), gc.garbage, gc.callbacks, gc.get_debug())
        """,
    "reads stdin": """
        print(repr(sys.stdin.readline()), sys.stdin.buffer.read())
        """,
    "writes partial lines and bytes": """
        import os
        sys.stdout.write("a")
        sys.stdout.buffer.write(b"\\xff\\x00")
        sys.stdout.write("é")
        sys.stdout.flush()
        sys.stdout.buffer.write(b"bytes\\r")
        sys.stdout.buffer.flush()
        os.write(1, b"descriptor")
        print("a", "b", sep="", end="|")
        sys.stdout.writelines(["x", "y\\n", "z"])
        sys.stderr.write("half")
        sys.stderr.buffer.write(b"\\xfe")
        print(sys.stdout.write("count"))
        """,
    "writes text of its own kind": """
        import enum
        class Colour(str, enum.Enum):
            RED = "red\\n"
        class Odd(str):
            def refuse(self, *args, **words):
                raise RuntimeError("nobody asks me")
            __str__ = __repr__ = __len__ = __iter__ = __eq__ = __hash__ = __getitem__ = __contains__ = refuse
            encode = isascii = rfind = replace = splitlines = __add__ = __format__ = refuse
        sys.stdout.write(Colour.RED)
        sys.stdout.writelines([Colour.RED, Odd("odd\\n"), Odd("é no end")])
        print(sys.stdout.write(Odd("four")), Colour.RED)
        """,
    "writes what is no text": """
        import traceback
        for thing in (b"bytes", None, 7):
            try:
                sys.stdout.write(thing)
            except TypeError:
                traceback.print_exc()
        sys.stderr.writelines([5])
        """,
    "writes much": """
        print("x" * 300_000)
        for number in range(20_000):
            print(number)
        """,
    "writes what cannot be encoded": """
        print("fine")
        print("\\ud800", file=sys.stderr)
        print("\\ud800")
        """,
    "looks at its streams": """
        for stream in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            print(stream.name, stream.mode, stream.encoding, stream.errors, stream.newlines, stream.line_buffering)
            print(stream.write_through, stream.fileno(), stream.isatty(), stream.closed, stream.readable())
        print(sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)
        sys.stdout.reconfigure(line_buffering=True, encoding="latin-1")
        print("é", sys.stdout.encoding)
        """,
    "puts streams in place of its own": """
        import contextlib, io
        with contextlib.redirect_stdout(io.StringIO()) as inner:
            print("inside")
        old, sys.stdout = sys.stdout, io.TextIOWrapper(open(1, "wb", closefd=False), write_through=True)
        print("own wrapper", repr(inner.getvalue()))
        sys.stdout = old
        sys.stdout.detach().write(b"detached")
        sys.stdout = sys.__stdout__ = None
        print("nowhere")
        """,
    "closes its streams": """
        sys.stderr.close()
        print("out")
        sys.stdout.close()
        try:
            print("no")
        except ValueError:
            sys.exit(7)
        """,
    "looks at sys": """
        print(sys.argv, sys.orig_argv, sys.flags, sys.executable, sys.prefix, sys.path, sys.warnoptions)
        print(sys.dont_write_bytecode, sys.gettrace(), sys.getprofile(), sys.getswitchinterval())
        print(sys.getrecursionlimit(), len(sys.path_hooks), sys.getfilesystemencoding())
        print(sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__, sys.unraisablehook.__name__)
        print(getattr(sys, "_is_gil_enabled", bool)())
        """,
    "looks at modules": """
        print(sorted(sys.modules), sys.path, sorted(sys.path_importer_cache), len(sys.path_hooks))
        __import__("trio")
        print(sorted(sys.modules), [getattr(finder, "__name__", type(finder)) for finder in sys.meta_path])
        import datetime, decimal, fractions, numbers, statistics, uuid
        print(isinstance(decimal.Decimal(1), numbers.Number), decimal.Decimal(1) == fractions.Fraction(1))
        print(statistics.mean([decimal.Decimal(1), decimal.Decimal(2)]), datetime.timedelta(1), uuid.UUID(int=5))
        """,
    "uses msgspec": """
        import msgspec, datetime, decimal, uuid
        for value in (datetime.datetime(2020, 1, 1), decimal.Decimal("1.5"), uuid.UUID(int=5)):
            coded = msgspec.json.encode(value)
            print(coded, msgspec.json.decode(coded, type=type(value)) == value)
        class Point(msgspec.Struct):
            x: int
        print(msgspec.json.decode(msgspec.json.encode(Point(1)), type=Point), Point.__mro__, msgspec.__file__)
        """,
    "looks at main": """
        import __main__
        print(sorted(vars(__main__)), __main__.__spec__, __main__.__file__, __main__.__doc__, __main__.__package__)
        print(__name__, __file__, type(__main__.__loader__).__name__, sys.modules["__main__"] is __main__)
        """,
    "looks at its surroundings": """
        import os, threading
        print(sorted(os.environ.items()), os.getcwd(), sorted(os.listdir(".")))
        print([thread.name for thread in threading.enumerate()], threading.active_count())
        print(oct(os.umask(0)), os.nice(0))
        """,
    "warns": """
        import warnings
        warnings.warn("look here")
        warnings.warn("not shown outside main", DeprecationWarning)
        print(len(warnings.filters), [entry[0] for entry in warnings.filters])
        """,
    "logs": """
        import logging
        logging.warning("to stderr")
        logging.basicConfig(stream=sys.stdout, force=True)
        logging.error("to stdout")
        """,
    "says goodbye": """
        import atexit, threading
        atexit.register(print, "at exit")
        threading.Timer(0.05, print, ["from a thread that outlives main"]).start()
        """,
    "fails in a thread": """
        import threading
        thread = threading.Thread(target=lambda: 1 / 0, name="worker")
        thread.start()
        thread.join()
        """,
    "recurses for ever": """
        sys.setrecursionlimit(100)
        def down(depth):
            return down(depth + 1)
        try:
            down(0)
        except RecursionError as error:
            print(error)
        """,
}

UNTRIED = {
    (
        "forks and the child ends as usual",
        "in-trio",
    ),  # parent and child share trio's epoll: hangs under plain python too
}

TRIO_BODIES = {
    "a child raises": """
        async def child(number):
            await trio.sleep(0.01 * number)
            print("child", number)
            raise ValueError(number)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child, 1)
            nursery.start_soon(trio.sleep_forever)
        """,
    "a group of two": """
        async def child(number):
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError(number)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child, 1)
            await trio.lowlevel.checkpoint()
            raise KeyError("mine")
        """,
    "cancelled": """
        with trio.move_on_after(0.01) as scope:
            await trio.sleep_forever()
        print(scope.cancelled_caught)
        with trio.fail_after(0.01):
            await trio.sleep_forever()
        """,
    "interrupts itself while asleep": """
        import os, signal, threading
        async def interrupt():
            await trio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(interrupt)
            await trio.sleep(60)
        """,
    "an instrument of its own that raises": """
        import logging
        class Broken(trio.abc.Instrument):
            def before_task_step(self, task):
                raise ValueError("broken on purpose")
        trio.lowlevel.add_instrument(Broken())
        await trio.lowlevel.checkpoint()
        print("on it goes")
        """,
    "an async generator left open": """
        async def numbers():
            try:
                yield 1
            finally:
                print("closed")
        async for number in numbers():
            print(number)
            break
        """,
    "names and exceptions that tell when they are asked": """
        def asked(kind, name):
            def method(self, *args):
                print("asked for", name)
                return getattr(kind, name)(self, *args)
            return method
        methods = ["__len__", "__getitem__", "__contains__", "__str__", "isascii", "split", "encode"]
        Name = type("Name", (str,), {name: asked(str, name) for name in methods})
        class Meta(type):
            @property
            def __qualname__(self):
                print("asked for its name")
                return "Other"
        class Odd(Exception, metaclass=Meta):
            __class__ = property(lambda self: print("asked for its class") or Exception)
        async def fails():
            await trio.lowlevel.checkpoint()
            raise Odd
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep, 0, name=Name("one"))
                nursery.start_soon(fails, name=Name("two"))
        except ExceptionGroup as group:
            print(len(group.exceptions))
        """,
    "a coroutine never awaited": """
        trio.sleep(1)
        import gc
        gc.collect()
        """,
    "a wrong call": "await trio.sleep(-1)",
    "threads and processes": """
        print(await trio.to_thread.run_sync(lambda: sum(range(1000))))
        done = await trio.run_process([sys.executable, "-c", "print('from a process')"], capture_stdout=True)
        print(done.stdout, done.returncode)
        def talk():
            print("thread")
            return trio.from_thread.run_sync(print, "back in trio")
        await trio.to_thread.run_sync(talk)
        """,
    "forks after a long step": """
        import os, time, warnings
        warnings.simplefilter("always")
        time.sleep(0.2)
        child = os.fork()
        if child == 0:
            print("child", flush=True)
            os._exit(0)
        print("parent", os.waitpid(child, 0)[1])
        await trio.sleep(0)
        """,
    "goes on with the run in a forked child": """
        import os
        child = os.fork()
        if child == 0:
            print("child")
            await trio.lowlevel.checkpoint()
            sys.stdout.flush()
            os._exit(8)
        print("parent", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    "waits far beyond its life": """
        for distance in (1e10, 1e300, float("inf")):
            with trio.move_on_after(distance) as scope:
                await trio.sleep(0)
            print(scope.cancelled_caught)
        with trio.move_on_at(-1e300) as scope:
            await trio.sleep(1)
        print(scope.cancelled_caught)
        with trio.move_on_after(0.01) as scope:
            await trio.sleep(1e300)
        print(scope.cancelled_caught)
        """,
    "a context of its own": """
        import contextvars
        print(len(contextvars.copy_context()), trio.lowlevel.current_task().name)
        statistics = trio.lowlevel.current_statistics()
        print(statistics.tasks_living, statistics.tasks_runnable, statistics.run_sync_soon_queue_size)
        """,
}

MULTIPROCESSING = """\
import multiprocessing, sys
{prelude}
def work(number):
    print("work", number, flush=True)
    return number * 2
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    with context.Pool(1) as pool:
        print(pool.map(work, [1, 2]))
        pool.close()
        pool.join()
    child = context.Process(target=sys.exit, args=(9,))
    child.start()
    child.join()
    print(child.exitcode)
"""

WHOLE_SCRIPTS = {
    "syntax error": "import sys\nprint(1\n",
    "empty": "",
    "nothing but a comment": "# -*- coding: latin-1 -*-\n",
    "multiprocessing fork": MULTIPROCESSING.format(prelude="", method="fork"),
    "multiprocessing spawn": MULTIPROCESSING.format(prelude="", method="spawn"),
    "multiprocessing fork, trio imported": MULTIPROCESSING.format(prelude="import trio", method="fork"),
    "multiprocessing spawn, trio imported": MULTIPROCESSING.format(prelude="import trio", method="spawn"),
    "imports what lies beside it": "import trio, neighbour\nprint(neighbour.__file__, neighbour.name)\n",
    "two runs": "import trio\nprint(trio.run(trio.sleep, 0))\nfrom trio import run\nprint(run(trio.sleep, 0))\n1 / 0\n",
    "runs in threads": dedent("""\
        import threading, trio
        async def main(number):
            for _ in range(20):
                await trio.lowlevel.checkpoint()
            results.append(number)
        results = []
        threads = [threading.Thread(target=trio.run, args=(main, number)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(sorted(results))
        """),
    "prints while Python ends": dedent("""\
        import os, sys, trio
        class Late:
            def __del__(self):
                print("late", end="")
                print(" in the child" if os.getpid() != parent else " in the parent")
        parent, late, circle = os.getpid(), Late(), Late()
        circle.itself = circle
        async def main():
            print("main", flush=True)
        trio.run(main)
        if os.fork() == 0:
            print("child")
            sys.exit(3)
        print(os.waitstatus_to_exitcode(os.wait()[1]))
        """),
    "daemon": dedent("""\
        import os, resource, trio
        own = os.open("own.txt", os.O_RDWR | os.O_CREAT)
        for descriptor in range(own, 2000):  # whatever had these numbers, they are the program's now
            try:
                os.dup2(own, descriptor)
            except OSError:
                break
        async def main():
            for number in range(1500):
                await trio.lowlevel.checkpoint()
                os.write(own, b"mine ")
        os.closerange(own + 1, own + 40)  # room for trio
        trio.run(main)
        print(os.pread(own, 100_000, 0))
        """),
    "a run in a daemon thread": dedent("""\
        import threading, trio
        ready = threading.Event()
        async def main():
            ready.set()
            await trio.sleep_forever()
        threading.Thread(target=trio.run, args=(main,), daemon=True).start()
        ready.wait()
        print("bye")
        """),
    "guest of asyncio": dedent("""\
        import asyncio, trio
        async def main():
            await trio.sleep(0.01)
            print("guest")
            return 42
        async def host():
            loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
            trio.lowlevel.start_guest_run(
                main, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=done.set_result)
            print((await done).unwrap())
        asyncio.run(host())
        """),
    "main is a mock": dedent("""\
        import trio
        from unittest.mock import AsyncMock
        print(trio.run(AsyncMock(return_value=3)))
        """),
    "asyncio alone": "import asyncio\nasync def main():\n    print('hello')\n    1 / 0\nasyncio.run(main())\n",
}


def scripts() -> dict[str, tuple[str, bool]]:
    """Return the text of each script by its name, and whether it starts trio."""
    all_of_them = {name: (text, "trio.run" in text or "guest_run" in text) for name, text in WHOLE_SCRIPTS.items()}
    for name, body in BODIES.items():
        for way, frame in WAYS.items():
            if (name, way) in UNTRIED:
                continue
            all_of_them[f"{name}-{way}"] = (frame.format(body=indent(dedent(body), "    ")), way == "in-trio")
    for name, body in TRIO_BODIES.items():
        all_of_them[f"{name}-in-trio"] = (WAYS["in-trio"].format(body=indent(dedent(body), "    ")), True)
    return all_of_them
