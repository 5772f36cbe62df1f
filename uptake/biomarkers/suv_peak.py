"""SUVpeak: the hottest small sphere of a lesion."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, pi

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from uptake.geometry import Vector

ONE_ML_DIAMETER_MM = 10.0 * (6.0 / pi) ** (1.0 / 3.0)
"""Diameter of a 1 cm3 sphere, 12.407 mm (PERCIST)."""
MOREAU_DIAMETER_MM = 12.0

_LINES_PER_RADIUS = 100
# Measured: one gathered product takes this many times as long as convolving by FFT takes per N log2 N.
_GATHER_COST = 2.0
_GATHERED_AT_ONCE = 2_000_000


@lru_cache(maxsize=16)
def sphere_weights(spacing_mm: Vector, diameter_mm: float) -> NDArray[np.float64]:
    """Share of every voxel that a sphere centred on the middle voxel fills, in mm3 of overlap.

    Exact along x, and the midpoint rule over lines 1/100 of the radius apart along y and z: the sum is the sphere's
    volume within 0.01 %.

    Parameters
    ----------
    spacing_mm
        Voxel size along z, y, x.
    diameter_mm
        Diameter of the sphere.

    Returns
    -------
    NDArray[np.float64]
        Overlap volumes, odd sizes along z, y, x, read-only.
    """
    radius = diameter_mm / 2
    reach = [ceil(max(0.0, radius / spacing - 0.5)) for spacing in spacing_mm]
    (z, z_step), (y, y_step) = (_lines(spacing_mm[axis], reach[axis], radius) for axis in (0, 1))
    half_chord = np.sqrt(np.maximum(0.0, radius**2 - z[:, None] ** 2 - y[None, :] ** 2))
    weights = np.empty([2 * n + 1 for n in reach])
    for index in range(weights.shape[2]):
        low = (index - reach[2] - 0.5) * spacing_mm[2]
        high = low + spacing_mm[2]
        inside = np.maximum(0.0, np.minimum(half_chord, high) - np.maximum(-half_chord, low))
        blocks = inside.reshape(weights.shape[0], -1, weights.shape[1], y.size // weights.shape[1])
        weights[:, :, index] = blocks.sum(axis=(1, 3)) * z_step * y_step
    weights.setflags(write=False)
    return weights


def _lines(spacing_mm: float, reach: int, radius_mm: float) -> tuple[NDArray[np.float64], float]:
    """Positions of the sampling lines along one axis over all its voxels, and their distance, in mm."""
    per_voxel = max(8, ceil(spacing_mm * _LINES_PER_RADIUS / radius_mm))
    step = spacing_mm / per_voxel
    count = per_voxel * (2 * reach + 1)
    return (np.arange(count, dtype=np.float64) - (count - 1) / 2) * step, step


def suv_peak(
    suv: NDArray[np.float32],
    voxels: NDArray[np.int64],
    *,
    spacing_mm: Vector,
    diameter_mm: float = ONE_ML_DIAMETER_MM,
) -> float:
    """Highest mean in a sphere centred on any voxel of a lesion; the sphere may leave the lesion.

    Voxels count by the share of them that the sphere fills. Where the sphere leaves the image, or meets voxels that
    are not finite, the mean is over the rest of it.

    Parameters
    ----------
    suv
        Volume ``(z, y, x)``, g/ml (the whole image: the sphere reaches beyond the lesion).
    voxels
        Indices ``(n, 3)`` of the lesion's voxels as z, y, x; at least one.
    spacing_mm
        Voxel size along z, y, x.
    diameter_mm
        12.407 mm for the 1 cm3 sphere of PERCIST, 12 mm for Moreau et al.

    Returns
    -------
    float
        SUVpeak, g/ml; NaN if no sphere holds a finite voxel.

    References
    ----------
    Wahl et al., J Nucl Med 2009, 50 Suppl 1:122S-150S. Moreau et al., Cancers 2022, section 2.4.
    """
    weights = sphere_weights(spacing_mm, diameter_mm)
    reach = np.array(weights.shape) // 2
    low = voxels.min(axis=0) - reach
    high = voxels.max(axis=0) + reach + 1
    box = tuple(slice(max(0, a), min(b, n)) for a, b, n in zip(low, high, suv.shape, strict=True))
    outside = [(max(0, -a), max(0, b - n)) for a, b, n in zip(low, high, suv.shape, strict=True)]
    values = np.pad(suv[box].astype(np.float64), outside, constant_values=np.nan)
    centres = voxels - voxels.min(axis=0)
    valid = np.isfinite(values)
    complete = bool(valid.all())
    sums = _weighted_sums(values if complete else np.where(valid, values, 0.0), weights, centres)
    whole = weights.sum()
    shares = np.full(len(sums), whole) if complete else _weighted_sums(valid.astype(np.float64), weights, centres)
    usable = shares > 1e-9 * whole
    return float((sums[usable] / shares[usable]).max()) if usable.any() else float("nan")


def _weighted_sums(
    values: NDArray[np.float64], weights: NDArray[np.float64], centres: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Weighted sum of ``values`` under ``weights`` whose first corner stands at each of ``centres`` ``(n, 3)``.

    Few centres are summed directly, many through one FFT convolution of the box, whichever is less work.
    """
    nonzero = np.argwhere(weights)
    if len(nonzero) * len(centres) * _GATHER_COST > values.size * np.log2(values.size):
        summed = signal.fftconvolve(values, weights[::-1, ::-1, ::-1], mode="valid")
        return np.asarray(summed[tuple(centres.T)])
    starts = np.asarray(np.ravel_multi_index(tuple(centres.T), values.shape))
    steps = np.asarray(np.ravel_multi_index(tuple(nonzero.T), values.shape))
    share = weights[tuple(nonzero.T)]
    parts = np.array_split(starts, 1 + starts.size * steps.size // _GATHERED_AT_ONCE)
    return np.concatenate([values.ravel()[part[:, np.newaxis] + steps] @ share for part in parts])
