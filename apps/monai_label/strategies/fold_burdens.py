"""How far the folds of a network differ on one exam: in what they cover, and in the burden that they would report.

The folds' own answers are those of ``uptake.fold_agreement``; there they are asked lesion by lesion of the ensemble,
here over the exam, so that what one fold alone finds counts too.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
Slices = tuple[slice, slice, slice]

SMOOTHING_ML = 1.0
"""Added to what two folds share and to what they have: a few voxels that one fold alone finds are no dispute."""


class FoldBurdens:
    """Sums over an exam's voxels while labels come slab by slab, as ``LabelOptions.own_classes`` hands them on.

    Parameters
    ----------
    suv
        float32 (z, y, x), g/ml, on the labels' grid.
    voxel_ml
        Volume of a voxel.
    lesions
        Values of the classes that are lesions.
    """

    def __init__(self, suv: NDArray[np.float32], voxel_ml: float, lesions: tuple[int, ...]) -> None:
        self._suv, self._voxel_ml = suv, voxel_ml
        self._is_lesion = np.zeros(256, dtype=np.bool_)
        self._is_lesion[list(lesions)] = True
        self._shared_ml = np.zeros((0, 0))  # each pair of folds; the diagonal: each fold's own
        self._glycolysis_g = np.zeros(0)
        self._whole = 0.0, 0.0

    def add(self, where: Slices, labels: Labels, own: Labels) -> None:
        """Take a box: the ensemble's labels there, and each fold's own (folds, z, y, x)."""
        masks = self._is_lesion[own].reshape(len(own), -1)
        suv = self._suv[where].ravel()
        if not self._glycolysis_g.size:
            self._shared_ml, self._glycolysis_g = np.zeros((len(own), len(own))), np.zeros(len(own))
        touched = masks.any(axis=0)
        few = masks[:, touched].astype(np.float64)
        self._shared_ml += few @ few.T * self._voxel_ml
        self._glycolysis_g += few @ suv[touched] * self._voxel_ml
        lesion = self._is_lesion[labels].ravel()
        volume_ml, glycolysis_g = self._whole
        self._whole = (
            volume_ml + float(np.count_nonzero(lesion)) * self._voxel_ml,
            glycolysis_g + float(suv[lesion].sum(dtype=np.float64)) * self._voxel_ml,
        )

    @property
    def volume_ml(self) -> float:
        """Of the ensemble's lesions (total MTV)."""
        return self._whole[0]

    @property
    def glycolysis_g(self) -> float:
        """Of the ensemble's lesions (total lesion glycolysis), SUV g/ml times ml."""
        return self._whole[1]

    @property
    def disagreement(self) -> float:
        """1 minus the mean Dice of all pairs of folds, lesions of all classes together; 0 to 1, and 0 for one fold."""
        own = np.diag(self._shared_ml)
        values = [
            (2 * self._shared_ml[one, other] + SMOOTHING_ML) / (own[one] + own[other] + SMOOTHING_ML)
            for one, other in combinations(range(len(own)), 2)
        ]
        return 1.0 - float(np.mean(values)) if values else 0.0

    @property
    def burden_change_g(self) -> float:
        """How much total lesion glycolysis is expected to change by a reader: the folds' mean distance from theirs all.

        Each fold stands for a reader who may be right. Mean over the folds of the absolute difference, g.
        """
        if not self._glycolysis_g.size:
            return 0.0
        return float(np.abs(self._glycolysis_g - self.glycolysis_g).mean())


class OwnDoubt:
    """The same of a single network, by its own probabilities; for bundles of one fold.

    Parameters
    ----------
    suv, voxel_ml, lesions
        As ``FoldBurdens``.
    """

    def __init__(self, suv: NDArray[np.float32], voxel_ml: float, lesions: tuple[int, ...]) -> None:
        self._suv, self._voxel_ml, self._lesions = suv, voxel_ml, list(lesions)
        self._said_ml = self._expected_ml = self._both_ml = 0.0
        self.volume_ml = self.glycolysis_g = self.burden_change_g = 0.0

    def add(self, where: Slices, probabilities: NDArray[np.float32]) -> None:
        """Take a box of class probabilities (classes, z, y, x), as ``LabelOptions.each_slab`` hands them on."""
        share = probabilities[self._lesions].sum(axis=0, dtype=np.float64)
        said = np.isin(probabilities.argmax(axis=0), self._lesions)
        suv = self._suv[where].astype(np.float64)
        self._said_ml += float(np.count_nonzero(said)) * self._voxel_ml
        self._expected_ml += float(share.sum()) * self._voxel_ml
        self._both_ml += float(share[said].sum()) * self._voxel_ml
        self.volume_ml = self._said_ml
        self.glycolysis_g += float(suv[said].sum()) * self._voxel_ml
        self.burden_change_g += float((np.where(said, 1.0 - share, share) * suv).sum()) * self._voxel_ml

    @property
    def disagreement(self) -> float:
        """1 minus the Dice of its answer and its probabilities, 0 to 1."""
        total = self._said_ml + self._expected_ml
        return 1.0 - (2 * self._both_ml + SMOOTHING_ML) / (total + SMOOTHING_ML)
