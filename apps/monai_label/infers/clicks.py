"""Clicks as viewers send them: ``[i, j, k]``, voxel indices of the series that is shown, x first, counted from 0.

OHIF's MONAI Label extension sends ``worldToIndex`` of the viewport's volume, rounded; 3D Slicer's module sends IJK of
its volume, rounded. Both count along the columns, the rows and the slices of the series, in the order of its slices
along their normal, which is the order of ``ImageGeometry``: a click ``[i, j, k]`` is the voxel ``[k, j, i]``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from apps.monai_label.infers.infer_errors import ClickRefused
from uptake.geometry import ImageGeometry
from uptake.volume import SuvVolume

Voxel = tuple[int, int, int]

MOST_CLICKS = 200
_NUMBERS = 3
_FAR = 1e9
_AIR_SUV = 0.1  # as in uptake.regions.body_mask, with the same reach
_AIR_REACH_MM = 5.0
_FORM = "Send a list of clicks, each of three voxel indices [i, j, k] of the series, x first, from 0."


def read_clicks(value: object, grid: ImageGeometry) -> tuple[Voxel, ...]:
    """Read one list of clicks as voxels (z, y, x) of ``grid``, each once, in their order.

    Raises
    ------
    ClickRefused
        If it is not a list of three finite numbers each, has more than ``MOST_CLICKS``, or one lies outside the grid.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise ClickRefused("The clicks are not a list.", remedy=_FORM)
    if len(value) > MOST_CLICKS:
        raise ClickRefused(f"There are more than {MOST_CLICKS} clicks.", remedy="Send fewer.")
    return tuple(dict.fromkeys(_voxel(each, grid) for each in value))


def _voxel(click: object, grid: ImageGeometry) -> Voxel:
    if not isinstance(click, list | tuple) or len(click) != _NUMBERS or not all(map(_is_number, click)):
        raise ClickRefused("A click is not three finite numbers.", remedy=_FORM)
    i, j, k = (round(each) for each in click)
    if not all(0 <= at < size for at, size in zip((k, j, i), grid.shape, strict=True)):
        sizes = " x ".join(map(str, grid.shape[::-1]))
        raise ClickRefused(
            f"The click [{i}, {j}, {k}] lies outside the series of {sizes} voxels (x, y, z).", remedy=_FORM
        )
    return k, j, i


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _FAR  # false for what is not a number


def on_pet(voxels: Sequence[Voxel], grid: ImageGeometry, pet: ImageGeometry) -> tuple[Voxel, ...]:
    """Voxels of the PET in which the centres of ``voxels`` of another grid lie; ClickRefused outside the PET."""
    if grid is pet or not voxels:
        return tuple(voxels)
    nearest = np.floor(np.round(pet.index(grid.position_mm(voxels)), 6) + 0.5).astype(int)
    if ((nearest < 0) | (nearest >= np.asarray(pet.shape))).any():
        raise ClickRefused("A click on the CT lies outside the PET.", remedy="Click where the PET shows the patient.")
    return tuple(dict.fromkeys((z, y, x) for z, y, x in nearest.tolist()))


def require_tissue(suv: SuvVolume, voxel: Voxel) -> None:
    """Refuse a click where the mean SUV within 5 mm along each axis is 0.1 at most, which is air.

    Raises
    ------
    ClickRefused
        There, and where the voxels are not numbers.
    """
    box = tuple(
        slice(max(0, at - round(_AIR_REACH_MM / spacing)), at + round(_AIR_REACH_MM / spacing) + 1)
        for at, spacing in zip(voxel, suv.geometry.spacing_mm, strict=True)
    )
    mean = float(np.mean(suv.array[box], dtype=np.float64))
    if not mean > _AIR_SUV or not math.isfinite(mean):
        what = "lies in air" if math.isfinite(mean) else "lies where the PET's voxels are not numbers"
        raise ClickRefused(f"The click {as_sent(voxel)} {what}.", remedy="Click inside the patient.")


def as_sent(voxel: Voxel) -> str:
    """The voxel (z, y, x) as the viewer wrote it."""
    return str(list(voxel[::-1]))
