"""Loops over voxels that numba compiles; import this module only where they run, since numba is slow to import."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.warp import compiled

_LEAST = np.float32(0.1)

_Floats = NDArray[np.float32]
# The field; by material its spread, the place in the field of voxel 0, and the step from voxel to voxel, in cells.
_Pattern = tuple[_Floats, _Floats, _Floats, _Floats]
_ARRAYS = "float32[:,:,::1], uint8[:,:,::1], Tuple((float32[:,:,::1], float32[::1], float32[:,::1], float32[:,::1]))"


@compiled("float32(float32[:,:,::1], float32, float32, float32, float32)")
def _factor(field: _Floats, spread: np.float32, z: np.float32, y: np.float32, x: np.float32) -> np.float32:
    """1 + spread x the field at a place given in its cells (not negative), read linearly; the field is periodic."""
    n = field.shape[0]
    one = np.float32(1)
    iz, iy, ix = int(z), int(y), int(x)
    fz, fy, fx = z - np.float32(iz), y - np.float32(iy), x - np.float32(ix)
    iz, iy, ix = iz % n, iy % n, ix % n
    jz, jy, jx = (iz + 1) % n, (iy + 1) % n, (ix + 1) % n
    low = (field[iz, iy, ix] * (one - fx) + field[iz, iy, jx] * fx) * (one - fy)
    low += (field[iz, jy, ix] * (one - fx) + field[iz, jy, jx] * fx) * fy
    high = (field[jz, iy, ix] * (one - fx) + field[jz, iy, jx] * fx) * (one - fy)
    high += (field[jz, jy, ix] * (one - fx) + field[jz, jy, jx] * fx) * fy
    return max(one + spread * (low * (one - fz) + high * fz), _LEAST)


@compiled(f"void({_ARRAYS}, float64[:,::1], int64)")
def add_sums(
    values: _Floats,
    materials: NDArray[np.uint8],
    pattern: _Pattern,
    totals: NDArray[np.float64],
    stride: int,
) -> None:
    """Sum by material before (row 0) and after (row 1) the pattern, over every ``stride``-th voxel along each axis."""
    field, spread, start, step = pattern
    for z in range(0, values.shape[0], stride):
        for y in range(0, values.shape[1], stride):
            for x in range(0, values.shape[2], stride):
                m = materials[z, y, x]
                if spread[m] == 0:
                    continue
                pz, py, px = start[m, 0] + z * step[m, 0], start[m, 1] + y * step[m, 1], start[m, 2] + x * step[m, 2]
                factor = _factor(field, spread[m], np.float32(pz), np.float32(py), np.float32(px))
                totals[0, m] += values[z, y, x]
                totals[1, m] += values[z, y, x] * factor


@compiled(f"void({_ARRAYS}, float32[::1], int64, int64)")
def multiply(
    values: _Floats,
    materials: NDArray[np.uint8],
    pattern: _Pattern,
    mean: _Floats,
    first: int,
    last: int,
) -> None:
    """Multiply slices ``first`` to ``last`` by each voxel's material's pattern and by ``mean`` of the material."""
    field, spread, start, step = pattern
    for z in range(first, last):
        for y in range(values.shape[1]):
            for x in range(values.shape[2]):
                m = materials[z, y, x]
                if spread[m] == 0:
                    continue
                pz, py, px = start[m, 0] + z * step[m, 0], start[m, 1] + y * step[m, 1], start[m, 2] + x * step[m, 2]
                factor = _factor(field, spread[m], np.float32(pz), np.float32(py), np.float32(px))
                values[z, y, x] *= factor * mean[m]
