"""Closed contours of a region in one plane; holes joined to what surrounds them, as DICOM's key-hole wants."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

Points = NDArray[np.float64]


def plane_contours(mask: NDArray[np.bool_]) -> list[Points]:
    """Outlines of a mask, half-way between voxel centres inside and outside.

    Corners are cut, so that each outline holds half a voxel's area less than its voxels; a reader that takes the voxels
    whose centres lie inside gets the mask back. Parts that touch at a corner alone have an outline each, or one.

    Parameters
    ----------
    mask
        bool ``(y, x)``.

    Returns
    -------
    list of array
        Points ``(n, 2)`` of each part as fractional indices y, x, not closed by a repeated point. A part's holes are
        joined to its outer line by channels without width.

    References
    ----------
    DICOM PS3.3 C.8.8.6.3 (inner and outer contours; the key-hole technique).
    """
    padded = np.pad(mask, 1).astype(np.float64)
    # Typed as any of its kinds of filling.
    filled: Any = contour_generator(z=padded, fill_type=FillType.OuterOffset).filled(0.5, 2.0)
    lines, offsets = filled
    contours = []
    for points, ends in zip(lines, offsets, strict=True):
        # contourpy gives x before y, with the first point again as the last.
        rings = [points[first : last - 1, ::-1] - 1.0 for first, last in pairwise(ends)]
        outer = rings[0]
        for hole in rings[1:]:
            outer = _joined(outer, hole)
        contours.append(outer)
    return contours


def _joined(outer: Points, hole: Points) -> Points:
    """Outer line and hole as one, by a channel along y and then x between their nearest points.

    Both its sides run through the same points, so that they cancel each other out wherever it leads.
    """
    apart = np.abs(outer[:, None, :] - hole[None, :, :]).sum(axis=2)
    leave, enter = np.unravel_index(int(apart.argmin()), apart.shape)
    corner = np.array([[hole[enter, 0], outer[leave, 1]]])
    around = np.roll(hole, -int(enter), axis=0)
    there = [outer[: leave + 1], corner, around, around[:1], corner, outer[leave:]]
    return np.concatenate(there)
