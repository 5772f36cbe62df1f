"""An exam as its network reads it, with the truth on the same grid: the code that inference runs makes the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.inference.body_box import Box
from uptake.inference.network_grid import cropped_geometry
from uptake.inference.network_input import network_input
from uptake.registration.axis_resampling import resample_axes
from uptake.training.exams import LoadedExam
from uptake.training.recipe import TrainingRecipe

_LINEAR = (1, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class ExamInput:
    """What is learned from.

    Parameters
    ----------
    image
        float32 (channels, z, y, x), normalised.
    labels
        uint8 (z, y, x) on the same grid.
    body
        bool (z, y, x) on the same grid: where a network is asked at all.
    geometry
        The grid.
    box
        Where it lies in the PET.
    lost
        Voxels of the truth, on the PET's grid, that lie outside the box.
    """

    image: NDArray[np.float32]
    labels: NDArray[np.uint8]
    body: NDArray[np.bool_]
    geometry: ImageGeometry
    box: Box
    lost: int


def exam_input(exam: LoadedExam, recipe: TrainingRecipe) -> ExamInput:
    """Crop, resample and normalise an exam and its truth.

    Raises
    ------
    InputRefused
        If there is no head or neck where one is asked for, or a channel is absent or not finite.
    """
    read = network_input(exam.channels, recipe.channels, recipe.preprocessing)
    truth = exam.truth[read.shown.slices]
    shown = cropped_geometry(exam.pet.geometry, read.shown.slices)
    labels = resampled_labels(truth, shown, read.geometry, len(recipe.classes))
    lost = int(np.count_nonzero(exam.truth)) - int(np.count_nonzero(truth))
    return ExamInput(read.array, labels, read.body, read.geometry, read.shown, lost)


def resampled_labels(
    labels: NDArray[np.uint8], source: ImageGeometry, target: ImageGeometry, classes: int
) -> NDArray[np.uint8]:
    """Labels (z, y, x) on another grid: each class interpolated linearly, then the largest share taken."""
    if source.same_grid(target):
        return labels.copy()
    best = np.full(target.shape, -1.0, np.float32)
    found = np.zeros(target.shape, np.uint8)
    for value in range(classes):
        mask = (labels == value).astype(np.float32)
        if value and not mask.any():
            continue
        share = resample_axes(mask, source, target, orders=_LINEAR, outside=None)
        larger = share > best
        found[larger] = value
        np.maximum(best, share, out=best)
    return found
