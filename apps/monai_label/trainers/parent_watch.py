"""Ending a process whose parent is gone: by a kill it cannot be told."""

from __future__ import annotations

import os
from collections.abc import Callable

ORPHANED = 4
"""Exit status of such a process."""


def watch_parent(parent: int) -> Callable[[], None]:
    """Something to call now and then: it ends this process where that one is no more its parent."""

    def alive() -> None:
        if os.getppid() != parent:  # nobody would use what is made
            os._exit(ORPHANED)

    return alive
