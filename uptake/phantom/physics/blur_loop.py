"""The blur that numba compiles; import this module only where it runs, since numba is slow to import.

Weights are ``(output, tap, class)``: a voxel's class stands for its distance from the scanner's axis. ``first`` is the
input voxel of an output's first tap.
"""

from __future__ import annotations

import numpy as np
from numba import float32, int64, uint8, void
from numba.types import Array
from numpy.typing import NDArray

from uptake.phantom.body.warp import compiled

_Floats = NDArray[np.float32]
_Indices = NDArray[np.int32]
_Classes = NDArray[np.uint8]


@compiled(void(Array(float32, 3, "C", readonly=True), int64, float32[:, ::1], uint8[:, ::1], float32[:, ::1]))
def blur_along_z(fine: _Floats, first: int, weights: _Floats, classes: _Classes, plane: _Floats) -> None:
    """One slice ``(y, x)`` from weighted slices of ``fine``, whose end slices go on beyond it; added to ``plane``."""
    for y in range(plane.shape[0]):
        for tap in range(weights.shape[0]):
            z = min(max(first + tap, 0), fine.shape[0] - 1)
            for x in range(plane.shape[1]):
                plane[y, x] += weights[tap, classes[y, x]] * fine[z, y, x]


@compiled("void(float32[:,::1], int32[::1], float32[:,:,::1], uint8[:,::1], float32[:,::1])")
def blur_along_y(plane: _Floats, first: _Indices, weights: _Floats, classes: _Classes, rows: _Floats) -> None:
    """Rows from weighted rows of ``plane``, beside which nothing is; added to ``rows``."""
    for j in range(rows.shape[0]):
        low = max(-first[j], 0)
        high = min(plane.shape[0] - first[j], weights.shape[1])
        for tap in range(low, high):
            for x in range(rows.shape[1]):
                rows[j, x] += weights[j, tap, classes[j, x]] * plane[first[j] + tap, x]


@compiled("void(float32[:,::1], int32[::1], float32[:,:,::1], uint8[:,::1], float32[:,::1])")
def blur_along_x(rows: _Floats, first: _Indices, weights: _Floats, classes: _Classes, image: _Floats) -> None:
    """Voxels from weighted voxels of ``rows``, beside which nothing is."""
    for j in range(image.shape[0]):
        for i in range(image.shape[1]):
            low = max(-first[i], 0)
            high = min(rows.shape[1] - first[i], weights.shape[1])
            total = np.float32(0)
            for tap in range(low, high):
                total += weights[i, tap, classes[j, i]] * rows[j, first[i] + tap]
            image[j, i] = total
