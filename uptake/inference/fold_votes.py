"""What each fold of a network says alone within the lesions of all: a confidence for each, and disputed classes.

Kept while labels come slab by slab, for the voxels of lesions alone, so that memory follows the lesions and not the
exam.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from uptake.fold_agreement import FOUND_SHARE, FoldAgreement
from uptake.volume import LabelMap

Labels = NDArray[np.uint8]


class FoldVotes:
    """Own classes of the folds in the voxels that the ensemble labels as lesions.

    Parameters
    ----------
    names
        The classes of lesions, by value.
    shape
        Of the labels' grid (z, y, x).
    """

    def __init__(self, names: Mapping[int, str], shape: tuple[int, int, int]) -> None:
        self._names = dict(names)
        self._shape = shape
        self._lesion = np.zeros(256, dtype=np.bool_)
        self._lesion[list(names)] = True
        self._voxels: list[NDArray[np.int64]] = []
        self._own: list[Labels] = []

    def add(self, where: tuple[slice, slice, slice], labels: Labels, own: Labels) -> None:
        """Take a box of the labels, and each fold's own (folds, z, y, x), as ``LabelOptions.own_classes`` hands on."""
        lesion = self._lesion[labels]
        if lesion.any():
            places = tuple(axis + side.start for axis, side in zip(np.nonzero(lesion), where, strict=True))
            self._voxels.append(np.ravel_multi_index(places, self._shape).astype(np.int64))
            self._own.append(own[:, lesion])

    def agreements(self, regions: LabelMap) -> tuple[FoldAgreement, ...]:
        """The folds' agreement on region 1, 2, ... of the labels' grid.

        Raises
        ------
        ValueError
            If a region has a voxel that the ensemble did not label as a lesion.
        """
        count = int(regions.array.max(initial=0))
        if not count:
            return ()
        own = np.concatenate(self._own, axis=1) if self._own else np.zeros((0, 0), np.uint8)
        region = regions.array.ravel()[np.concatenate(self._voxels)] if self._voxels else np.zeros(0, np.uint16)
        if region.size < np.count_nonzero(regions.array) or np.count_nonzero(region) != np.count_nonzero(regions.array):
            raise ValueError("a region has voxels that no fold was asked about")
        order = np.argsort(region, kind="stable")
        ends = np.searchsorted(region[order], np.arange(1, count + 2))
        return tuple(self._agreement(own[:, order[low:high]]) for low, high in pairwise(ends))

    def _agreement(self, own: Labels) -> FoldAgreement:
        """Of one region: classes (folds, voxels)."""
        values = sorted(self._names)
        counts = np.stack([(own == value).sum(axis=1) for value in values], axis=1)
        covered = counts.sum(axis=1) / own.shape[1]
        found = covered >= FOUND_SHARE
        chosen = np.bincount(counts[found].argmax(axis=1), minlength=len(values))
        votes = [(self._names[value], int(number)) for value, number in zip(values, chosen, strict=True) if number]
        votes.sort(key=lambda vote: -vote[1])
        return FoldAgreement(len(own), int(found.sum()), float(covered.mean()), tuple(votes))
