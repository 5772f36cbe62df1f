"""The head and neck within an exam, and the central transaxial crop: the part of a PET that a network is shown.

Nikulin 2023 (doi:10.1007/s00259-023-06197-1): images are "centrally cropped to a matrix size of 128 x 128 in the
transaxial plane (corresponding to 32 x 32 cm field coverage)" and get "a further variable axial crop ... preserving
the head and neck region". How the region is found is not said; ours is the body's outline in the PET alone, so that it
is the same with a CT that is cut off or lies elsewhere:

- in each axial plane the run of body voxels around the midline is measured from side to side; arms that stand apart do
  not count;
- shoulders begin where that run gets wider than any head and neck and stays so for 3 cm;
- the region is what lies above them up to the top of the head, 36 cm at most (a raised arm may reach higher), and 11 cm
  below, which holds the supraclavicular nodes and what of them the arms' position shifts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.errors import InputRefused
from uptake.geometry import ImageGeometry
from uptake.inference.body_box import Box
from uptake.inference.model_store.field_of_view import FieldOfView

# Head breadth is 13 to 17 cm and a stout neck 18; shoulders are 33 to 50 cm. The PET's outline adds about 1 cm.
_WIDEST_NECK_MM = 225.0
_NARROWEST_HEAD_MM = 60.0
_STAYS_WIDE_MM = 30.0
_TALLEST_MM = 360.0
_BELOW_SHOULDERS_MM = 110.0
_SHORTEST_MM = 50.0
_MIDLINE_REACH_MM = 60.0


def field_box(body: NDArray[np.bool_], geometry: ImageGeometry, field: FieldOfView) -> Box:
    """Find the part of a PET that a network is shown, in whole voxels of the PET.

    Parameters
    ----------
    body
        Mask (z, y, x) of the patient, z to the head; left and right do not matter.
    geometry
        Of the mask.
    field
        Which part.

    Returns
    -------
    Box
        A central crop is never larger than ``centre_crop_mm``, so that on the network's grid it never has a voxel more
        than the patch it is meant for.

    Raises
    ------
    InputRefused
        If ``head_neck`` is asked for and there is no head or neck in the field of view.
    """
    start, stop = [0, 0, 0], list(geometry.shape)
    if field.axial == "head_neck":
        start[0], stop[0] = head_neck_planes(body, geometry)
    if field.centre_crop_mm is not None:
        for axis, side_mm in zip((1, 2), field.centre_crop_mm, strict=True):
            start[axis], stop[axis] = _central(geometry.shape[axis], geometry.spacing_mm[axis], side_mm)
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def head_neck_planes(body: NDArray[np.bool_], geometry: ImageGeometry) -> tuple[int, int]:
    """First axial plane of the head and neck, and the first above it.

    Parameters
    ----------
    body
        Mask (z, y, x), z to the head.
    geometry
        Of the mask.

    Raises
    ------
    InputRefused
        If there is none.
    """
    step_mm = geometry.spacing_mm[0]
    found = _narrow_stretch(_central_widths_mm(body, geometry.spacing_mm), step_mm)
    if found is None:
        raise InputRefused(
            "there is no head or neck in the field of view: the body's outline nowhere narrows to one above shoulders.",
            remedy="Give an exam that shows head and neck, or choose another task.",
        )
    shoulders, top = found
    low = max(shoulders - round(_BELOW_SHOULDERS_MM / step_mm), 0)
    return low, min(top, shoulders + round(_TALLEST_MM / step_mm))


def _central(count: int, spacing_mm: float, side_mm: float) -> tuple[int, int]:
    wanted = min(max(int(side_mm / spacing_mm + 1e-6), 1), count)
    low = (count - wanted) // 2
    return low, low + wanted


def _narrow_stretch(width_mm: NDArray[np.float64], step_mm: float) -> tuple[int, int] | None:
    """First plane of, and first above, the highest stretch of planes that is no wider than a neck and holds a head.

    A narrow stretch with the trunk above it and nothing below is legs, no head.
    """
    kept = np.ones(max(round(_STAYS_WIDE_MM / step_mm), 1), dtype=bool)
    wide = ndimage.binary_opening(width_mm > _WIDEST_NECK_MM, kept)
    there = np.flatnonzero(width_mm > 0)
    if not there.size:
        return None
    top = int(there[-1]) + 1
    pieces, count = ndimage.label(~wide[:top])
    for number in range(count, 0, -1):
        planes = np.flatnonzero(pieces == number)
        low, high = int(planes[0]), int(planes[-1]) + 1
        head = (width_mm[low:high] > _NARROWEST_HEAD_MM) & (width_mm[low:high] <= _WIDEST_NECK_MM)
        legs = low == 0 and high < top
        if head.sum() * step_mm >= _SHORTEST_MM and not legs:
            return low, high
    return None


def _central_widths_mm(body: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    """Width of each plane's run of body about the midline, side to side; 0 where none lies about it, as with legs.

    A run is read off the plane's shadow on the x axis, so that a chin or ears in front of it do not hide it.
    """
    widths = np.zeros(body.shape[0])
    weight = body.sum(axis=1, dtype=np.int64)
    if not weight.any():
        return widths
    middle = float(np.average(np.arange(body.shape[2]), weights=weight.sum(axis=0)))
    for plane in range(body.shape[0]):
        edges = np.flatnonzero(np.diff(np.pad(weight[plane] > 0, 1).astype(np.int8))).reshape(-1, 2)
        runs = [(int(low), int(high)) for low, high in edges]
        near = [run for run in runs if abs((run[0] + run[1] - 1) / 2 - middle) * spacing_mm[2] <= _MIDLINE_REACH_MM]
        if near:
            low, high = max(near, key=lambda run: int(weight[plane, run[0] : run[1]].sum()))
            widths[plane] = (high - low) * spacing_mm[2]
    return widths
