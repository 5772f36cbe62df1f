"""Uploaded files: in one folder, under names of our own, with known endings, removed when done."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.datastructures import UploadFile

from apps.monai_label.server.refusal import Refusal

_BLOCK = 1024 * 1024


class UploadFolder:
    """Holds uploads while they are worked on; what a killed server left is removed at the start."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        self._folder = folder

    @contextmanager
    def kept(self, upload: UploadFile, endings: tuple[str, ...]) -> Iterator[Path]:
        """A copy of an upload, for the length of the block. Of the client's file name only the ending is used."""
        path = self.path(ending_of(upload.filename or "", endings))
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                upload.file.seek(0)
                shutil.copyfileobj(upload.file, file, _BLOCK)
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def written(self, data: bytes, ending: str) -> Iterator[Path]:
        """A file with these bytes, for the length of the block."""
        path = self.path(ending)
        try:
            path.write_bytes(data)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def path(self, ending: str) -> Path:
        """A new name in the folder."""
        return self._folder / f"{secrets.token_hex(16)}{ending}"


def ending_of(file_name: str, endings: tuple[str, ...]) -> str:
    """Which of the allowed endings a file name has; a Refusal with 415 where it has none."""
    for ending in sorted(endings, key=len, reverse=True):
        if file_name.lower().endswith(ending):
            return ending
    raise Refusal(415, f"The file's name ends in one of: {', '.join(endings)}.")
