"""What trio's own functions mean for a task that stands in them: a table, executed.

Rules:
- A trio function is named by the word its user wrote: `sleep`, `Event.wait`, `MemorySendChannel.send`.
- The first of trio's functions below the user's own innermost frame gives the name; a neutral one is skipped.
- `LAST` says that nothing of the user's can stand further in, so that looking may stop there.
- A function that the table lacks has its own qualified name, and looking goes on.
"""

from __future__ import annotations

from types import CodeType
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from triotrace.events import PlaceId
from triotrace.tracing.positions import Span
from triotrace.tracing.whose import TRIO, Whose

__all__ = ["Fact", "Point", "Wait", "learn"]

Wait: TypeAlias = Literal["", "thread", "process", "signal"]
"""What of the outside world a waiting task waits for, if trio itself does not count it; told when the loop sleeps."""

On: TypeAlias = Literal["", "self", "channel", "lock", "limiter", "condition"]
"""How the thing waited for is found: the function's `self`, or a channel's shared state.

A lock has an owner; so has a limiter, if there is one token; who waits for a condition wants a lock again after that.
"""


Enters: TypeAlias = Literal["", "scope", "nursery"]
"""Whether it stands between a scope or a nursery and the code that opens it."""


class Fact(Struct, frozen=True, gc=False):
    """What is known of one code object, which it keeps alive because it is found by `id()`."""

    code: CodeType
    rank: int
    word: str | None = None
    last: bool = False
    wait: Wait = ""
    on: On = ""
    sleeps: bool = False
    bare: bool = False  # the trap below all others: a function of trio's that stands in it says more
    outside: bool = False  # it runs what a thread or a signal handed to the loop
    enters: Enters = ""
    loop: bool = False  # the loop itself: no frame of the run lies further out
    spans: dict[int, Span] = {}  # by instruction: where it is in the source
    points: dict[int, Point] = {}  # by instruction: where tasks stood in it
    wakes: dict[int, tuple[Fact | None, bool, PlaceId]] = {}  # by instruction: what woke a task, through a package?
    returns: dict[int, PlaceId | None] = {}  # by the instruction where it stood last: the line that must have returned


class Point(Struct, frozen=True, gc=False):
    """Where a task stands: a place, what is called there, and what that means."""

    place: PlaceId
    call: Fact | None = None  # the first of trio's functions further in that has a name
    deepest: Fact | None = None  # the last of them that was looked at
    library: bool = False  # a package's code stands between the place and `call`
    inner: CodeType | None = None  # the code of `call`, if it is near and nothing of the user's can follow
    through: CodeType | None = None  # the code between, as the `__anext__` of an `async for`, if there is any
    own: CodeType | None = None  # the user's code that it is in, if it is the user's ...
    lasti: int = -1  # ... and the instruction


LAST: Final = True

# (file below trio's package, qualified name): word, LAST?, wait, on
_TABLE: Final[dict[tuple[str, str], tuple[str, bool, Wait, On]]] = {
    ("_timeouts.py", "sleep"): ("sleep", LAST, "", ""),
    ("_timeouts.py", "sleep_until"): ("sleep_until", LAST, "", ""),
    ("_timeouts.py", "sleep_forever"): ("sleep_forever", LAST, "", ""),
    ("_core/_run.py", "checkpoint"): ("checkpoint", LAST, "", ""),
    ("_core/_run.py", "checkpoint_if_cancelled"): ("checkpoint_if_cancelled", LAST, "", ""),
    ("_core/_traps.py", "cancel_shielded_checkpoint"): ("cancel_shielded_checkpoint", LAST, "", ""),
    ("_core/_traps.py", "wait_task_rescheduled"): ("wait_task_rescheduled", LAST, "", ""),
    ("_core/_run.py", "CancelScope.__enter__"): ("CancelScope", False, "", ""),
    ("_core/_run.py", "NurseryManager.__aenter__"): ("open_nursery", False, "", ""),
    ("_core/_run.py", "NurseryManager.__aexit__"): ("nursery", LAST, "", ""),
    ("_core/_run.py", "Nursery._nested_child_finished"): ("nursery", LAST, "", ""),
    ("_core/_run.py", "Nursery.start"): ("Nursery.start", LAST, "", ""),
    ("_core/_run.py", "Runner.wait_all_tasks_blocked"): ("wait_all_tasks_blocked", LAST, "", ""),
    ("_core/_generated_run.py", "wait_all_tasks_blocked"): ("wait_all_tasks_blocked", LAST, "", ""),
    ("_core/_parking_lot.py", "ParkingLot.park"): ("ParkingLot.park", LAST, "", "self"),
    ("_sync.py", "Event.wait"): ("Event.wait", LAST, "", "self"),
    ("_sync.py", "CapacityLimiter.acquire"): ("CapacityLimiter.acquire", LAST, "", "limiter"),
    ("_sync.py", "CapacityLimiter.acquire_on_behalf_of"): ("CapacityLimiter.acquire", LAST, "", "limiter"),
    ("_sync.py", "Semaphore.acquire"): ("Semaphore.acquire", LAST, "", "self"),
    ("_sync.py", "_LockImpl.acquire"): ("Lock.acquire", LAST, "", "lock"),
    ("_sync.py", "Condition.acquire"): ("Condition.acquire", False, "", ""),
    ("_sync.py", "Condition.wait"): ("Condition.wait", LAST, "", "condition"),
    ("_channel.py", "MemorySendChannel.send"): ("MemorySendChannel.send", LAST, "", "channel"),
    ("_channel.py", "MemoryReceiveChannel.receive"): ("MemoryReceiveChannel.receive", LAST, "", "channel"),
    ("_core/_unbounded_queue.py", "UnboundedQueue.get_batch"): ("UnboundedQueue.get_batch", LAST, "", ""),
    # What uses a thread is not the last word: it may stand at the limiter, and then no thread is at work
    ("_threads.py", "to_thread_run_sync"): ("to_thread.run_sync", False, "thread", ""),
    ("_file_io.py", "open_file"): ("open_file", False, "", ""),
    ("_socket.py", "getaddrinfo"): ("socket.getaddrinfo", False, "", ""),
    ("_highlevel_socket.py", "SocketStream.receive_some"): ("SocketStream.receive_some", LAST, "", ""),
    ("_highlevel_socket.py", "SocketStream.send_all"): ("SocketStream.send_all", LAST, "", ""),
    ("_highlevel_socket.py", "SocketListener.accept"): ("SocketListener.accept", LAST, "", ""),
    ("_unix_pipes.py", "FdStream.receive_some"): ("FdStream.receive_some", LAST, "", ""),
    ("_unix_pipes.py", "FdStream.send_all"): ("FdStream.send_all", LAST, "", ""),
    ("_socket.py", "_SocketType.accept"): ("socket.accept", LAST, "", ""),
    ("_socket.py", "_SocketType.connect"): ("socket.connect", LAST, "", ""),
    ("_socket.py", "SocketType.accept"): ("socket.accept", LAST, "", ""),
    ("_socket.py", "SocketType.connect"): ("socket.connect", LAST, "", ""),
    ("_signals.py", "SignalReceiver.__anext__"): ("open_signal_receiver", LAST, "signal", ""),
    ("_subprocess.py", "Process.wait"): ("Process.wait", LAST, "process", ""),
    ("_subprocess.py", "_run_process"): ("run_process", False, "", ""),
}

# Whatever class they are in: the last part of the qualified name.
_BY_NAME: Final[dict[tuple[str, str], tuple[str, bool, Wait, On]]] = {
    ("_file_io.py", "wrapper"): ("file", False, "", ""),
    ("_path.py", "wrapper"): ("Path", False, "", ""),
    ("_socket.py", "wrapper"): ("socket", False, "", ""),
    ("_socket.py", "_nonblocking_helper"): ("socket", False, "", ""),
}

# They only pass the call on: what is further in says what it is about.
_NEUTRAL: Final = frozenset(
    {
        ("_abc.py", "AsyncResource.__aenter__"),
        ("_abc.py", "AsyncResource.__aexit__"),
        ("_abc.py", "ReceiveChannel.__anext__"),
        ("_abc.py", "ReceiveStream.__anext__"),
        ("_sync.py", "AsyncContextManagerMixin.__aenter__"),
        ("_sync.py", "AsyncContextManagerMixin.__aexit__"),
    }
)
_NEUTRAL_FILES: Final = ("_core/_ki.py", "_util.py", "_deprecate.py")
_TIMEOUTS: Final = frozenset({"fail_at", "fail_after", "move_on_at", "move_on_after"})
_SLEEPS: Final = frozenset({"sleep", "sleep_until"})
_BARE: Final = "wait_task_rescheduled"
_POLLED: Final = frozenset({"wait_readable", "wait_writable"})
_OUTSIDE: Final = frozenset({"report_back_in_trio_thread_fn", "in_trio_thread", "run_cb"})


def learn(code: CodeType, whose: Whose) -> Fact:
    """Work out what a code object means for a task that stands in it."""
    rank = whose.rank(code.co_filename)
    inside = whose.inside_trio(code.co_filename) if rank == TRIO else None
    if inside is None:
        # Our own wrapper is what a user calls where trio has one `cancel` for all causes: before 0.31.
        return Fact(code, rank, "CancelScope.cancel" if rank == TRIO and code.co_name == "cancelling" else None)
    name, qualified = code.co_name, code.co_qualname
    if name in _OUTSIDE:
        return Fact(code, rank, outside=True)
    if name == "unrolled_run":
        return Fact(code, rank, loop=True)
    enters = _enters(inside, qualified)
    if (inside, qualified) in _NEUTRAL or inside in _NEUTRAL_FILES:
        return Fact(code, rank, enters=enters)
    row = _TABLE.get((inside, qualified)) or _BY_NAME.get((inside, name))
    if row is not None:
        return Fact(code, rank, *row, sleeps=row[0] in _SLEEPS, bare=row[0] == _BARE, enters=enters)
    return Fact(code, rank, _plain(qualified), last=name in _POLLED, enters=enters)


def _enters(inside: str, qualified: str) -> Enters:
    if (inside, qualified) == ("_core/_run.py", "NurseryManager.__aenter__"):
        return "nursery"
    if (inside, qualified) == ("_core/_run.py", "CancelScope.__enter__") or inside in _NEUTRAL_FILES:
        return "scope"
    return "scope" if inside == "_timeouts.py" and qualified in _TIMEOUTS else ""


def _plain(qualified: str) -> str:
    """`_outer.<locals>.Class._name` is `Class.name` to its user."""
    inner = qualified.rpartition("<locals>.")[2].replace("_LockImpl.", "Lock.")
    return ".".join(part.lstrip("_") if not part.endswith("__") else part for part in inner.split("."))
