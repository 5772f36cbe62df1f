"""What an engine offers, and what comes out of it: class probabilities of the body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from uptake.inference.body_box import Box
from uptake.inference.tiling import Index


class Predictor(Protocol):
    """One trained network on one engine.

    ``predict`` must give a tile the same logits whatever its neighbours in the batch are; every batch of a run has
    the same shape.
    """

    @property
    def classes(self) -> int:
        """Classes of the network, background (number 0) included."""

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 and on any device, of a float32 batch (n, c, z, y, x) on the CPU."""


def tiles_at_once(predictors: Sequence[Predictor]) -> int:
    """How many tiles the predictors work on at the same time (their ``at_once``), so the least batch to give them."""
    return max(getattr(each, "at_once", 1) for each in predictors)


def most_probable(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Class with the greatest value (classes first), the lower number where two are equal."""
    chosen = np.zeros(values.shape[1:], dtype=np.uint8)
    greatest = values[0].copy()
    for number in range(1, len(values)):
        greater = values[number] > greatest
        chosen[greater] = number
        np.maximum(greatest, values[number], out=greatest)
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class Slab:
    """Finished slices of the body's box.

    Parameters
    ----------
    start
        First slice along z, counted in the volume.
    probabilities
        float32 (classes, slices, y, x), the box's extent along y and x; logits where the settings want those.
    """

    start: int
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Probabilities:
    """Class probabilities of a volume, kept for the box around the body; all else is background.

    Parameters
    ----------
    array
        float32 (classes, z, y, x) of the box; sums to 1 over the classes.
    box
        Where it lies in the volume.
    shape
        The volume's voxels along z, y, x.
    """

    array: NDArray[np.float32]
    box: Box
    shape: Index

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or self.array.shape[1:] != self.box.shape:
            raise ValueError(f"probabilities {self.array.shape} do not fit a box of {self.box.shape}")

    def whole(self) -> NDArray[np.float32]:
        """Probabilities (classes, z, y, x) of the whole volume; background 1 outside the box."""
        whole = np.zeros((len(self.array), *self.shape), dtype=np.float32)
        whole[0] = 1.0
        whole[(slice(None), *self.box.slices)] = self.array
        return whole

    def labels(self) -> NDArray[np.uint8]:
        """The most probable class (z, y, x) of the whole volume; the lower number where two are equal."""
        labels = np.zeros(self.shape, dtype=np.uint8)
        inside = labels[self.box.slices]
        for z in range(inside.shape[0]):
            inside[z] = most_probable(self.array[:, z])
        return labels
