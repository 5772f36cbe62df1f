"""From raw regions to a label map: small ones dropped, the rest numbered hottest first."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from uptake.errors import InputRefused

_MOST_LABELS = int(np.iinfo(np.uint16).max)


def region_peaks(regions: NDArray[np.int32], suv: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each region's maximum is, hottest region first.

    Parameters
    ----------
    regions
        Region numbers ``(z, y, x)``, 0 is background.
    suv
        SUV on the same grid, finite inside the regions.

    Returns
    -------
    numbers, seeds
        Region numbers by falling maximum, and the raveled index of each maximum. Of equal voxels in a region the
        lowest index counts; regions of equal maximum follow that index.
    """
    inside = np.flatnonzero(regions)
    return _peaks(inside, regions.ravel()[inside], suv)


def _peaks(
    inside: NDArray[np.int64], owner: NDArray[np.int32], suv: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``region_peaks`` of the voxels at raveled, rising indices ``inside`` that belong to regions ``owner``."""
    value = suv.ravel()[inside]
    maxima = np.full(int(owner.max(initial=0)) + 1, -np.inf, dtype=np.float32)
    np.maximum.at(maxima, owner, value)
    at_maximum = value == maxima[owner]
    numbers, first = np.unique(owner[at_maximum], return_index=True)
    seeds = inside[at_maximum][first]
    order = np.lexsort((seeds, -maxima[numbers]))
    return numbers[order].astype(np.int64), seeds[order].astype(np.int64)


def hottest_first(
    regions: NDArray[np.int32], suv: NDArray[np.float32], *, voxel_volume_ml: float, minimum_volume_ml: float
) -> NDArray[np.uint16]:
    """Regions of at least ``minimum_volume_ml``, renumbered 1, 2, ... by falling SUVmax (ties by voxel index).

    Raises
    ------
    InputRefused
        If more regions remain than a label map can number.
    """
    # A hair of slack, so that rounding in the voxel volume does not drop a region of exactly the minimum.
    smallest = max(1, math.ceil(minimum_volume_ml / voxel_volume_ml * (1 - 1e-9)))
    inside = np.flatnonzero(regions)
    owner = regions.ravel()[inside]
    large_enough = np.bincount(owner) >= smallest
    kept = large_enough[owner]
    inside, owner = inside[kept], owner[kept]
    numbers, _ = _peaks(inside, owner, suv)
    if len(numbers) > _MOST_LABELS:
        raise InputRefused(
            f"{len(numbers)} regions were found, more than the {_MOST_LABELS} that a label map can number.",
            remedy="Raise the minimum volume or the SUV floor.",
        )
    renumbered = np.zeros(len(large_enough), dtype=np.uint16)
    renumbered[numbers] = np.arange(1, len(numbers) + 1, dtype=np.uint16)
    labels = np.zeros(regions.shape, dtype=np.uint16)
    labels.ravel()[inside] = renumbered[owner]
    return labels
