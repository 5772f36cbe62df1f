"""Label maps on disk, one file for an exam and whatever made them, so that an interrupted evaluation goes on."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uptake.errors import OutputFailed
from uptake.whole_file import put_whole

Labels = NDArray[np.uint8]

_KEY = "key"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class KeptLabels:
    """Label maps of one cohort: ``FOLDER/EXAM/MAKER.npz``.

    Parameters
    ----------
    folder
        Made when the first labels are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, exam: str, maker: str, key: str) -> bool:
        """Whether labels are kept under this very key; those of other weights or another input are not."""
        try:
            # Opened here, since numpy leaves a damaged file open.
            with self._path(exam, maker).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                return str(archive[_KEY]) == key
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):  # not there, or cut off
            return False

    def read(self, exam: str, maker: str, method: str) -> Labels:
        """Labels uint8 (z, y, x) that ``holds`` found."""
        with np.load(self._path(exam, maker), allow_pickle=False) as archive:
            labels: Labels = archive[method]
        return labels

    def write(self, exam: str, maker: str, key: str, labels: Mapping[str, Labels]) -> None:
        """Keep labels by method, whole or not at all, in place of older ones.

        Raises
        ------
        OutputFailed
            If the disk is full or cannot be written.
        """
        path = self._path(exam, maker)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with put_whole(path) as partial, partial.open("wb") as stream:
                arrays = {_KEY: np.array(key), **labels}
                np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # taken for allow_pickle
        except OSError as error:
            raise OutputFailed(
                f"The labels of exam {exam} cannot be kept ({error.strerror}). Free some space and run again."
            ) from error

    def _path(self, exam: str, maker: str) -> Path:
        return self._folder / _UNSAFE.sub("_", exam) / f"{_UNSAFE.sub('_', maker)}.npz"
