"""From the classes that a network gave to each voxel to numbered regions of one class each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.regions.connectivity import components
from uptake.regions.labelling import hottest_first
from uptake.volume import LabelMap, SuvVolume


def class_regions(
    classes: NDArray[np.uint8],
    suv: SuvVolume,
    names: Mapping[int, str],
    *,
    minimum_volume_ml: float,
    connectivity: int = 26,
) -> tuple[LabelMap, tuple[str, ...]]:
    """Connected regions of each named class, numbered over all classes by falling SUVmax (ties by voxel index).

    Voxels of different classes are never in one region, even where they touch.

    Parameters
    ----------
    classes
        Class of every voxel ``(z, y, x)``, on the grid of ``suv``.
    suv
        Body-weight SUV, g/ml, finite inside the regions.
    names
        The classes that count, by value; others are background.
    minimum_volume_ml
        Smaller regions are dropped (0.1 ml in Nikulin 2023).

    Returns
    -------
    LabelMap, tuple of str
        Region numbers on the PET grid, and the class name of region 1, 2, ...

    Raises
    ------
    InputRefused
        If more regions remain than a label map can number.
    ValueError
        If the two grids differ.
    """
    if classes.shape != suv.geometry.shape:
        raise ValueError(f"classes have shape {classes.shape}, the SUV {suv.geometry.shape}")
    wanted = np.zeros(256, dtype=np.uint8)
    wanted[list(names)] = list(names)
    kept = wanted[classes]
    labels = np.zeros(classes.shape, dtype=np.uint16)
    boxes = ndimage.find_objects((kept > 0).view(np.uint8))
    if not boxes:
        return LabelMap(labels, suv.geometry), ()
    box = boxes[0]
    labels[box] = hottest_first(
        _separate(kept[box], connectivity),
        suv.array[box],
        voxel_volume_ml=suv.geometry.voxel_volume_ml,
        minimum_volume_ml=minimum_volume_ml,
    )
    numbers, first = np.unique(labels, return_index=True)
    found = kept.ravel()[first[numbers > 0]]
    return LabelMap(labels, suv.geometry), tuple(names[int(value)] for value in found)


def _separate(kept: NDArray[np.uint8], connectivity: int) -> NDArray[np.int32]:
    """Components of each class by itself, numbered through."""
    regions = np.zeros(kept.shape, dtype=np.int32)
    for value in np.unique(kept[kept > 0]):
        own = components(kept == value, connectivity)
        regions[own > 0] = own[own > 0] + regions.max()
    return regions
