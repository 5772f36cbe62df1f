"""Metal in CT: dental fillings and implants, and the star of bright and dark rays about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, gaussian_filter1d, label

from uptake.phantom.body.painting import Painted

_FILLINGS = (2, 6)
_FILLING_MM = 3.0
_FILLING_HU = 3071.0
_RAYS = 360
_RAY_WIDTH = 2.4
_RAY_HU = 260.0
_IMPLANT_RAY_HU = 380.0
_FALL_MM = 28.0
_FARTHEST_MM = 130.0
_AIR_SHARE = 0.25
_AIR_BELOW_HU = -700.0


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """One piece of metal.

    Parameters
    ----------
    slices
        First and last slice it lies in.
    centre
        Row and column.
    radius_mm
        Of what is filled with metal here; 0 where it is painted already.
    spacing_mm
        Voxel size along rows and columns.
    strength_hu
        By angle, how much a ray adds beside the metal.
    """

    slices: tuple[int, int]
    centre: tuple[float, float]
    radius_mm: float
    spacing_mm: tuple[float, float]
    strength_hu: NDArray[np.float32]


def implants(painted: Painted, number: int, rng: np.random.Generator) -> tuple[Rays, ...]:
    """Rays of the metal that is painted: one star for each connected piece, in all its slices."""
    found = painted.materials == number
    if not found.any():
        return ()
    pieces, _ = label(found)
    _, y_mm, x_mm = painted.geometry.spacing_mm
    return tuple(
        Rays(
            slices=(box[0].start, box[0].stop - 1),
            centre=((box[1].start + box[1].stop - 1) / 2, (box[2].start + box[2].stop - 1) / 2),
            radius_mm=0.0,
            spacing_mm=(y_mm, x_mm),
            strength_hu=_star(rng, _IMPLANT_RAY_HU),
        )
        for box in find_objects(pieces)
    )


def fillings(painted: Painted, number: int, rng: np.random.Generator) -> tuple[Rays, ...]:
    """Two to six fillings in the painted teeth; none where there are no teeth."""
    teeth = np.flatnonzero(painted.materials == number)
    if not len(teeth):
        return ()
    z_mm, y_mm, x_mm = painted.geometry.spacing_mm
    deep = max(1, round(_FILLING_MM / z_mm))
    chosen = rng.choice(teeth, size=min(int(rng.integers(*_FILLINGS, endpoint=True)), len(teeth)), replace=False)
    places = np.column_stack(np.unravel_index(chosen, painted.materials.shape))
    return tuple(
        Rays((z - deep, z + deep), (float(y), float(x)), _FILLING_MM, (y_mm, x_mm), _star(rng, _RAY_HU))
        for z, y, x in places.tolist()
    )


def put_metal(hu: NDArray[np.float32], rays: Rays, z: int) -> None:
    """Add one piece's rays to slice ``z``, in place, and the metal itself."""
    first, last = rays.slices
    if not first <= z <= last:
        return
    reach = [round(_FARTHEST_MM / step) for step in rays.spacing_mm]
    low = [max(int(at) - far, 0) for at, far in zip(rays.centre, reach, strict=True)]
    high = [min(int(at) + far + 1, size) for at, far, size in zip(rays.centre, reach, hu.shape, strict=True)]
    box = hu[low[0] : high[0], low[1] : high[1]]
    y = (np.arange(low[0], high[0])[:, None] - rays.centre[0]) * rays.spacing_mm[0]
    x = (np.arange(low[1], high[1])[None, :] - rays.centre[1]) * rays.spacing_mm[1]
    away = np.hypot(y, x)
    angle = ((np.arctan2(y, x) / (2 * np.pi)) % 1.0 * _RAYS).astype(int) % _RAYS
    # Its outermost slices hold less of it.
    weight = 1.0 if first < z < last else 0.6
    fall = np.exp(-away / _FALL_MM) * np.clip(1.2 * (1 - away / _FARTHEST_MM), 0, 1) * weight
    box += (np.where(box < _AIR_BELOW_HU, _AIR_SHARE, 1.0) * rays.strength_hu[angle] * fall).astype(np.float32)
    box[away <= rays.radius_mm] = _FILLING_HU


def _star(rng: np.random.Generator, strength_hu: float) -> NDArray[np.float32]:
    rays = gaussian_filter1d(rng.standard_normal(_RAYS), _RAY_WIDTH, mode="wrap")
    star: NDArray[np.float32] = (strength_hu * rays / rays.std()).astype(np.float32)
    return star
