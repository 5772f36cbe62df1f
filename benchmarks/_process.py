"""What a benchmark's process is held to, and what it took. Imports next to nothing: children are measured with it."""

from __future__ import annotations

import os
import resource

CORES = 2


def bind_to_two_cores() -> None:
    """Keep this process on two cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def peak_mib() -> float:
    """Peak resident memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
