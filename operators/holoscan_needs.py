"""What Holoscan needs of the process before it is imported: the CUDA runtime library and a larger stack."""

from __future__ import annotations

import ctypes
import resource
from importlib.metadata import PackageNotFoundError, files

_PACKAGE = "nvidia-cuda-runtime"
_LIBRARY = "libcudart.so.13"
_STACK_BYTES = 32 * 1024 * 1024


def load_cuda_runtime() -> None:
    """Load libcudart from the ``nvidia-cuda-runtime`` wheel into the process, for every library that comes later.

    Holoscan wants it even where there is no GPU and does not declare it; without it ``import monai`` fails. Where the
    wheel is absent the system's own library is left to the loader.

    Raises
    ------
    OSError
        If the wheel is there and its library cannot be loaded.
    """
    try:
        installed = files(_PACKAGE) or []
    except PackageNotFoundError:
        return
    for path in installed:
        if path.name == _LIBRARY:
            ctypes.CDLL(str(path.locate()), mode=ctypes.RTLD_GLOBAL)
            return


def raise_stack_limit() -> None:
    """Raise the soft stack limit to the 32 MiB that Holoscan asks for, as far as the hard limit lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
