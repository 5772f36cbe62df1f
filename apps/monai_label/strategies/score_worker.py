"""Scores are computed in the background: at low priority, one exam at a time, pausing while somebody waits."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from apps.monai_label.strategies.exam_score import ExamScore
from apps.monai_label.strategies.score_store import ScoreStore
from uptake.errors import BundleRefused, InputRefused, UptakeError
from uptake.exam import PreparedExam

_logger = logging.getLogger(__name__)
_PAUSE_S = 0.2


class ScoredImages(Protocol):
    """What of a datastore the background needs."""

    def get_unlabeled_images(self) -> list[str]:
        """Images without truth."""

    def list_images(self) -> list[str]:
        """All images."""

    def exam(self, image_id: str) -> PreparedExam:
        """An exam's voxels."""


class VersionsInUse(Protocol):
    """What of ``ModelVersions`` the background needs."""

    def current(self, name: str) -> Path:
        """Folder of the bundle in use."""

    def current_number(self, name: str) -> int:
        """Its number."""


Score = Callable[[PreparedExam, Path, tuple[str, int], Callable[[], None]], ExamScore]


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How the background behaves.

    Parameters
    ----------
    nice
        Added to the thread's niceness.
    idle_s
        After which it looks for new exams.
    retry_after_s
        After which an exam that could not be scored is tried again.
    longest_pause_s
        Longest wait for ``busy`` between two batches of tiles, so that it goes on even on a busy server.
    busy
        Whether somebody waits for the processor.
    """

    nice: int = 10
    idle_s: float = 60.0
    retry_after_s: float = 3600.0
    longest_pause_s: float = 60.0
    busy: Callable[[], bool] = lambda: False


class _Ended(UptakeError):
    """The worker is to end, or a newer version is in use."""


class ScoreWorker:
    """A thread that keeps one model's scores up to date: exams without truth first, then the others.

    Parameters
    ----------
    model
        Name of the bundle.
    images, versions, store
        See there.
    score
        ``ExamScorer.score``.
    settings
        See there.
    """

    def __init__(
        self,
        model: str,
        images: ScoredImages,
        versions: VersionsInUse,
        store: ScoreStore,
        score: Score,
        settings: WorkerSettings | None = None,
    ) -> None:
        self.model = model
        self._images, self._versions, self._store, self._score = images, versions, store, score
        self._settings = settings or WorkerSettings()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; nothing if it runs."""
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=f"scores by {self.model}", daemon=True)
            self._thread.start()

    def poke(self) -> None:
        """Look for work now: exams came, or another version is in use."""
        self._wake.set()

    def close(self, patience_s: float = 10.0) -> None:
        """End, between two batches of tiles, and wait for it a little.

        A network whose engine is being chosen for the first time cannot be stopped, and takes minutes: the server does
        not wait for that, and what was not scored is scored by the next one.
        """
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(patience_s)

    def work(self) -> int:
        """Score every exam that lacks the present version's score; how many were scored. The thread calls this.

        Raises
        ------
        UptakeError
            If images or version cannot be asked.
        """
        version, folder = self._versions.current_number(self.model), self._versions.current(self.model)
        done = self._store.done(self.model, version, retry_after_s=self._settings.retry_after_s)
        first = self._images.get_unlabeled_images()
        waiting = [each for each in dict.fromkeys([*first, *self._images.list_images()]) if each not in done]
        count = 0
        for image_id in waiting:
            try:
                self._pause(version)
                count += self._one(image_id, folder, version)
            except _Ended:
                break
        return count

    def _one(self, image_id: str, folder: Path, version: int) -> bool:
        try:
            exam = self._images.exam(image_id)
            found = self._score(exam, folder, (image_id, version), lambda: self._pause(version))
        except BundleRefused:
            raise
        except InputRefused as error:
            _logger.info("exam %s cannot be scored: %s", image_id, error.reason)
            self._store.put_failure(self.model, image_id, version)
            return False
        self._store.put(self.model, found)
        return True

    def _pause(self, version: int) -> None:
        begun = time.monotonic()
        while not self._stop.is_set() and self._settings.busy():
            if time.monotonic() - begun > self._settings.longest_pause_s:
                break
            self._stop.wait(_PAUSE_S)
        if self._stop.is_set() or self._versions.current_number(self.model) != version:
            raise _Ended("The background's work is over.")

    def _run(self) -> None:
        try:  # Linux has a niceness for each thread
            number = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, number, os.getpriority(os.PRIO_PROCESS, number) + self._settings.nice)
        except OSError:
            _logger.info("the background runs at the server's own priority")
        while not self._stop.is_set():
            self._wake.clear()
            try:
                again = self.work() > 0
            except UptakeError as error:  # the PACS is away, say: later
                _logger.warning("scores: %s", error)
                again = False
            except Exception:
                _logger.exception("scores by %s failed", self.model)
                again = False
            if not again:
                self._wake.wait(self._settings.idle_s)
