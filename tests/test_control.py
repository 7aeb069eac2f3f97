"""A living program at our command: the channel, its answers, and all that may end a pause."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import trio

from programs import PATIENCE, running, until
from triotrace.events import AfterRun, BeforeIoWait, BeforeTaskStep, Event, Output, Paused, Skipped
from triotrace.launch import Child, Wishes, chosen_place, parse_target
from triotrace.launch.control import Control
from triotrace.log import LogReader

T = TypeVar("T")
PYTHON = f"'{sys.executable}'"

NAP = """
    import trio
    async def main():
        with trio.move_on_after(0.3) as scope:
            await trio.sleep(0.2)
        print("gave up" if scope.cancelled_caught else "slept")
    trio.run(main)
    """
STEPS = """
    import trio
    async def main():
        for _ in range({count}):
            await trio.lowlevel.checkpoint()
        print("done")
    trio.run(main)
    """


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start_one(text: str, *, command: Callable[[str], tuple[str, ...]] | None = None, **wishes: object) -> Child:
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(text))
        words = command(str(path)) if command else (str(path),)
        place = chosen_place(tmp_path / "x.jsonl", force=False)
        children.append(Child(parse_target(words), Path(sys.executable), place, Wishes(order="started", **wishes)))
        return children[-1]

    yield start_one
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child._process.pid, signal.SIGKILL)
        child.finish()


def shell(words: str) -> tuple[str, ...]:
    """Return the command that lets a shell do something."""
    return "--", "sh", "-c", words


def events(child: Child) -> list[Event]:
    """Return what the log holds by now."""
    if not child.log.exists():
        return []
    data = child.log.read_bytes()
    return LogReader(child.log.name).feed(data[: data.rfind(b"\n") + 1])


def of(child: Child, kind: type[T]) -> list[T]:
    return [event for event in events(child) if isinstance(event, kind)]


def prints(child: Child) -> str:
    return "".join(event.text for event in of(child, Output))


def is_held(child: Child) -> bool:
    """Whether the log ends with a pause, before a step or within a sleep."""
    told = events(child)
    return bool(told) and isinstance(told[-1], Paused)


def held(child: Child) -> None:
    until(lambda: is_held(child) or None, what="a pause")


def step(child: Child) -> None:
    """Take a step, and wait until it is held again."""
    before = len(of(child, Paused))
    child.step()
    until(lambda: (len(of(child, Paused)) > before and is_held(child)) or None, what="a step")


def asleep(child: Child) -> None:
    """Wait until it is paused, and nobody in it is ready."""
    until(lambda: (is_held(child) and of(child, Paused)[-1].next is None) or None, what="a pause within a sleep")


def end_of(child: Child) -> int:
    return until(child.poll, what="the program's end")


def walk(child: Child) -> int:
    """Walk to the end; return how many steps that took."""

    async def walk() -> int:
        steps = 0
        while child.living:
            with trio.move_on_after(0.1):
                await child.control.wait_answer()
                if is_held(child):
                    child.step()
                    steps += 1
        return steps

    return trio.run(walk)


# -- the channel -------------------------------------------------------------------------------


def test_an_answer_comes_when_the_log_has_the_step(start: Callable[..., Child]) -> None:
    """Whoever reads the log at an answer finds the step that was asked for, and the pause after it."""
    child = start(STEPS.format(count=50), paused=True)

    async def main() -> list[int]:
        with trio.fail_after(PATIENCE):
            await child.control.wait_answer()  # it is there
            await child.control.wait_answer()  # it is held
            seen = []
            for _ in range(40):
                child.step()
                await child.control.wait_answer()
                assert is_held(child)
                seen.append(len([e for e in of(child, BeforeTaskStep) if e.task == of(child, Paused)[-1].next]))
        return seen

    assert list(range(1, 41)) == trio.run(main)
    child.resume()
    assert 0 == end_of(child)


def test_a_walk_skips_what_it_would_sleep(start: Callable[..., Child]) -> None:
    """Ten minutes pass in trio's time; the program and its log agree about that."""
    child = start(
        """
        import trio
        async def main():
            began = trio.current_time()
            with trio.move_on_after(900):
                await trio.sleep(600)
                print(round(trio.current_time() - began))
        trio.run(main)
        """,
        paused=True,
    )
    assert 3 <= walk(child) <= 6
    assert "600\n" == prints(child)
    [skipped] = of(child, Skipped)
    assert 600 == round((skipped.to - skipped.from_) / 1e9)
    assert 600e9 < of(child, AfterRun)[0].t


def test_a_pause_in_a_sleep_costs_no_time_out(start: Callable[..., Child]) -> None:
    """Longer paused than the time-out is long."""
    child = start(NAP)
    until(lambda: of(child, BeforeIoWait) or None, what="the sleep")
    child.pause()
    asleep(child)
    threading.Event().wait(0.6)
    child.resume()
    assert 0 == end_of(child)
    assert "slept\n" == prints(child)


def test_fifty_pauses_at_random_moments(start: Callable[..., Child]) -> None:
    """Together they last longer than any time-out; none fires, and it ends."""
    chance = random.Random(7)
    child = start(
        """
        import trio
        async def naps(name, seconds):
            with trio.move_on_after(0.6) as scope:
                for _ in range(30):
                    await trio.sleep(seconds)
            print(name, scope.cancelled_caught)
        async def main():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(naps, "a", 0.006)
                nursery.start_soon(naps, "b", 0.009)
                nursery.start_soon(naps, "c", 10)
        trio.run(main)
        """,
        paused=True,
    )
    held(child)
    for _ in range(50):
        child.resume()
        threading.Event().wait(chance.random() * 0.008)
        child.pause()
        threading.Event().wait(chance.random() * 0.04)
        child.step()
    child.resume()
    assert 0 == end_of(child)
    assert "a False\nb False\nc True\n" == prints(child)


def test_a_pace_from_the_start(start: Callable[..., Child]) -> None:
    child = start(STEPS.format(count=20), pace=100.0)
    assert 0 == end_of(child)
    assert 20 <= len(of(child, Paused)) <= 23


def test_words_that_a_child_does_not_know_are_passed_over(start: Callable[..., Child]) -> None:
    child = start(STEPS.format(count=20), paused=True)
    held(child)
    for words in ("dance", "pace quick", "pace nan", "pace -1", "pace 0", "pace inf", "", "step step", "x" * 10_000):
        child.control.send(words)
    walk(child)
    assert 0 == child.poll()
    assert "done\n" == prints(child)


def test_thousands_of_commands_at_once(start: Callable[..., Child]) -> None:
    """None is torn or lost, whether or not anybody hears them yet."""
    child = start(STEPS.format(count=3000), paused=True)
    for _ in range(3500):
        child.step()
    until(lambda: (child.control.send("step") or child.poll() is not None) or None, what="its end")
    assert 0 == child.poll()
    assert len(of(child, Paused)) < 3000


def test_a_socket_whose_folder_lies_deep(tmp_path: Path) -> None:
    """A path that no Unix socket may have: another one is found, and goes at the end."""
    deep = tmp_path / ("x" * 120) / "control"
    deep.parent.mkdir()
    control = Control(deep)
    with socket.socket(socket.AF_UNIX) as child:
        child.connect(str(control.path))
        control.send("step")
        assert b"step\n" == child.recv(100)
    control.close()
    assert not control.path.parent.exists()


# -- who else is there -------------------------------------------------------------------------


def test_a_command_whose_descendant_runs_trio(start: Callable[..., Child]) -> None:
    """The shell between us knows nothing of it."""
    child = start(NAP, command=lambda path: shell(f"{PYTHON} -c 'pass'; {PYTHON} '{path}'; true"), paused=True)
    assert walk(child) >= 3
    assert "slept\n" == prints(child)


def test_a_grandchild_has_no_part_in_it(start: Callable[..., Child]) -> None:
    """A process that the program starts is neither held nor heard, and holds no end of the channel."""
    child = start(
        """
        import subprocess, sys, trio
        INNER = (
            "import os, socket, stat, trio; trio.run(trio.sleep, 0.01);"
            "print([n for n in range(2000) if os.path.exists(f'/dev/fd/{n}') and stat.S_ISSOCK(os.stat(n).st_mode)])"
        )
        async def main():
            done = await trio.run_process([sys.executable, "-c", INNER], capture_stdout=True)
            print(done.stdout.decode())
        trio.run(main)
        """,
        paused=True,
    )
    walk(child)
    assert "[]\n\n" == prints(child)


FORKS = """
    import os, sys, trio, warnings
    async def main():
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                try:
                    with trio.fail_after(10):
                        await trio.sleep(0.01)
                        await trio.lowlevel.checkpoint()
                except BaseException:
                    os._exit(1)
                os._exit(0)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            await trio.sleep(0.01)
        await trio.sleep(0.01)
    trio.run(main)
    """


def test_forks(start: Callable[..., Child]) -> None:
    """No thread of ours is there when it forks; the parent obeys as before, the fork never stands still."""
    child = start(FORKS, paused=True)
    assert walk(child) >= 40
    assert "0\n" * 20 == prints(child)


@pytest.mark.parametrize("loop", ["trio.sleep(1000)", "trio.lowlevel.checkpoint()"])
def test_forks_in_a_thread_while_it_is_held(tmp_path: Path, start: Callable[..., Child], loop: str) -> None:
    """No hook comes that would begin to listen again, and yet it can be commanded."""
    child = start(
        f"""
        import os, threading, time, trio
        def forks():
            while not os.path.exists({str(tmp_path / "go")!r}):
                time.sleep(0.01)
            for _ in range(3):
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                os.waitpid(pid, 0)
            open({str(tmp_path / "forked")!r}, "w").close()
        async def main():
            threading.Thread(target=forks, daemon=True).start()
            while True:
                await {loop}
        trio.run(main)
        """
    )
    until(lambda: len(of(child, BeforeTaskStep)) > 2 or None, what="its steps")
    child.pause()
    held(child)
    (tmp_path / "go").touch()
    until(lambda: (tmp_path / "forked").exists() or None, what="its forks")
    child.resume()
    until(lambda: not is_held(child) or None, what="its going on")


def test_a_program_that_closes_all_it_finds(tmp_path: Path, start: Callable[..., Child]) -> None:
    """It is released, goes on and ends; its own files that come to lie there are left alone, by a fork of it, too."""
    mine = tmp_path / "mine"
    child = start(
        f"""
        import os, resource, trio
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, 2048))
        os.closerange(3, 2048)
        mine = [os.open({str(mine)!r}, os.O_RDWR | os.O_CREAT) for _ in range(1500)]
        identities = [os.fstat(number).st_ino for number in mine]
        def look():
            assert [os.fstat(number).st_ino for number in mine] == identities
        async def main():
            await trio.sleep(0.01)
            look()
        pid = os.fork()
        if pid == 0:
            look()
            os._exit(3)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        trio.run(main)
        look()
        """,
        paused=True,
    )
    assert 0 == end_of(child)
    assert "3\n" == prints(child)
    assert b"" == mine.read_bytes()


# -- ends --------------------------------------------------------------------------------------


VIEWER = """
    import os, signal, sys, time
    from pathlib import Path
    from triotrace.launch import Child, Wishes, chosen_place, parse_target
    child = Child(parse_target([sys.argv[1]]), Path(sys.executable), chosen_place(Path(sys.argv[2]), force=False),
                  Wishes(paused=sys.argv[3] == "step"))
    while not child.log.exists() or sys.argv[3] not in child.log.read_text():
        time.sleep(0.01)
    child.pause()
    while b'"paused"' not in child.log.read_bytes().splitlines()[-1]:
        time.sleep(0.01)
    print("paused", flush=True)
    time.sleep(1000)
    """


@pytest.mark.parametrize(("where", "sigpipe"), [("step", ""), ("before_io_wait", ""), ("before_io_wait", "SIG_DFL")])
def test_a_viewer_that_is_killed(tmp_path: Path, where: str, sigpipe: str) -> None:
    """A paused program whose viewer is killed ends as it would have: no time-out, no broken pipe."""
    program, viewer = tmp_path / "program.py", tmp_path / "viewer.py"
    reset = f"import signal; signal.signal(signal.SIGPIPE, signal.{sigpipe})" if sigpipe else ""
    program.write_text(
        textwrap.dedent(
            f"""
            {reset}
            import trio
            async def main():
                with trio.move_on_after(1) as scope:
                    for _ in range(5):
                        await trio.sleep(0.1)
                open("over", "w").write("gave up" if scope.cancelled_caught else "slept")
            trio.run(main)
            """
        )
    )
    viewer.write_text(textwrap.dedent(VIEWER))
    over = tmp_path / "over"
    command = [sys.executable, str(viewer), str(program), str(tmp_path / "x.jsonl"), where]
    with running(command, cwd=tmp_path, env={"TMPDIR": str(tmp_path)}) as process:
        assert process.stdout is not None
        assert b"paused\n" == process.stdout.readline()
        threading.Event().wait(0.2)
        assert not over.exists()
        process.kill()
        assert "slept" == until(lambda: (over.exists() and over.read_text()) or None, what="the program's end")
    last = until(
        lambda: next(
            (
                event
                for event in LogReader("x").feed((tmp_path / "x.jsonl").read_bytes())
                if isinstance(event, AfterRun)
            ),
            None,
        ),
        what="the end of the run in the log",
    )
    assert "returned" == last.result


STANDS = """
    import signal, sys, trio
    {before}
    async def main():
        global scope
        with trio.CancelScope() as scope:
            try:
                await trio.lowlevel.checkpoint()
                await trio.sleep(1000)
            finally:
                print("cleaned up")
    trio.run(main)
    """


@pytest.fixture(params=["step", "sleep"])
def stood(request: pytest.FixtureRequest, start: Callable[..., Child]) -> Callable[[str], Child]:
    """A program that is paused before its second step, or while nobody is ready."""

    def begin(text: str) -> Child:
        child = start(text, paused=True)
        held(child)
        while len(of(child, Paused)) < 2 or (request.param == "sleep" and of(child, Paused)[-1].next is not None):
            step(child)
        return child

    return begin


@pytest.mark.parametrize(
    ("number", "before", "status", "printed"),
    [
        (signal.SIGINT, "", -signal.SIGINT, "cleaned up\n"),
        (signal.SIGTERM, "", -signal.SIGTERM, ""),
        (signal.SIGTERM, "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))", 7, "cleaned up\n"),
        (signal.SIGINT, "signal.signal(signal.SIGINT, lambda *_: sys.exit(8))", 8, "cleaned up\n"),
        (signal.SIGUSR1, "signal.signal(signal.SIGUSR1, lambda *_: sys.exit(9))", 9, "cleaned up\n"),
        (signal.SIGTERM, "signal.signal(signal.SIGTERM, lambda *_: scope.cancel())", 0, "cleaned up\n"),
    ],
)
def test_a_signal_while_it_is_paused(
    stood: Callable[[str], Child], number: int, before: str, status: int, printed: str
) -> None:
    """It ends the program as it would have ended it: at once, with its own status, its clean-up done."""
    child = stood(STANDS.replace("{before}", before))
    os.kill(child._process.pid, number)
    assert status == end_of(child)
    shown = "".join(event.text for event in of(child, Output) if event.stream == "stdout")
    assert printed == shown
    assert [] == of(child, Skipped)


def test_a_receiver_gets_its_signal(start: Callable[..., Child]) -> None:
    """While it is paused, before a step and within a sleep."""
    for steps in range(2, 6):
        child = start(
            """
            import signal, trio
            async def receive(signals, scope):
                async for number in signals:
                    print("got", number)
                    scope.cancel()
            async def main():
                with trio.open_signal_receiver(signal.SIGTERM) as signals:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(receive, signals, nursery.cancel_scope)
                        await trio.lowlevel.checkpoint()
                        await trio.sleep(1000)
            trio.run(main)
            """,
            paused=True,
        )
        held(child)
        for _ in range(1, steps):
            step(child)
        os.kill(child._process.pid, signal.SIGTERM)
        assert 0 == end_of(child)
        assert "got 15\n" == prints(child)
        child.finish().log.unlink()


def test_an_interrupted_step_says_where_it_stood(start: Callable[..., Child]) -> None:
    """What a signal's handler raises while a step is held comes out of the task; the traceback has nothing of ours."""
    child = start(
        """
        import signal, sys, traceback, trio
        def handler(number, frame):
            raise TimeoutError("the handler's own")
        signal.signal(signal.SIGALRM, handler)
        async def main():
            print("first")
            try:
                await trio.lowlevel.checkpoint()
            except TimeoutError:
                print(traceback.format_exc())
        trio.run(main)
        """,
        paused=True,
    )
    held(child)
    child.step()
    until(lambda: (is_held(child) and prints(child)) or None, what="the second step")
    os.kill(child._process.pid, signal.SIGALRM)
    assert 0 == end_of(child)
    trace = prints(child)
    assert re.search(r"in main\n    await trio.lowlevel.checkpoint\(\)", trace)
    assert "in handler\n" in trace
    assert "triotrace" not in trace


@pytest.mark.parametrize("how", ["end", "interrupt"])
def test_ended_by_us_while_it_is_paused(stood: Callable[[str], Child], how: str) -> None:
    """Ctrl+C comes first, and reaches it: it is not killed."""
    child = stood(STANDS.replace("{before}", ""))
    child.end() if how == "end" else child.interrupt()
    assert -signal.SIGINT == end_of(child)
    assert prints(child).startswith("cleaned up\nTraceback")
    assert prints(child).endswith("KeyboardInterrupt\n")
