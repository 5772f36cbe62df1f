"""How far a fold has come: kept whole after every epoch, so that a killed training goes on as if it had not been."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from uptake.errors import OutputFailed, UnreadableFile

STATE = "state.pt"
WEIGHTS = "weights.safetensors"
START_WEIGHTS = "start.safetensors"
_FORMAT = 1


@dataclass(slots=True)
class Progress:
    """State of one fold between two epochs. Nothing else is random: batches are drawn from seed, epoch and number.

    Parameters
    ----------
    recipe
        Hash of the recipe and folds that it belongs to.
    epoch
        Epochs done.
    seconds
        Spent on them.
    network, averaged, best
        Weights: as trained, their running mean (empty where none is kept), and those of the best validation.
    optimiser
        Its state.
    history
        One entry per epoch, as in the log.
    best_score, best_epoch
        Of the validation; -1 before the first.
    finished
        Why training stopped, or empty.
    """

    recipe: str
    epoch: int = 0
    seconds: float = 0.0
    network: dict[str, Tensor] = field(default_factory=dict)
    averaged: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    best_score: float = -1.0
    best_epoch: int = -1
    finished: str = ""


def save_progress(progress: Progress, folder: Path) -> None:
    """Write the state of a fold, whole or not at all; OutputFailed if it cannot be written."""
    document = {"format": _FORMAT} | {name: getattr(progress, name) for name in Progress.__slots__}
    _replace(folder / STATE, lambda path: torch.save(document, path))


def load_progress(folder: Path) -> Progress | None:
    """The state of a fold, or None where it has not begun.

    Raises
    ------
    UnreadableFile
        If the file is damaged, or holds more than tensors and plain values.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        document = torch.load(path, map_location="cpu", weights_only=True)
        if document.pop("format") != _FORMAT:
            raise ValueError("another format")
        return Progress(**document)
    except Exception as error:
        raise UnreadableFile(
            f"the state of {folder.name} cannot be read ({type(error).__name__}).",
            remedy="Delete the fold's folder to train it anew.",
        ) from error


def save_weights(weights: Mapping[str, Tensor], folder: Path, name: str = WEIGHTS) -> None:
    """Write the weights that a bundle is made of, or a fold starts from; OutputFailed if they cannot be written."""
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
    _replace(folder / name, lambda path: safetensors.torch.save_file(own, path, metadata={"format": "pt"}))


def load_weights_file(path: Path) -> dict[str, Tensor]:
    """Weights of a fold; UnreadableFile if they are damaged."""
    try:
        tensors: dict[str, Tensor] = safetensors.torch.load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise UnreadableFile(
            f"the weights of {path.parent.name} cannot be read.", remedy="Train the fold anew."
        ) from error
    return tensors


def fingerprint(*texts: str) -> str:
    """Hash of texts."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _replace(path: Path, write: Any) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        raise OutputFailed(f"{path.name} of {path.parent.name} cannot be written ({error}).") from error
