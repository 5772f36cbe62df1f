"""Reading a checkpoint without running anything it holds."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words

# All that nnU-Net 2.x pickles beside what torch itself allows: the scores of its log are NumPy scalars, float32 for
# losses and float64 for means. What a NumPy scalar is rebuilt with was called numpy.core before NumPy 2.
_SCALAR: Any = np.float64(0.0).__reduce__()[0]
ALLOWED: tuple[Any, ...] = (
    (_SCALAR, "numpy._core.multiarray.scalar"),
    (_SCALAR, "numpy.core.multiarray.scalar"),
    np.dtype,
    np.dtypes.Float32DType,
    np.dtypes.Float64DType,
)


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What is used of a checkpoint.

    Parameters
    ----------
    weights
        Tensors by nnU-Net's names, mapped from the file.
    trainer
        Class that trained it.
    configuration
        Which one of the plans; None where the checkpoint does not say.
    mirror_axes
        Axes of the network's input, in nnU-Net's order, that it may be mirrored along.
    """

    weights: Mapping[str, Tensor]
    trainer: str
    configuration: str | None
    mirror_axes: tuple[int, ...]


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint of nnU-Net v2.

    Raises
    ------
    BundleRefused
        If it holds anything but tensors, plain values and the NumPy scalars of ``ALLOWED`` (nothing of it is run), is
        damaged, or lacks the weights.
    """
    label = f"{path.parent.name}/{path.name}"
    content = _load(path, label)
    weights = content.get("network_weights") if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not weights:
        raise refused(f"{label} has no network_weights.", "Give a checkpoint of nnU-Net v2, not of v1 or another tool.")
    for name, each in weights.items():
        if not isinstance(name, str) or not isinstance(each, Tensor):
            raise refused(f"{label}: {words(name)} of network_weights is no tensor.")
    arguments = content.get("init_args")
    configuration = arguments.get("configuration") if isinstance(arguments, dict) else None
    return Checkpoint(
        weights,
        words(content.get("trainer_name", "unknown trainer")),
        configuration if isinstance(configuration, str) else None,
        _mirror_axes(content.get("inference_allowed_mirroring_axes"), label),
    )


def _load(path: Path, label: str) -> Any:
    try:
        # Mapped: a checkpoint is twice its weights, because it also holds the optimiser's state.
        with torch.serialization.safe_globals(list(ALLOWED)):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        what = ", ".join(words(name) for name in _unsafe(path, str(error))) or "unknown"
        remedy = "Do not open this file with other tools either, unless you trust whoever made it."
        kept = "tensors, plain values and NumPy scalars"
        raise refused(f"{label} pickles more than {kept}: {what}. Nothing of it was run.", remedy) from error
    except Exception as error:  # a damaged pickle can make the reader fail in any way
        raise refused(f"{label} is no checkpoint that can be read ({type(error).__name__}).", COPY_AGAIN) from error


def _unsafe(path: Path, error: str) -> list[str]:
    """Names of the pickled things that are not allowed; found by reading the pickle, not by running it."""
    with torch.serialization.safe_globals(list(ALLOWED)):
        try:
            found = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        except Exception:  # as above; the file is refused anyway
            found = []
    return sorted(found) or re.findall(r"<class '([\w.]+)'>", error)  # the type of a NumPy scalar is not named so


def _mirror_axes(value: object, label: str) -> tuple[int, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not set(value) <= {0, 1, 2} or len(set(value)) != len(value):
        raise refused(f"{label}: inference_allowed_mirroring_axes are not axes of a volume.")
    return tuple(int(axis) for axis in value)
