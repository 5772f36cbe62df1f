"""Folders of files that can be had again: kept within a number of bytes, the longest unused go first."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from uptake.errors import OutputFailed

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,180}")
_PARTIAL = ".partial-"


class FileCache:
    """A folder of entries, each a folder itself; for one process and any number of its threads.

    Parameters
    ----------
    folder
        Made if absent; what an earlier process left whole is kept.
    limit_bytes
        For all entries together. Entries in use are never removed, so that only they can exceed it.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        if limit_bytes < 1:
            raise ValueError("a cache needs a positive number of bytes")
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._in_use: dict[str, int] = {}
        self._sizes: OrderedDict[str, int] = OrderedDict()
        folder.mkdir(parents=True, exist_ok=True)
        self._take_over()

    @property
    def bytes_held(self) -> int:
        """What all entries take."""
        with self._lock:
            return sum(self._sizes.values())

    def __contains__(self, name: str) -> bool:
        with self._lock:
            return name in self._sizes

    @contextmanager
    def held(self, name: str, make: Callable[[Path], None]) -> Iterator[Path]:
        """Give the folder of an entry, which stays while the block lasts.

        Parameters
        ----------
        name
            Letters, digits, dots, ``-`` and ``_``.
        make
            Fills a new folder where the entry is absent; called once however many ask. Whatever it raises is raised,
            and nothing is kept.

        Raises
        ------
        OutputFailed
            If the disk is full or cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise ValueError("an entry's name has letters, digits, dots, - and _")
        with self._lock:
            self._in_use[name] = self._in_use.get(name, 0) + 1
            making = self._making.setdefault(name, threading.Lock())
        try:
            with making:
                self._have(name, make)
            yield self._folder / name
        finally:
            self._let_go(name)

    def drop(self, name: str) -> None:
        """Forget an entry, unless it is in use."""
        with self._lock:
            if name in self._sizes and name not in self._in_use:
                self._remove(name)

    def _have(self, name: str, make: Callable[[Path], None]) -> None:
        with self._lock:
            if name in self._sizes and (self._folder / name).is_dir():
                self._sizes.move_to_end(name)
                os.utime(self._folder / name)
                return
        partial = self._folder / f"{_PARTIAL}{name}"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir(parents=True)
            make(partial)
            size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
            partial.replace(self._folder / name)
        except OSError as error:
            raise OutputFailed(f"The cache's disk is full or cannot be written ({error.strerror}).") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        with self._lock:
            self._sizes[name] = size
            self._make_room()

    def _let_go(self, name: str) -> None:
        with self._lock:
            self._in_use[name] -= 1
            if not self._in_use[name]:
                del self._in_use[name]
                if name not in self._sizes:
                    self._making.pop(name, None)
            self._make_room()

    def _make_room(self) -> None:
        for name in list(self._sizes):
            if sum(self._sizes.values()) <= self._limit_bytes:
                return
            # The newest stays too, although it may be let go: its caller may be about to open a file of it.
            if name not in self._in_use and name != next(reversed(self._sizes)):
                self._remove(name)

    def _remove(self, name: str) -> None:
        # Renamed first: an entry is whole or absent, also if the process ends while it is being deleted.
        doomed = self._folder / f"{_PARTIAL}gone-{name}"
        (self._folder / name).replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        del self._sizes[name]
        self._making.pop(name, None)

    def _take_over(self) -> None:
        found = []
        for path in self._folder.iterdir():
            if path.name.startswith(_PARTIAL):
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_dir() and not path.is_symlink():
                size = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
                found.append((path.stat().st_mtime, path.name, size))
        for _, name, size in sorted(found):
            self._sizes[name] = size
        self._make_room()
