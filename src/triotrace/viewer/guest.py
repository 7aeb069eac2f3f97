"""trio as a guest of Textual's asyncio loop: one coroutine that runs a trio function to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import outcome
import trio

__all__ = ["run_trio_guest"]


async def run_trio_guest(trio_main: Callable[[], Awaitable[None]]) -> None:
    """Run `trio_main` in the present asyncio loop; cancelling this coroutine cancels it and waits for its end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[outcome.Outcome[None]] = loop.create_future()
    scope = trio.CancelScope()

    async def scoped() -> None:
        with scope:
            await trio_main()

    def finish(result: outcome.Outcome[None]) -> None:
        if not done.done():
            done.set_result(result)

    trio.lowlevel.start_guest_run(
        scoped,
        run_sync_soon_threadsafe=loop.call_soon_threadsafe,
        run_sync_soon_not_threadsafe=loop.call_soon,
        host_uses_signal_set_wakeup_fd=True,
        done_callback=finish,
    )
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError as cancellation:
            # The guest must come to its end first: it may hold files and channels
            cancelled = cancellation
            scope.cancel()
    done.result().unwrap()
    if cancelled is not None:
        raise cancelled
