"""A lock that the system takes back when its holder is killed."""

from __future__ import annotations

import fcntl
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from apps.monai_label.trainers.training_errors import TrainingBusy


class FolderLock:
    """Held by one process at a time, as a context.

    Parameters
    ----------
    path
        Of the lock's file, which stays.
    model
        For the message; TrainingBusy where another process holds the lock.
    """

    def __init__(self, path: Path, model: str) -> None:
        self._path, self._model = path, model
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._stream = self._path.open("ab")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._stream.close()
            raise TrainingBusy(self._model) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
