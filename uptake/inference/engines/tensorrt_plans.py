"""TensorRT plans on disk: built on the GPU they run on, kept for it, never shipped.

A plan is a file ``<key>.plan``: one line with the format and the SHA-256 of the rest, then what TensorRT serialised.
The hash is there because TensorRT may crash on a damaged plan instead of refusing it; a plan is machine code, so the
folder must be the user's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from uptake.whole_file import put_whole

_MAGIC = b"uptake-plan-1 "
_HEAD = len(_MAGIC) + 64 + 1


def plan_key(graph: bytes, circumstances: Mapping[str, object]) -> str:
    """SHA-256 of an ONNX file's contents and all else that a plan depends on."""
    named = json.dumps(circumstances, sort_keys=True).encode()
    return hashlib.sha256(hashlib.sha256(graph).digest() + named).hexdigest()


def read_plan(folder: Path, key: str) -> bytes | None:
    """The plan of this key; None if there is none.

    Raises
    ------
    ValueError
        If it is damaged.
    OSError
        If it cannot be read.
    """
    try:
        content = _place(folder, key).read_bytes()
    except FileNotFoundError:
        return None
    plan = content[_HEAD:]
    if not plan or content[:_HEAD] != _head(plan):
        raise ValueError("it is damaged")
    return plan


def write_plan(folder: Path, key: str, plan: bytes) -> Path:
    """Keep a plan, whole or not at all; the folder is made if absent.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    place = _place(folder, key)
    folder.mkdir(parents=True, exist_ok=True)
    with put_whole(place) as partial:
        partial.write_bytes(_head(plan) + plan)
    return place


def _place(folder: Path, key: str) -> Path:
    return folder / f"{key}.plan"


def _head(plan: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(plan).hexdigest().encode() + b"\n"
