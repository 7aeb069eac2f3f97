"""Who was sent a signal: we alone, or our whole process group."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from programs import Ended, ended, running, until
from triotrace.launch.witness import Witness

HEARS = """
import os, signal
from triotrace.launch.witness import Witness
NUMBERS = signal.SIGINT, signal.SIGTERM
for number in NUMBERS:
    signal.signal(number, lambda *_: None)
with Witness(NUMBERS) as witness:
    for number in (*NUMBERS, *NUMBERS):
        os.kill(os.getpid(), number)
        print(witness.heard(number), end=" ")
        os.killpg(0, number)
        print(witness.heard(number), end=" ")
print()
"""

WAITS = """
import signal, time
from triotrace.launch.witness import Witness
with Witness((signal.SIGINT,)) as witness:
    print(witness._pid, flush=True)
    time.sleep(3600)
"""


def test_the_group_or_we_alone(tmp_path: Path) -> None:
    """Each time, and for each signal."""
    with running([sys.executable, "-c", HEARS], cwd=tmp_path) as child:
        assert Ended(b"False True " * 4 + b"\n", b"", 0) == ended(child)


def test_the_witness_is_gone_after_us(tmp_path: Path) -> None:
    """Also after SIGKILL, and it holds no output of ours open meanwhile."""
    with running([sys.executable, "-c", WAITS], cwd=tmp_path) as child:
        assert child.stdout
        witness = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        assert b"" == child.stdout.read()
        child.wait()
        until(lambda: not lives(witness) or None, what="the witness is gone")


def test_without_a_witness_the_signal_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none can be had, the terminal's keys are taken as sent to the group, and all else as sent to us."""
    monkeypatch.delattr(signal, "sigtimedwait")
    with Witness((signal.SIGINT, signal.SIGTERM)) as witness:
        assert witness.heard(signal.SIGINT)
        assert not witness.heard(signal.SIGTERM)


def lives(process: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
