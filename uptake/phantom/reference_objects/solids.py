"""Voxels' covered share of simple solids, by sampling each voxel finely: exact to a few parts in a thousand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry, Vector

_SAMPLES = 8  # along each axis of a voxel

Outline = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]
"""Patient x and y in mm to whether they lie inside."""


def prism(geometry: ImageGeometry, outline: Outline, bottom_mm: float, top_mm: float) -> NDArray[np.float32]:
    """Covered share ``(z, y, x)`` of a solid with one outline between two heights; axial grids only."""
    z, y, x = _axes(geometry)
    inside = outline(x[None, :], y[:, None]).astype(np.float32)
    rows, columns = geometry.shape[1:]
    plane = inside.reshape(rows, _SAMPLES, columns, _SAMPLES).mean(axis=(1, 3))
    along = ((z >= bottom_mm) & (z <= top_mm)).reshape(-1, _SAMPLES).mean(axis=1)
    return np.asarray(along[:, None, None] * plane[None], dtype=np.float32)


def sphere(geometry: ImageGeometry, centre_mm: Vector, diameter_mm: float) -> NDArray[np.float32]:
    """Covered share ``(z, y, x)`` of a sphere; axial grids only."""
    radius = diameter_mm / 2.0
    share = np.zeros(geometry.shape, dtype=np.float32)
    box, squares = [], []
    for axis, samples, at in zip(range(3), _axes(geometry), centre_mm[::-1], strict=True):
        near = np.flatnonzero(np.abs(samples - at) <= radius)
        low, high = int(near[0]) // _SAMPLES, int(near[-1]) // _SAMPLES + 1
        box.append(slice(low, high))
        along = samples[low * _SAMPLES : high * _SAMPLES] - at
        squares.append((along**2).reshape([-1 if each == axis else 1 for each in range(3)]))
    inside = (squares[0] + squares[1] + squares[2] <= radius**2).astype(np.float32)
    depth, rows, columns = (part.stop - part.start for part in box)
    fine = inside.reshape(depth, _SAMPLES, rows, _SAMPLES, columns, _SAMPLES)
    share[tuple(box)] = fine.mean(axis=(1, 3, 5))
    return share


def _axes(geometry: ImageGeometry) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Patient positions in mm of the samples along z, y and x."""
    within = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    z, y, x = (
        (start + step * (np.arange(count)[:, None] + within)).ravel()
        for start, step, count in zip(geometry.origin_mm[::-1], geometry.spacing_mm, geometry.shape, strict=True)
    )
    return z, y, x
