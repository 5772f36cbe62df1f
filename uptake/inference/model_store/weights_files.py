"""Reading weights: the recorded size and hash are checked on the very bytes that are parsed afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from uptake.inference.model_store.bundle import Bundle, WeightsFile
from uptake.inference.model_store.bundle_files import (
    file_inside,
    require_recorded_hash,
    require_recorded_size,
    require_weights_path,
    unreadable,
)
from uptake.inference.model_store.refusal import refused

if TYPE_CHECKING:
    from torch import Tensor

_ZIP = b"PK\x03\x04"  # torch.save since 1.6
_POINTER = b"version https://git-lfs"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in lower-case hex, without holding it in memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_hash(bundle: Bundle, file: WeightsFile) -> None:
    """Hold a weights file against its recorded kind, size and hash, without parsing it.

    Raises
    ------
    BundleRefused
        If it is missing, a pickle, or not the recorded file.
    """
    path = _checked_path(bundle, file)
    try:
        found = sha256_of(path)
    except OSError as error:
        raise unreadable(bundle.name, file.path, error) from error
    require_recorded_hash(bundle.name, file.path, found, file.sha256)


def read_tensors(bundle: Bundle, file: WeightsFile) -> dict[str, Tensor]:
    """Read a weights file: hash first, then safetensors.

    Raises
    ------
    BundleRefused
        As ``check_hash``, and if the content is not safetensors.
    """
    path = _checked_path(bundle, file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(bundle.name, file.path, error) from error
    require_recorded_hash(bundle.name, file.path, hashlib.sha256(content).hexdigest(), file.sha256)

    import safetensors
    import safetensors.torch

    try:
        tensors: dict[str, Tensor] = safetensors.torch.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise refused(bundle.name, f"{file.path} is not a safetensors file ({error}).") from error
    return tensors


def _checked_path(bundle: Bundle, file: WeightsFile) -> Path:
    require_weights_path(bundle.name, file.path)
    path = file_inside(bundle.folder, file.path)
    try:
        with path.open("rb") as stream:
            start = stream.read(32)
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(bundle.name, file.path, error) from error
    if _is_pickle(start):
        raise refused(
            bundle.name,
            f"{file.path} holds a pickle, which can run code when it is read; only safetensors are read.",
            "Get the bundle with safetensors, or convert the weights where they are trusted.",
        )
    if start.startswith(_POINTER):
        raise refused(bundle.name, f"{file.path} is a Git LFS pointer, not the weights.", "Run git lfs pull.")
    require_recorded_size(bundle.name, file.path, size, file.size_bytes)
    return path


def _is_pickle(start: bytes) -> bool:
    # A safetensors file begins with its header's length in 8 bytes, which may look like a pickle, and then a brace.
    return start[8:9] != b"{" and (start.startswith(_ZIP) or start[:1] == b"\x80")
