"""Long work off the event loop: a few at once, a few waiting, and a clear no to the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from apps.monai_label.server.refusal import QueueFull

_T = TypeVar("_T")


class WorkQueue:
    """Threads for one kind of work.

    Parameters
    ----------
    name
        Of the threads.
    running
        How many run at once.
    waiting
        How many more may wait.
    """

    def __init__(self, name: str, running: int, waiting: int) -> None:
        if running < 1 or waiting < 0:
            raise ValueError("a queue runs at least one, and lets none or more wait")
        self._threads = ThreadPoolExecutor(running, thread_name_prefix=name)
        self._most = running + waiting
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many run or wait now."""
        return self._taken

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run ``work`` on a thread and give its result.

        Raises
        ------
        QueueFull
            If as many as may wait already do.
        """
        if self._taken >= self._most:
            raise QueueFull("Too many requests are being worked on. Try again in a few seconds.")
        self._taken += 1
        future = self._threads.submit(work)
        # A client that goes away does not free the place: its work still runs.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: self._leave(loop))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Start nothing more; what runs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        def leave() -> None:
            self._taken -= 1

        if not loop.is_closed():
            loop.call_soon_threadsafe(leave)
