"""What goes on without being asked: labels that wait for the PACS are sent, and new exams and labels are looked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from uptake.errors import UptakeError

_log = logging.getLogger("uptake.label")


class Background:
    """A thread that does one thing again and again; an error of ours is logged, and it goes on.

    Parameters
    ----------
    work
        What is done.
    every_s
        Between the end of one and the begin of the next.
    first
        What is done once, before that.
    """

    def __init__(
        self, work: Callable[[], None], every_s: float = 60.0, first: Callable[[], None] = lambda: None
    ) -> None:
        self._work, self._every_s, self._first = work, every_s, first
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End; what is being done is waited for a little."""
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        _tried(self._first)
        while not self._stop.is_set():
            _tried(self._work)
            self._stop.wait(self._every_s)


def _tried(work: Callable[[], None]) -> None:
    try:
        work()
    except UptakeError as error:
        _log.warning("%s", error)
    except Exception as error:
        _log.error("the background failed: %s", type(error).__name__)


class Working:
    """Counts who is at work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def enter(self) -> None:
        """One more."""
        with self._lock:
            self._count += 1

    def leave(self) -> None:
        """One less."""
        with self._lock:
            self._count -= 1

    def busy(self) -> bool:
        """Whether anybody is."""
        return self._count > 0
