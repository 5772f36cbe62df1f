"""The body's outline from PET alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.volume import SuvVolume

# In smoothed PET, air lies below 0.05 SUV and the coldest tissue (fat, lung) above 0.15, for FDG and PSMA alike.
_SURFACE_SUV = 0.1
_SMOOTHING_REACH_MM = 5.0
_SMALLEST_PART = 0.01


def body_mask(suv: SuvVolume) -> NDArray[np.bool_]:
    """Voxels of the patient's body, arms and legs included, holes filled.

    Works on whole bodies and on crops. The SUV is averaged over about 5 mm to each side, so that noise in air falls
    away, and cut at 0.1 SUV. Every connected part of at least a hundredth of the largest is kept: arms and legs that
    stand apart stay, specks and a table's scatter go. Cold regions that tissue surrounds within one axial plane count
    as body. The outline lies a few millimetres outside the skin.

    Parameters
    ----------
    suv
        Body-weight SUV, g/ml. Voxels that are not finite never belong to the body.

    Returns
    -------
    NDArray[np.bool_]
        Mask of the volume's shape; all False where nothing takes up tracer.
    """
    finite = np.isfinite(suv.array)
    array = suv.array if finite.all() else np.where(finite, suv.array, np.float32(0))
    size = [2 * round(_SMOOTHING_REACH_MM / spacing) + 1 for spacing in suv.geometry.spacing_mm]
    tissue = ndimage.uniform_filter(array, size=size, mode="nearest") > _SURFACE_SUV
    parts, count = ndimage.label(tissue)
    if count == 0:
        return np.zeros(array.shape, dtype=np.bool_)
    voxels = np.bincount(parts.ravel())
    voxels[0] = 0
    body = (voxels >= _SMALLEST_PART * voxels.max())[parts]
    axial = int(np.argmax([abs(axis[2]) for axis in suv.geometry.axes]))
    return np.asarray(_filled(body, axial) & finite)


def _filled(body: NDArray[np.bool_], axial: int) -> NDArray[np.bool_]:
    """``body`` with the holes of each plane across axis ``axial`` filled."""
    in_plane = ndimage.generate_binary_structure(3, 1)
    in_plane[tuple([0, 2] if axis == axial else 1 for axis in range(3))] = False
    background, count = ndimage.label(~body, structure=in_plane)
    outside = np.zeros(count + 1, dtype=bool)
    for axis in range(3):
        if axis != axial:
            for edge in (0, -1):
                outside[background.take(edge, axis=axis)] = True
    outside[0] = False
    return np.asarray(~outside[background])
