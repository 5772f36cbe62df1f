"""Reference regions of a noise-free exam: liver sphere, descending aorta, parotid, spleen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.phantom.checking.anatomy import numbers_of
from uptake.volume import LabelMap, SuvVolume

_SPHERE_RADIUS_MM = 15.0
_SMALLEST_LIVER_DEPTH_MM = 9.0
# Beyond this distance a lesion's blurred uptake (6 mm FWHM or so) adds nothing to a region.
_SPILL_MM = 14.0
_CYLINDER_RADIUS_MM = 5.0
_CYLINDER_HALF_LENGTH_MM = 10.0
# Between these shares of the lungs' height the aorta descends behind the heart, below its arch.
_DESCENDING_AORTA = (0.12, 0.55)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reference:
    """Mean and standard deviation of SUV in a reference region, g/ml, and its voxels."""

    mean: float
    sd: float
    voxels: int


def liver_sphere(suv: SuvVolume, structures: LabelMap, lesions: LabelMap) -> Reference | None:
    """A 3 cm sphere in the right lobe, as deep in healthy liver and as far from lesions as there is.

    None where no liver is in the image, or too little of it is free of disease.

    References
    ----------
    Wahl RL et al., J Nucl Med 2009;50 Suppl 1:122S-150S.
    """
    liver = np.isin(structures.array, numbers_of("liver"))
    box = _box(liver)
    if box is None:
        return None
    spacing = structures.geometry.spacing_mm
    depth = ndimage.distance_transform_edt(_framed(liver[box]), sampling=spacing)[1:-1, 1:-1, 1:-1]
    if lesions.array[box].any():
        away = ndimage.distance_transform_edt(lesions.array[box] == 0, sampling=spacing)
        depth = np.minimum(depth, away - _SPILL_MM)
    x = structures.geometry.position_mm(np.argwhere(liver[box]) + [part.start for part in box])[:, 0]
    corner = structures.geometry.position_mm([part.start for part in box])
    grid_x = corner[0] + np.arange(depth.shape[2]) * structures.geometry.step_mm[2, 0]
    right = np.broadcast_to(grid_x < np.median(x), depth.shape)
    deepest = np.where(right, depth, -np.inf)
    centre = np.unravel_index(int(np.argmax(deepest)), depth.shape)
    if deepest[centre] < _SMALLEST_LIVER_DEPTH_MM:
        return None
    radius = min(_SPHERE_RADIUS_MM, float(deepest[centre]))
    z, y, x_ = ((np.arange(n) - at) * step for n, at, step in zip(depth.shape, centre, spacing, strict=True))
    sphere = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x_[None, None, :] ** 2 <= radius**2
    return _reference(suv.array[box][sphere])


def blood_pool(suv: SuvVolume, structures: LabelMap) -> Reference | None:
    """A cylinder 1 cm across and 2 cm long in the descending aorta; None where it is not in the image.

    References
    ----------
    Wahl RL et al., J Nucl Med 2009;50 Suppl 1:122S-150S.
    """
    lungs = np.flatnonzero(np.isin(structures.array, numbers_of("lung_right", "lung_left")).any(axis=(1, 2)))
    if not len(lungs):
        return None
    low, high = (lungs[0] + share * (lungs[-1] - lungs[0]) for share in _DESCENDING_AORTA)
    first, last = round(low), round(high)
    aorta = np.isin(structures.array[first : last + 1], numbers_of("aorta"))
    spacing = structures.geometry.spacing_mm
    places = [_hindmost(plane, spacing[1:]) for plane in aorta]
    reach = round(_CYLINDER_HALF_LENGTH_MM / spacing[0] - 0.5)
    best: tuple[float, int] | None = None
    for middle in range(reach, len(places) - reach):
        depths = [place[0] if place else 0.0 for place in places[middle - reach : middle + reach + 1]]
        if min(depths) > 0 and (best is None or min(depths) > best[0]):
            best = (min(depths), middle)
    if best is None:
        return None
    found = [
        _disc(suv.array[first + index], place[1], spacing[1:])
        for index in range(best[1] - reach, best[1] + reach + 1)
        if (place := places[index]) is not None
    ]
    return _reference(np.concatenate(found))


def core_mean(suv: SuvVolume, structures: LabelMap, *names: str) -> float | None:
    """Mean SUV of structures where they are at least half as deep as anywhere, away from what spills in at the rim.

    None where they are absent.
    """
    mask = np.isin(structures.array, numbers_of(*names))
    box = _box(mask)
    if box is None:
        return None
    depth = ndimage.distance_transform_edt(_framed(mask[box]), sampling=structures.geometry.spacing_mm)
    depth = depth[1:-1, 1:-1, 1:-1]
    return float(suv.array[box][depth >= depth.max() / 2].mean(dtype=np.float64))


def _hindmost(plane: Mask, spacing_mm: tuple[float, float]) -> tuple[float, tuple[int, int]] | None:
    """Depth and place of the middle of the part of a plane's aorta that lies furthest back."""
    pieces, count = ndimage.label(plane)
    if not count:
        return None
    rows = ndimage.mean(np.indices(plane.shape)[0], pieces, range(1, count + 1))
    piece = pieces == int(np.argmax(rows)) + 1
    depth = ndimage.distance_transform_edt(np.pad(piece, 1), sampling=spacing_mm)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return float(depth.max()), (int(row), int(column))


def _disc(plane: NDArray[np.float32], centre: tuple[int, int], spacing_mm: tuple[float, float]) -> NDArray[np.float32]:
    y, x = ((np.arange(n) - at) * step for n, at, step in zip(plane.shape, centre, spacing_mm, strict=True))
    disc: NDArray[np.float32] = plane[y[:, None] ** 2 + x[None, :] ** 2 <= _CYLINDER_RADIUS_MM**2]
    return disc


def _reference(values: NDArray[np.float32]) -> Reference:
    wide = values.astype(np.float64)
    return Reference(float(wide.mean()), float(wide.std()), len(wide))


def _box(mask: Mask) -> tuple[slice, slice, slice] | None:
    boxes = ndimage.find_objects(mask.astype(np.uint8))
    if not boxes:
        return None
    z, y, x = boxes[0]
    return z, y, x


def _framed(mask: Mask) -> Mask:
    """With a voxel of background around, so that the image's edge is an edge of the structure too."""
    return np.pad(mask, 1)
