"""Compiling loops ahead with numba; import only where they run, since numba is slow to import."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import numba

_Loop = TypeVar("_Loop", bound=Callable[..., Any])


def compiled(signature: str, **options: Any) -> Callable[[_Loop], _Loop]:
    """Compile for one signature, from numba's disk cache where the installation has a writable place for it.

    Parameters
    ----------
    signature
        In numba's words. The loop does not hold Python's lock while it runs.
    options
        Others of ``numba.njit``.
    """

    def compile_loop(loop: _Loop) -> _Loop:
        made = partial(numba.njit, signature, nogil=True, **options)
        try:
            return cast(_Loop, made(cache=True)(loop))
        except (RuntimeError, OSError):  # no folder for the cache: a read-only install without a home
            return cast(_Loop, made()(loop))

    return compile_loop
