"""The output folder of one run: results appear whole or not at all.

Everything is staged in ``OUTPUT/.partial``; its entries are renamed into place when the run has succeeded, and
``metadata.json`` comes last, as the mark of completeness. Staging inside the folder keeps the renames on one file
system, since OUTPUT may be a mount.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from uptake.errors import OutputFailed, OutputNotEmpty

METADATA = "metadata.json"
_STAGING = ".partial"


class OutputFolder:
    """One run's output folder, locked against a second run for as long as it is open.

    Parameters
    ----------
    path
        The folder; made if absent. It must be empty, but for what a failed run leaves: its ``metadata.json``.
    inputs
        Folders that are read; OUTPUT may not lie in one of them, nor hold one.

    Raises
    ------
    OutputNotEmpty
        If the folder holds anything else, lies inside an input, or another run is using it.
    OutputFailed
        If it cannot be made or written (no permission, disk full, not a folder).
    """

    def __init__(self, path: Path, inputs: tuple[Path, ...] = ()) -> None:
        self.path = path
        self.staging = path / _STAGING
        self._lock = -1
        for folder in inputs:
            _refuse_overlap(path.resolve(), folder.resolve())
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._refuse_contents()
            self._take_lock()
            shutil.rmtree(self.staging, ignore_errors=True)
            self.staging.mkdir()
        except OSError as error:
            self.close()
            raise OutputFailed(_disk_text("cannot be written", error)) from error

    def publish(self, metadata: Callable[[tuple[str, ...]], dict[str, object]]) -> tuple[str, ...]:
        """Rename everything staged into place, then write the metadata.

        Parameters
        ----------
        metadata
            Called with the relative paths of all files of the run; what it returns is written last.

        Returns
        -------
        tuple of str
            The relative paths of all files, sorted; ``metadata.json`` not among them.

        Raises
        ------
        OutputFailed
            If the disk refuses; what had been renamed is taken away again.
        """
        files = tuple(sorted(str(p.relative_to(self.staging)) for p in self.staging.rglob("*") if p.is_file()))
        placed: list[Path] = []
        try:
            for entry in sorted(self.staging.iterdir()):
                target = self.path / entry.name
                entry.rename(target)
                placed.append(target)
            self._write_metadata(metadata(files))
            self.staging.rmdir()
        except OSError as error:
            for target in placed:
                _remove(target)
            raise OutputFailed(_disk_text("could not take the results", error)) from error
        finally:
            self.close()
        return files

    def abandon(self, metadata: dict[str, object]) -> None:
        """Drop what was staged and say in ``metadata.json`` why, where the disk still lets us."""
        shutil.rmtree(self.staging, ignore_errors=True)
        try:
            self._write_metadata(metadata)
        except OSError:
            _remove(self.path / f"{METADATA}{_STAGING}")
        finally:
            self.close()

    def close(self) -> None:
        """Give the lock back; safe to call twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _refuse_contents(self) -> None:
        others = [entry for entry in self.path.iterdir() if entry.name not in {_STAGING, METADATA}]
        leftover = self.path / METADATA
        if others or (leftover.is_file() and not _is_failed_run(leftover)):
            raise OutputNotEmpty(
                "the output folder is not empty, and earlier results are never mixed with new ones or overwritten.",
                remedy="Name a new folder, or move what is there.",
            )

    def _take_lock(self) -> None:
        self._lock = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                self.close()
                raise OutputNotEmpty(
                    "another run is writing into this output folder.", remedy="Wait for it, or name a new folder."
                ) from error
            # Some network file systems have no locks; a run there is merely not protected from a second one.

    def _write_metadata(self, metadata: dict[str, object]) -> None:
        partial = self.path / f"{METADATA}{_STAGING}"
        partial.write_text(json.dumps(metadata, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        partial.rename(self.path / METADATA)


def _refuse_overlap(output: Path, folder: Path) -> None:
    if output == folder or folder in output.parents:
        raise OutputNotEmpty(
            "the output folder lies in the input folder, so results would be read as input next time.",
            remedy="Name an output folder outside the input.",
        )
    if output in folder.parents and output.exists():
        raise OutputNotEmpty("the output folder holds the input folder.", remedy="Name an empty output folder.")


def _is_failed_run(metadata: Path) -> bool:
    try:
        return json.loads(metadata.read_text(encoding="utf-8")).get("status") in {"refused", "failed"}
    except (OSError, ValueError, AttributeError):
        return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _disk_text(what: str, error: OSError) -> str:
    # strerror only: the error's own text carries the path, and a path may carry a name.
    return f"The output folder {what} ({error.strerror}). Free some space or check the permissions, then run again."
