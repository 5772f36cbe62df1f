"""Priority of single threads, so that what people wait for goes before what computes."""

from __future__ import annotations

import os
import threading


def lower_own_priority(steps: int) -> bool:
    """Make the calling thread, and those that it starts from now on, nicer by some steps; False where it cannot be.

    Linux has a niceness for each thread (setpriority(2), "C library/kernel differences"); elsewhere it is of the whole
    process, and nothing is done.
    """
    if not hasattr(os, "setpriority") or os.uname().sysname != "Linux":
        return False
    number = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, number, os.getpriority(os.PRIO_PROCESS, number) + steps)
    except OSError:
        return False
    return True
