"""Patches for training: drawn by chance from prepared exams, the same for the same seed, epoch and number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uptake.training.augmentation import Augmentation, augmented
from uptake.training.cache import PreparedTraining
from uptake.training.recipe import TrainingRecipe

_PLACES_KEPT = 4096


class PatchSource:
    """Draws patches; holds where each class lies in each exam, and reads voxels as they are needed.

    Parameters
    ----------
    exams
        To draw from, each as likely as the others.
    recipe
        Patch, share around lesions, augmentation.
    """

    def __init__(self, exams: Sequence[PreparedTraining], recipe: TrainingRecipe) -> None:
        if not exams:
            raise ValueError("there are no exams to draw patches from")
        self._exams = tuple(exams)
        self._patch = np.asarray(recipe.tiling.patch)
        self._foreground = recipe.fitting.foreground
        self._augmentation = recipe.augmentation or Augmentation()
        self._seed = recipe.fitting.seed
        self._places = [_places(exam.labels()) for exam in exams]

    def batch(self, where: tuple[int, int, int], count: int) -> tuple[Tensor, Tensor]:
        """One batch.

        Parameters
        ----------
        where
            Fold, epoch, and number of the batch within the epoch: the same numbers give the same batch.
        count
            Patches.

        Returns
        -------
        images
            float32 (n, channels, z, y, x).
        labels
            int64 (n, 1, z, y, x).
        """
        random = np.random.default_rng([self._seed, *where])
        drawn = [self._drawn(random) for _ in range(count)]
        images, labels = zip(*drawn, strict=True)
        return torch.stack(images), torch.stack(labels)

    def _drawn(self, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        index = int(random.integers(len(self._exams)))
        exam, places = self._exams[index], self._places[index]
        image, labels = exam.image(), exam.labels()
        start = self._start(labels.shape, places, random)
        patch = torch.from_numpy(_cut(image, start, self._patch).astype(np.float32))
        truth = torch.from_numpy(_cut(labels, start, self._patch).astype(np.int64))[None]
        return augmented(patch, truth, self._augmentation, random)

    def _start(
        self, shape: Sequence[int], places: Sequence[NDArray[np.int64]], random: np.random.Generator
    ) -> NDArray[np.int64]:
        """First voxel of a patch: anywhere, or so that a voxel of a lesion lies in it."""
        room = np.asarray(shape) - self._patch
        # An exam smaller than the patch lies in its middle, as the sliding window has it.
        low, high = np.where(room < 0, -((-room) // 2), 0), np.where(room < 0, -((-room) // 2), room)
        anywhere = random.integers(low, high + 1)
        chance, pick = random.random(), random.random(2)
        within = random.random(3)
        if chance >= self._foreground or not places:
            return np.asarray(anywhere)
        of_class = places[int(pick[0] * len(places))]
        voxel = of_class[int(pick[1] * len(of_class))]
        start = np.ceil(voxel - within * (self._patch - 1)).astype(np.int64)
        return np.asarray(np.clip(start, low, high))


def _places(labels: NDArray[np.uint8]) -> list[NDArray[np.int64]]:
    """Voxels of each class that occurs, evenly thinned out."""
    found = []
    for value in range(1, int(labels.max(initial=0)) + 1):
        voxels = np.argwhere(labels == value)
        if len(voxels):
            found.append(voxels[:: max(len(voxels) // _PLACES_KEPT, 1)])
    return found


def _cut(array: NDArray[Any], start: NDArray[np.int64], patch: NDArray[np.int64]) -> NDArray[Any]:
    """A patch of (..., z, y, x), zero where it leaves the array."""
    lead = array.ndim - 3
    low = np.maximum(start, 0)
    high = np.minimum(start + patch, array.shape[lead:])
    whole = (slice(None),) * lead
    inside = (*whole, *(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)))
    found = np.zeros((*array.shape[:lead], *(int(side) for side in patch)), array.dtype)
    place = (*whole, *(slice(int(a), int(b)) for a, b in zip(low - start, high - start, strict=True)))
    found[place] = array[inside]
    return found
