"""SUVpeak by brute force: the highest mean of a 1 cm3 sphere over all voxels of a lesion."""

from __future__ import annotations

from itertools import product
from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import Vector

_RADIUS_MM = (3 * 1000 / (4 * pi)) ** (1 / 3)
_POINTS_PER_VOXEL = 15


def peak(
    values: NDArray[np.float32], inside: NDArray[np.int64], spacing_mm: Vector, *, radius_mm: float = _RADIUS_MM
) -> float:
    """The highest mean in a sphere centred on any of the voxels ``inside`` (n, 3); it may leave the lesion.

    Every voxel counts with the share of it that lies in the sphere. Voxels beyond the image count as if they had the
    mean of those within.

    Parameters
    ----------
    values
        ``(z, y, x)``.
    inside
        Indices z, y, x of the lesion's voxels.
    radius_mm
        Of the sphere; 1 cm3 unless told.

    References
    ----------
    Wahl RL et al., J Nucl Med 2009;50 Suppl 1:122S-150S (PERCIST: SULpeak in a sphere of 1 cm3).
    """
    total = np.zeros(len(inside))
    weights = np.zeros(len(inside))
    for offset, share in _shares(spacing_mm, radius_mm):
        at = inside + offset
        valid = np.all((at >= 0) & (at < values.shape), axis=1)
        total[valid] += share * values[tuple(at[valid].T)]
        weights[valid] += share
    return float((total / weights).max())


def _shares(spacing_mm: Vector, radius_mm: float) -> list[tuple[NDArray[np.int64], float]]:
    """Voxel offsets from the centre, and the share of each such voxel that a sphere about the centre covers."""
    reach = [ceil(radius_mm / step + 0.5) for step in spacing_mm]
    points = (np.arange(_POINTS_PER_VOXEL) + 0.5) / _POINTS_PER_VOXEL - 0.5
    found = []
    for offset in product(*(range(-count, count + 1) for count in reach)):
        z, y, x = ((points + shift) * step for shift, step in zip(offset, spacing_mm, strict=True))
        squared = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2
        share = float((squared <= radius_mm**2).mean())
        if share > 0:
            found.append((np.array(offset), share))
    return found
