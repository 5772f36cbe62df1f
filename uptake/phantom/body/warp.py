"""Loops that numba compiles for the way from patient to body coordinates; import only where they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba.core.options
import numpy as np
from numpy.typing import NDArray

from uptake import numba_loops as loops

_Point = tuple[float, float, float]
_Loop = TypeVar("_Loop", bound=Callable[..., Any])
# An option that numba has for its own use; without it, painting takes twice as long.
_UNCOUNTED: dict[str, Any] = {"_nrt": False} if hasattr(numba.core.options.DefaultOptions, "_nrt") else {}


def compiled(signature: str, *, inlined: bool = False) -> Callable[[_Loop], _Loop]:
    """Compile ahead for one signature, from numba's disk cache where the installation has a writable place for it.

    The loop must not make arrays: references to those it is given are not counted, which would take longer than the
    work of a small function. One that is ``inlined`` becomes part of each loop that calls it. Numba's cache knows a
    loop by its own file only: a change of an inlined function reaches a loop when that loop's file changes too.
    """
    return loops.compiled(signature, error_model="numpy", forceinline=inlined, **_UNCOUNTED)


@compiled("float64(float64, float64, float64)", inlined=True)
def smooth_step(z: float, low: float, high: float) -> float:
    """0 below ``low``, 1 above ``high``, with no kink between."""
    share = min(max((z - low) / (high - low), 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


@compiled("float64(float64)", inlined=True)
def breathing_share(z_mm: float) -> float:
    """How much of the diaphragm's path is taken at a height of the body: all at the domes, none in pelvis and apex."""
    return smooth_step(z_mm, 170.0, 380.0) * (1.0 - smooth_step(z_mm, 490.0, 680.0))


@compiled("UniTuple(float64, 3)(float32[:,:,:,::1], float64[:,::1], int64, UniTuple(float64, 3))", inlined=True)
def _displacement(knots: NDArray[np.float32], lattices: NDArray[np.float64], which: int, at: _Point) -> _Point:
    """The displacement at a place, in mm: a quadratic B-spline of ``knots`` (z, y, x, component).

    ``lattices[which]`` says where the first knot lies (x, y, z) and how far apart they are; beyond it the outermost
    displacement holds.
    """
    count_z, count_y, count_x = knots.shape[0], knots.shape[1], knots.shape[2]
    u = min(max((at[0] - lattices[which, 0]) / lattices[which, 3], 1.0), count_x - 2.0)
    v = min(max((at[1] - lattices[which, 1]) / lattices[which, 3], 1.0), count_y - 2.0)
    w = min(max((at[2] - lattices[which, 2]) / lattices[which, 3], 1.0), count_z - 2.0)
    i, j, k = int(u + 0.5), int(v + 0.5), int(w + 0.5)
    i, j, k = min(i, count_x - 2), min(j, count_y - 2), min(k, count_z - 2)
    u -= i
    v -= j
    w -= k
    across = (0.5 * (0.5 - u) ** 2, 0.75 - u * u, 0.5 * (0.5 + u) ** 2)
    deep = (0.5 * (0.5 - v) ** 2, 0.75 - v * v, 0.5 * (0.5 + v) ** 2)
    high = (0.5 * (0.5 - w) ** 2, 0.75 - w * w, 0.5 * (0.5 + w) ** 2)
    x, y, z = 0.0, 0.0, 0.0
    for c in range(3):
        for b in range(3):
            plane = high[c] * deep[b]
            for a in range(3):
                weight = plane * across[a]
                x += weight * knots[k + c - 1, j + b - 1, i + a - 1, 0]
                y += weight * knots[k + c - 1, j + b - 1, i + a - 1, 1]
                z += weight * knots[k + c - 1, j + b - 1, i + a - 1, 2]
    return x, y, z


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
    for n in range(points.shape[0]):
        dx = points[n, 0] - origin_mm[0]
        dy = points[n, 1] - origin_mm[1]
        dz = points[n, 2] - origin_mm[2]
        z = (turn[0, 2] * dx + turn[1, 2] * dy + turn[2, 2] * dz) / size[4]
        head = smooth_step(z, 640.0, 760.0)
        x = (turn[0, 0] * dx + turn[1, 0] * dy + turn[2, 0] * dz) / (size[0] + head * (size[2] - size[0]))
        y = (turn[0, 1] * dx + turn[1, 1] * dy + turn[2, 1] * dz) / (size[1] + head * (size[3] - size[1]))
        z += size[5] / size[4] * breathing_share(z)
        if warped:
            wide_x, wide_y, wide_z = _displacement(wide, lattices, 0, (x, y, z))
            fine_x, fine_y, fine_z = _displacement(fine, lattices, 1, (x, y, z))
            bend_x, bend_y, bend_z = _displacement(bend, lattices, 2, (x, y, z))
            x += wide_x + fine_x + bend_x
            y += wide_y + fine_y + bend_y
            z += wide_z + fine_z + bend_z
        points[n, 0], points[n, 1], points[n, 2] = x, y, z
