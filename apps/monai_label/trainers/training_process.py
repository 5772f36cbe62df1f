"""Running the training process: started at low priority, watched, stopped by its own number."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from apps.monai_label.trainers.job_files import OUTCOME, PROGRESS, JobProgress, Outcome, read_json
from uptake.errors import OutputFailed, UnreadableFile

MODULE = "apps.monai_label.trainers.train_process"
LOG = "process.log"
_ROOT = Path(__file__).resolve().parents[3]
_POLL_S = 0.2
_PATIENCE_S = 10.0
_TAIL_BYTES = 2000
_logger = logging.getLogger(__name__)


class TrainingProcess:
    """One training in a process of its own.

    Parameters
    ----------
    folder
        The job's, with its order.
    nice
        Added to this process's niceness.
    """

    def __init__(self, folder: Path, nice: int) -> None:
        self._folder = folder
        path = os.pathsep.join(each for each in (str(_ROOT), os.environ.get("PYTHONPATH", "")) if each)
        with (folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own module, no shell, no text from outside
                [sys.executable, "-m", MODULE, str(folder), str(os.getpid())],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + nice)
        except OSError:  # over already, or the system does not allow it
            _logger.info("the training runs at the server's own priority")

    @property
    def number(self) -> int:
        """Of the process."""
        return self._process.pid

    def outcome(self, tell: Callable[[JobProgress], None], stop: Callable[[], None]) -> Outcome:
        """Wait for its end.

        Parameters
        ----------
        tell
            Told how far it is.
        stop
            Asked several times a second; what it raises ends the process.

        Raises
        ------
        OutputFailed
            If it ended without an outcome: killed, or out of memory.
        """
        try:
            while True:
                stop()
                try:
                    self._process.wait(_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    self._tell(tell)
        finally:
            self.end()
        try:
            return read_json(self._folder / OUTCOME, Outcome)
        except (FileNotFoundError, UnreadableFile) as error:
            _logger.error("the training ended with status %s: %s", self._process.returncode, self._tail())
            raise OutputFailed(
                f"The training ended without a result (exit status {self._process.returncode}); "
                "the version in use stays. See the server's log, and whether memory or disk were full."
            ) from error

    def end(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _tell(self, tell: Callable[[JobProgress], None]) -> None:
        try:
            tell(read_json(self._folder / PROGRESS, JobProgress))
        except (FileNotFoundError, UnreadableFile):
            return

    def _tail(self) -> str:
        try:
            return (self._folder / LOG).read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        except OSError:
            return "no log"
