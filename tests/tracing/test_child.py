"""A process that traces itself: what its log holds, however it lives and dies."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from textwrap import dedent

import pytest
from inside import INJECT, program, ran

from triotrace.events import (
    AfterRun,
    AfterTaskStep,
    BeforeIoWait,
    BeforeRun,
    BeforeTaskStep,
    Dropped,
    Event,
    Header,
    Output,
    Place,
    StepSampled,
    TaskExited,
    TaskScheduled,
    TaskSpawned,
)
from triotrace.log import finish_log, read_log

RELAY = """
    import trio
    async def producer(send):
        async with send:
            for number in range(3):
                await send.send(number)
    async def consumer(receive):
        async for number in receive:
            print("got", number)
    async def main():
        send, receive = trio.open_memory_channel(0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(producer, send)
            nursery.start_soon(consumer, receive)
    trio.run(main)
    """


def test_a_log_begins_with_a_header(tmp_path: Path) -> None:
    """A script that never starts trio has a log, too, and nothing of ours is in its memory."""
    child = ran(
        tmp_path,
        """
        import os, sys
        print(sorted(name for name in sys.modules if "msgspec" in name or "triotrace." in name))
        print("TRIOTRACE" in os.environ, "PYTHONPATH" in os.environ, [p for p in sys.path if "inject" in p])
        """,
    )
    [header] = child.events()
    assert isinstance(header, Header)
    assert "started" == header.order
    assert child.process.pid == header.pid
    assert [str(child.script)] == header.argv
    assert "[]\nFalse False []\n" == child.printed[0]
    assert [{"python", "pid"}] == [set(entry) for entry in child.told()]
    assert 0o600 == child.log.stat().st_mode & 0o777


def test_status_entries(tmp_path: Path) -> None:
    """The parent can tell: Python ran, trio was imported, trio ran."""
    child = ran(tmp_path, RELAY)
    assert ["python", "trio", "run"] == [next(iter(entry)) for entry in child.told()]
    assert AfterRun is type(child.events()[-1])


def scheduling(events: list[Event]) -> list[tuple[object, ...]]:
    kinds = TaskSpawned | TaskScheduled | BeforeTaskStep | AfterTaskStep | TaskExited | Output | Place
    fields = ("task", "cause", "waker", "result", "text", "line", "call")
    return [(type(e).__name__, *(getattr(e, field, None) for field in fields)) for e in events if isinstance(e, kinds)]


SHARED_WAITS = """
    import trio
    async def waiter(event):
        await event.wait()
    async def sleeper():
        await trio.sleep_forever()
    async def same_time():
        await trio.sleep_until(100)
    async def main():
        event = trio.Event()
        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(waiter, event, name=f"waiter {number}")
                nursery.start_soon(sleeper, name=f"sleeper {number}")
                nursery.start_soon(same_time, name=f"same time {number}")
            await trio.sleep(1)
            event.set()
            await trio.sleep_until(200)
            nursery.cancel_scope.cancel()
    from trio.testing import MockClock
    trio.run(main, clock=MockClock(autojump_threshold=0))
    """


@pytest.mark.parametrize("order", ["started", "7"])
@pytest.mark.parametrize("text", [RELAY, SHARED_WAITS], ids=["relay", "shared waits"])
def test_order_is_the_same_twice(tmp_path: Path, order: str, text: str) -> None:
    """Two runs of a program give the same events but for their times."""
    logs = []
    for name, seed in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        logs.append(scheduling(ran(tmp_path / name, text, order=order, env={"PYTHONHASHSEED": seed}).events()))
    assert logs[0] == logs[1]


def test_started_order_is_the_order_of_becoming_ready(tmp_path: Path) -> None:
    """Tasks woken by one event, by one instant or by one cancellation run in the order in which they came to wait."""
    child = ran(tmp_path, SHARED_WAITS)
    names = {e.task: e.name for e in child.of(TaskSpawned)}
    last: dict[str, list[str]] = {"waiter": [], "same time": [], "sleeper": []}
    for end in child.of(TaskExited):
        kind, _, number = names[end.task].rpartition(" ")
        if kind in last:
            last[kind].append(number)
    assert {kind: [str(number) for number in range(8)] for kind in last} == last


def test_numbers_differ(tmp_path: Path) -> None:
    """Among a few numbers there are two orders."""
    orders = set()
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        child = ran(tmp_path / str(number), RELAY, order=str(number))
        orders.add(tuple(e.task for e in child.of(BeforeTaskStep)))
    assert len(orders) > 1


@pytest.mark.parametrize("capture", [None, True], ids=["beside", "captured"])
def test_prints_know_their_task(tmp_path: Path, capture: bool | None) -> None:
    """Each line is one event with its task; while captured it is nowhere else."""
    child = ran(tmp_path, RELAY, capture=capture)
    consumer = next(e.task for e in child.of(TaskSpawned) if e.name.endswith("consumer"))
    assert [(consumer, f"got {n}\n") for n in range(3)] == [(e.task, e.text) for e in child.of(Output)]
    if capture:
        assert b"" == child.spills[0].read_bytes()
    else:
        assert "got 0\ngot 1\ngot 2\n" == child.printed[0]


FORMS = """
    import os, subprocess, sys, threading, trio
    def talk():
        print("from a thread")
    async def main():
        print("a", "b", sep="-", end="|")
        print("rest")
        sys.stdout.write("half a line")
        await trio.lowlevel.checkpoint()
        sys.stdout.write(" and its end\\n")
        print("to stderr", file=sys.stderr)
        sys.stdout.writelines(["x\\n", "y\\n"])
        print("two\\nlines")
        print("é 日本 \\U0001f600")
        print("z" * 200_000)
        sys.stdout.flush()
        sys.stdout.buffer.write(b"bytes\\n")
        sys.stdout.buffer.flush()
        os.write(1, b"descriptor\\n")
        subprocess.run(["echo", "subprocess"], check=True)
        await trio.to_thread.run_sync(talk)
        try:
            print("\\ud800")
        except UnicodeEncodeError:
            print("not that one")
    trio.run(main)
    print("after the run")
    """


@pytest.mark.parametrize("capture", [None, True], ids=["beside", "captured"])
def test_prints_of_all_forms(tmp_path: Path, capture: bool | None) -> None:
    """Nothing is lost, twice, or torn, however it was printed."""
    child = ran(tmp_path, FORMS, capture=capture)
    outputs = child.of(Output)
    main = next(e.task for e in child.of(TaskSpawned) if e.role == "main")
    mine = [e.text for e in outputs if e.task == main and e.stream == "stdout"]
    assert [
        "a-b|rest\n",
        "half a line",
        " and its end\n",
        "x\n",
        "y\n",
        "two\n",
        "lines\n",
        "é 日本 \U0001f600\n",
    ] == mine[:8]
    assert "z" * 200_000 + "\nnot that one\n" == "".join(mine[8:])
    assert [("to stderr\n", main)] == [(e.text, e.task) for e in outputs if e.stream == "stderr"]
    others = "".join(e.text for e in outputs if e.task is None)
    assert "from a thread\n" in others
    assert "after the run\n" in others
    beyond = ("bytes\n", "descriptor\n", "subprocess\n")
    if capture:
        assert all(word in others for word in beyond)
        consumed = [entry["consumed"] for entry in child.told() if "consumed" in entry]
        assert {"stdout": child.spills[0].stat().st_size, "stderr": 0} == consumed[-1]
    else:
        assert not any(word in others for word in beyond)
        everything = "".join(e.text for e in outputs if e.stream == "stdout")
        assert sorted(child.printed[0].splitlines()) == sorted([*everything.splitlines(), *"".join(beyond).split()])


def test_no_output(tmp_path: Path) -> None:
    """Without prints in the log they go where they always go."""
    child = ran(tmp_path, RELAY, output=False)
    assert [] == child.of(Output)
    assert "got 0\ngot 1\ngot 2\n" == child.printed[0]


def test_no_source(tmp_path: Path) -> None:
    """Without sources in the log, places are there all the same."""
    child = ran(tmp_path, RELAY, source=False)
    assert not any(type(e).__name__ == "Source" for e in child.events())
    assert any(e.file == str(child.script) for e in child.of(Place))


BLOCKS = {
    "sleep": "time.sleep(600)",
    "loop": "while True: pass",
}


@pytest.mark.parametrize("way", BLOCKS)
def test_a_step_that_blocks_is_seen(tmp_path: Path, way: str) -> None:
    """All that happened before it is in the log, and where it stands."""
    text = f"""
    import time, trio
    async def blocker():
        await trio.lowlevel.checkpoint()
        {BLOCKS[way]}
    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(blocker)
    trio.run(main)
    """
    with program(tmp_path, text) as child:
        [sample] = child.until(lambda: child.of(StepSampled))[:1]
        place = next(e for e in child.of(Place) if e.place == sample.place)
        assert ("blocker", str(child.script)) == (place.function, place.file)
        assert BLOCKS[way].split()[0] in child.script.read_text().splitlines()[place.line - 1]
        begin = [e for e in child.of(BeforeTaskStep) if e.task == sample.task][-1]
        assert sample.t - begin.t >= 50_000_000
        assert sample.t >= begin.t


def test_killed_while_the_loop_sleeps(tmp_path: Path) -> None:
    """SIGKILL loses nothing then."""
    text = """
    import trio
    async def main():
        for _ in range(10):
            await trio.sleep(0.001)
        print("now", flush=True)
        await trio.sleep(600)
    trio.run(main)
    """
    with program(tmp_path, text) as child:
        child.until(lambda: [e for e in child.of(BeforeIoWait) if (e.deadline or 0) - 10**11 > 0 and _long(child, e)])
        child.process.kill()
        child.wait()
        assert -signal.SIGKILL == child.process.returncode
        events = child.events()
    assert 11 == len([e for e in events if isinstance(e, BeforeIoWait)])
    assert BeforeIoWait is type(events[-1])


def _long(child, wait: BeforeIoWait) -> bool:
    begin = child.of(BeforeRun)[0]
    return wait.deadline - begin.trio_time > 500 * 10**9


DEATHS = {"SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)", "os._exit": "os._exit(3)"}


@pytest.mark.parametrize("death", DEATHS)
def test_dead_flat_out(tmp_path: Path, death: str) -> None:
    """A death in the middle of hard work takes 1,200 events along at most, and whoever reads the log is told."""
    text = f"""
    import os, signal, trio
    async def main():
        for number in range(5000):
            await trio.lowlevel.checkpoint()
        {DEATHS[death]}
    trio.run(main)
    """
    with program(tmp_path, text) as child:
        child.wait()
        events = child.events()
        told = [e for e in events if isinstance(e, BeforeTaskStep | AfterTaskStep | TaskScheduled)]
        begun = next(e.task for e in child.of(TaskSpawned) if e.role == "main")
        # Each checkpoint is three events; the last step has begun, and did not end.
        assert 3 * 5000 + 2 - 1200 <= len([e for e in told if e.task == begun]) <= 3 * 5000 + 2
        finish_log(child.log, exit=child.process.returncode)
        warnings: list[str] = []
        assert len(events) + 1 == sum(len(batch) for batch in read_log(child.log, warn=warnings.append))
        assert ["the program died within a run of trio"] == [w.split(": ")[1] for w in warnings]


def test_descriptors_are_the_programs(tmp_path: Path) -> None:
    """A daemoniser opens its own files where ours was: none of our bytes is in them, and the log goes on."""
    text = """
    import os, resource, trio
    async def main():
        await trio.sleep(0.001)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        own = os.open("own.txt", os.O_RDWR | os.O_CREAT)
        keep = {int(name) for name in os.listdir("/proc/self/fd") if "poll" in link(name) or "socket" in link(name)}
        for descriptor in range(3, min(limit, 3000)):
            if descriptor != own and descriptor not in keep:
                os.dup2(own, descriptor)
        for descriptor in range(300, 400):
            os.close(descriptor)
        for _ in range(3000):
            await trio.lowlevel.checkpoint()
        print(os.pread(own, 1000, 0))
    def link(name):
        try:
            return os.readlink("/proc/self/fd/" + name)
        except OSError:
            return ""
    trio.run(main)
    """
    if not Path("/proc/self/fd").exists():
        pytest.skip("the script asks /proc which descriptors are trio's")
    child = ran(tmp_path, text)
    assert "b''\n" == child.printed[0]
    assert b"" == (tmp_path / "own.txt").read_bytes()
    assert AfterRun is type(child.events()[-1])


def test_closed_descriptors(tmp_path: Path) -> None:
    """Closing 3 to 255 before trio runs costs nothing."""
    own = "import os\nos.closerange(3, 256)\nfile = open('own.txt', 'w')\n"
    child = ran(tmp_path, own + dedent(RELAY))
    assert AfterRun is type(child.events()[-1])
    assert "" == (tmp_path / "own.txt").read_text()


def test_a_fork_writes_nothing(tmp_path: Path) -> None:
    """The child of a fork goes on with its copy of the run, untraced, and prints where it always printed."""
    text = """
    import os, sys, time, warnings, trio
    warnings.simplefilter("error")
    async def main():
        time.sleep(0.12)
        child = os.fork()
        if child == 0:
            print("in the fork", flush=True)
            for _ in range(3000):
                await trio.lowlevel.checkpoint()
            os._exit(0)
        os.waitpid(child, 0)
        await trio.lowlevel.checkpoint()
        time.sleep(0.12)
    trio.run(main)
    """
    child = ran(tmp_path, text, capture=True)
    assert len(child.of(BeforeTaskStep)) < 20
    assert AfterRun is type(child.events()[-1])
    assert "in the fork\n" == child.spills[0].read_text()
    assert "" == child.spills[1].read_text()
    assert [None] == [e.task for e in child.of(Output) if "in the fork" in e.text]
    lines = {e.place: e.line for e in child.of(Place)}
    assert 2 == len({lines[e.place] for e in child.of(StepSampled)}), "the watchdog came back after the fork"


def test_runs_in_sequence_and_in_threads(tmp_path: Path) -> None:
    """Each run has its number; a mark and a print outside all runs have no task."""
    text = """
    import threading, trio, triotrace
    async def main(n):
        for _ in range(50):
            await trio.sleep(0.0001)
        print("run", n)
    trio.run(main, 0)
    triotrace.mark("between")
    threads = [threading.Thread(target=trio.run, args=(main, n)) for n in (1, 2, 3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print("end")
    """
    child = ran(tmp_path, text)
    assert [0, 1, 2, 3] == sorted(e.run for e in child.of(BeforeRun))
    assert {"MainThread"} < {e.thread for e in child.of(BeforeRun)}
    times = [e.t for e in child.events() if hasattr(e, "t")]
    assert times == sorted(times)
    assert [None] == [e.task for e in child.events() if type(e).__name__ == "Mark"]
    assert {f"run {n}\n": True for n in range(4)} | {"end\n": False} == {
        e.text: e.task is not None for e in child.of(Output)
    }


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("import trio\nfrom trio._core import run\nasync def main(): pass\nrun(main)\n", 1),
        ("from trio import run\nasync def main(): pass\nrun(main)\nrun(main)\n", 2),
        ("import trio, asyncio\nasync def main(): await trio.sleep(0)\nGUEST\nasyncio.run(host())\n", 1),
        (
            "import trio\nclass Own(trio.abc.Instrument): pass\nasync def main(): pass\n"
            "trio.run(main, instruments=[Own()])\n",
            1,
        ),
    ],
    ids=["private import", "imported name", "guest", "own instruments"],
)
def test_ways_to_run(tmp_path: Path, text: str, runs: int) -> None:
    """Wherever trio runs, it is traced."""
    guest = """
async def host():
    done = asyncio.get_running_loop().create_future()
    soon = asyncio.get_running_loop().call_soon_threadsafe
    trio.lowlevel.start_guest_run(main, run_sync_soon_threadsafe=soon, done_callback=done.set_result)
    (await done).unwrap()
"""
    child = ran(tmp_path, text.replace("GUEST\n", guest))
    assert runs == len(child.of(BeforeRun)) == len(child.of(AfterRun))
    assert {"returned"} == {e.result for e in child.of(AfterRun)}


def test_claimed_by_the_first_that_starts_trio(tmp_path: Path) -> None:
    """Of a command's processes the first that starts trio makes the log; all others are left alone."""
    text = """
    import os, subprocess, sys
    if len(sys.argv) == 1:
        code = "import os; print('TRIOTRACE' in os.environ)"
        subprocess.run([sys.executable, "-c", code], check=True)
        subprocess.run([sys.executable, sys.argv[0], "worker"], check=True)
        subprocess.run([sys.executable, sys.argv[0], "late"], check=True)
    else:
        import trio
        trio.run(trio.sleep, 0)
        print(sys.argv[1], 'TRIOTRACE' in os.environ, flush=True)
    """
    child = ran(tmp_path, text, claim="first")
    assert "True\nworker False\nlate False\n" == child.printed[0]
    [header] = child.of(Header)
    assert [str(child.script), "worker"] == header.argv
    assert 1 == len(child.of(BeforeRun))


def test_size_limit(tmp_path: Path) -> None:
    """A log holds all that fits, and ends with a `dropped`; the program goes on, and the rest is counted."""
    text = """
    import trio
    async def main():
        for _ in range(20_000):
            await trio.lowlevel.checkpoint()
    trio.run(main)
    """
    child = ran(tmp_path, text, max_size=300_000)
    assert 300_000 - 2048 - 200 <= child.log.stat().st_size <= 300_000
    *events, last = child.events()
    assert isinstance(last, Dropped)
    assert last.t == last.since >= max(getattr(event, "t", 0) for event in events)
    [lost] = [entry for entry in child.told() if "lost" in entry]
    whole = tmp_path / "whole"
    whole.mkdir()
    assert len(ran(whole, text).events()) == len(events) + last.count + lost["count"]


@pytest.mark.skipif(sys.platform != "linux", reason="a file size limit of the process stands in for a full disk")
def test_full_disk(tmp_path: Path) -> None:
    """A log that cannot grow ends with a whole line; the program goes on, and one entry says what was lost."""
    text = """
    import resource, trio
    async def main():
        for _ in range(20_000):
            await trio.lowlevel.checkpoint()
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    trio.run(main)
    print("fine")
    """
    child = ran(tmp_path, text)
    assert "fine\n" == child.printed[0]
    assert child.log.read_bytes().endswith(b"\n")
    lost = [entry for entry in child.told() if "lost" in entry]
    assert "the log could not be written: File too large" == lost[0]["lost"]
    assert sum(entry["count"] for entry in lost) > 50_000


def test_a_stand_in_for_msgspec(tmp_path: Path) -> None:
    """Where msgspec is for another Python, or cannot be loaded, a log comes without it, and the parent is told why."""
    for number, (file, suffix) in enumerate([("msgspec", ".cpython-27-other.so"), ("nothing", EXTENSION_SUFFIXES[0])]):
        folder = tmp_path / str(number)
        folder.mkdir()
        child = ran(folder, RELAY, msgspec=[str(folder / file), suffix])
        assert "got 0\ngot 1\ngot 2\n" == child.printed[0]
        assert AfterRun is type(child.events()[-1])
        assert 1 == len([entry for entry in child.told() if "slow" in entry])


def test_no_compiled_msgspec_where_the_gil_is_off(tmp_path: Path) -> None:
    """On a free-threaded Python, a compiled file that needs the GIL would switch it on for the whole program."""
    child = ran(tmp_path, f"import sys\nsys._is_gil_enabled = lambda: False\n{dedent(RELAY)}")
    assert "got 0\ngot 1\ngot 2\n" == child.printed[0]
    assert AfterRun is type(child.events()[-1])
    [slow] = [entry["slow"] for entry in child.told() if "slow" in entry]
    assert "its Python runs without the GIL, and msgspec might have switched it on" == slow


@pytest.mark.parametrize("name", ["triotrace", "msgspec", "_json", "_datetime", "decimal", "uuid", "typing_extensions"])
def test_modules_on_pythonpath_are_the_programs(tmp_path: Path, name: str) -> None:
    """PYTHONPATH comes before Python's own modules: what is called there as one that we use is not run for us."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / f"{name}.py").write_text("print('run')\n")
    child = ran(tmp_path, RELAY, pythonpath=str(tmp_path / "other"))
    assert "got 0\ngot 1\ngot 2\n" == child.printed[0]
    assert AfterRun is type(child.events()[-1])


def test_hidden_sitecustomize(tmp_path: Path) -> None:
    """The sitecustomize that ours hides is loaded all the same, with its own name and file."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "sitecustomize.py").write_text("import sys; sys.said = __file__")
    child = ran(
        tmp_path,
        """
        import sys
        print(sys.said == sys.modules["sitecustomize"].__file__, sys.path[1].endswith("other"))
        """,
        pythonpath=str(tmp_path / "other"),
    )
    assert "True True\n" == child.printed[0]


def test_sitecustomize_parses_anywhere() -> None:
    """Old Pythons read it too: no syntax that came after Python 2.7."""
    source = (INJECT / "sitecustomize.py").read_text()
    ast.parse(source, feature_version=(3, 4))
    assert not re.search(r"""\b[fF]["']|:=| -> |\b(async|await|nonlocal|yield from)\b""", source)
    assert source.isascii()


def test_no_trace_without_the_variable(tmp_path: Path) -> None:
    """The folder on the path alone does nothing."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, trio; print([m for m in sys.modules if m.startswith('triotrace')])"],
        env={"PYTHONPATH": str(INJECT), "PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert b"[]\n" == done.stdout
