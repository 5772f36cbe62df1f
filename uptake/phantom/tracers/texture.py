"""Uptake is not the same everywhere in an organ: patches of more and less about its mean."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from uptake.geometry import ImageGeometry
from uptake.phantom.body.materials import materials as known_materials
from uptake.phantom.plan import TracerPlan
from uptake.phantom.tracers.tables import table

# A periodic field of random values, smoothed; each material reads it at its own scale from a place of its own.
_FIELD_CELLS = 64
_SMOOTHING_CELLS = 1.5
# Autocorrelation of a field smoothed by a Gaussian falls to a half over this many cells to either side.
_PATCH_CELLS = 2 * 2 * np.sqrt(np.log(2.0)) * _SMOOTHING_CELLS
# The pattern is smooth: its mean in a material needs only every third voxel along each axis.
_STRIDE = 3
_SLICES = 16


def add_texture(
    values: NDArray[np.float32],
    materials: NDArray[np.uint8],
    geometry: ImageGeometry,
    tracer: TracerPlan,
    seed: int,
) -> None:
    """Multiply uptake by a smooth random pattern of mean 1 in each material, in place.

    Parameters
    ----------
    values
        SUV ``(z, y, x)``, changed.
    materials
        Row of ``body/materials.csv`` plus 1, 0 outside.
    geometry
        Axial grid of both.
    tracer
        Its name only chooses another pattern of the same spread.
    seed
        Same seed, same pattern in the same patient coordinates.

    Raises
    ------
    ValueError
        If an array has another shape than the geometry.
    """
    if values.shape != geometry.shape or materials.shape != geometry.shape:
        raise ValueError(f"values {values.shape} and materials {materials.shape} must have shape {geometry.shape}")
    from uptake.phantom.tracers.texture_loop import add_sums, multiply  # numba is slow to import

    rng = np.random.default_rng((seed, crc32(f"texture {tracer.name}".encode())))
    field = gaussian_filter(rng.standard_normal((_FIELD_CELLS,) * 3, np.float32), _SMOOTHING_CELLS, mode="wrap")
    field /= field.std()
    spread, cells_per_mm = _by_number()
    start = rng.uniform(0, _FIELD_CELLS, (len(spread), 3)).astype(np.float32)
    x, y, z = geometry.origin_mm
    start += np.array([z, y, x], np.float32) * cells_per_mm[:, None]
    step = np.asarray(geometry.spacing_mm, np.float32) * cells_per_mm[:, None]
    start = np.mod(start, _FIELD_CELLS).astype(np.float32)
    pattern = (field, spread, start, step)
    totals = np.zeros((2, len(spread)))
    add_sums(values, materials, pattern, totals, _STRIDE)
    mean = np.divide(totals[0], totals[1], out=np.ones(len(spread)), where=totals[1] > 0).astype(np.float32)
    slices = values.shape[0]
    firsts = range(0, slices, _SLICES)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda at: multiply(values, materials, pattern, mean, at, min(at + _SLICES, slices)), firsts))


def _by_number() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Relative spread, and cells of the field per millimetre, by material number."""
    known = known_materials()
    spread = np.zeros(len(known) + 1, np.float32)
    cells_per_mm = np.zeros(len(known) + 1, np.float32)
    for row in table("texture"):
        number = known[row["material"]].number
        spread[number] = float(row["spread"])
        cells_per_mm[number] = _PATCH_CELLS / float(row["length_mm"])
    return spread, cells_per_mm
