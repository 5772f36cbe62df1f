"""Memory that a training step frees is kept for the next step, not handed back to the system and asked for again."""

from __future__ import annotations

import ctypes

# malloc.h of glibc
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_NEVER_BYTES = 2**31 - 1
_PAD_BYTES = 2**28


def keep_memory() -> bool:
    """Ask glibc to keep freed memory; True where it will, False with any other C library, which is left as it is.

    Every step takes and frees the same hundreds of megabytes; as glibc comes, each is mapped anew and the system clears
    it page by page, which took a quarter of a step of the small head-and-neck network (`python -m benchmarks
    head_neck_folds`). The process then holds its peak until it ends, so this is for processes that only train.
    Source: mallopt(3).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    options = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER_BYTES), (_TOP_PAD, _PAD_BYTES))
    return all(mallopt(option, value) == 1 for option, value in options)
