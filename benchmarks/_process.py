"""What a benchmark's process is held to, and what it took. Imports next to nothing: children are measured with it."""

from __future__ import annotations

import os
import resource
from pathlib import Path

CORES = 2


def bind_to_two_cores() -> None:
    """Keep this process on two cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def peak_mib() -> float:
    """Peak resident memory of this process so far, MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's ru_maxrss of a child begins with its parent's
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
