"""Loops that numba compiles for the way from patient to body coordinates; import only where they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

_Loop = TypeVar("_Loop", bound=Callable[..., Any])


def compiled(signature: str) -> Callable[[_Loop], _Loop]:
    """Compile ahead for one signature, from numba's disk cache where the installation has a writable place for it."""

    def compile_loop(loop: _Loop) -> _Loop:
        try:
            return cast(_Loop, numba.njit(signature, cache=True, nogil=True)(loop))
        except (RuntimeError, OSError):  # no folder for the cache: a read-only install without a home
            return cast(_Loop, numba.njit(signature, nogil=True)(loop))

    return compile_loop


@compiled("float64(float64, float64, float64)")
def smooth_step(z: float, low: float, high: float) -> float:
    """0 below ``low``, 1 above ``high``, with no kink between."""
    share = min(max((z - low) / (high - low), 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


@compiled("float64(float64)")
def breathing_share(z_mm: float) -> float:
    """How much of the diaphragm's path is taken at a height of the body: all at the domes, none in pelvis and apex."""
    return smooth_step(z_mm, 170.0, 380.0) * (1.0 - smooth_step(z_mm, 490.0, 680.0))


@compiled("void(float32[:,:,:,::1], float64[:], float64[::1], float64[::1])")
def add_displacement(
    knots: NDArray[np.float32],
    lattice: NDArray[np.float64],
    at: NDArray[np.float64],
    total: NDArray[np.float64],
) -> None:
    """Add the displacement at a place, in mm, to ``total``: a quadratic B-spline of ``knots`` (z, y, x, component).

    ``lattice`` says where the first knot lies (x, y, z) and how far apart they are; beyond it the outermost
    displacement holds.
    """
    count_z, count_y, count_x = knots.shape[0], knots.shape[1], knots.shape[2]
    u = min(max((at[0] - lattice[0]) / lattice[3], 1.0), count_x - 2.0)
    v = min(max((at[1] - lattice[1]) / lattice[3], 1.0), count_y - 2.0)
    w = min(max((at[2] - lattice[2]) / lattice[3], 1.0), count_z - 2.0)
    i, j, k = int(u + 0.5), int(v + 0.5), int(w + 0.5)
    i, j, k = min(i, count_x - 2), min(j, count_y - 2), min(k, count_z - 2)
    u -= i
    v -= j
    w -= k
    across = (0.5 * (0.5 - u) ** 2, 0.75 - u * u, 0.5 * (0.5 + u) ** 2)
    deep = (0.5 * (0.5 - v) ** 2, 0.75 - v * v, 0.5 * (0.5 + v) ** 2)
    high = (0.5 * (0.5 - w) ** 2, 0.75 - w * w, 0.5 * (0.5 + w) ** 2)
    for c in range(3):
        for b in range(3):
            plane = high[c] * deep[b]
            for a in range(3):
                weight = plane * across[a]
                for axis in range(3):
                    total[axis] += weight * knots[k + c - 1, j + b - 1, i + a - 1, axis]


@compiled(
    "void(Tuple((float64[:,::1], float64[::1], float64[::1])),"
    " Tuple((float32[:,:,:,::1], float32[:,:,:,::1], float32[:,:,:,::1], float64[:,::1])), boolean, float64[:,::1])"
)
def patient_to_body(
    pose: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    deformation: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]],
    warped: bool,
    points: NDArray[np.float64],
) -> None:
    """Replace patient points ``(n, 3)`` by body points, in place.

    ``pose`` and ``deformation`` are the fields of ``BodyMapping`` in their order.
    """
    turn, origin_mm, size = pose
    wide, fine, bend, lattices = deformation
    at, moved = np.empty(3), np.empty(3)
    for n in range(points.shape[0]):
        dx = points[n, 0] - origin_mm[0]
        dy = points[n, 1] - origin_mm[1]
        dz = points[n, 2] - origin_mm[2]
        z = (turn[0, 2] * dx + turn[1, 2] * dy + turn[2, 2] * dz) / size[4]
        head = smooth_step(z, 640.0, 760.0)
        x = (turn[0, 0] * dx + turn[1, 0] * dy + turn[2, 0] * dz) / (size[0] + head * (size[2] - size[0]))
        y = (turn[0, 1] * dx + turn[1, 1] * dy + turn[2, 1] * dz) / (size[1] + head * (size[3] - size[1]))
        z += size[5] / size[4] * breathing_share(z)
        at[0], at[1], at[2] = x, y, z
        moved[0], moved[1], moved[2] = x, y, z
        if warped:
            add_displacement(wide, lattices[0], at, moved)
            add_displacement(fine, lattices[1], at, moved)
            add_displacement(bend, lattices[2], at, moved)
        points[n, 0], points[n, 1], points[n, 2] = moved[0], moved[1], moved[2]
