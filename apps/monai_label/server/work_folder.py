"""The folder that a server keeps its things in; one server at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uptake.errors import InputRefused


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for the length of the block; InputRefused where another server has it.

    The lock ends with the process, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputRefused(
                "Another server uses this work folder.", remedy="Stop it, or give another one with --work."
            ) from error
        yield
