"""Lesions painted into an exam: their share of each voxel, and what they replace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.phantom.body.mapping import BodyMapping
from uptake.phantom.body.painting import paint
from uptake.phantom.body.parts import Ellipsoid, Part
from uptake.phantom.plan import LesionPlan

_REACH = 1.25
_MARGIN_MM = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class LesionShare:
    """One lesion on a grid: the box it lies in, and in that box how much of each voxel is lesion, and core (0 to 1)."""

    box: tuple[slice, slice, slice]
    whole: NDArray[np.float32]
    core: NDArray[np.float32]


def lesion_share(lesion: LesionPlan, geometry: ImageGeometry, mapping: BodyMapping) -> LesionShare | None:
    """Where the lesion lies on the grid, or None where it lies outside or has resolved."""
    if lesion.fate == "resolved":
        return None
    centre = mapping.to_patient(np.asarray([lesion.centre_mm]))[0]
    reach = max(lesion.half_axes_mm) * _REACH + lesion.roughness_mm + _MARGIN_MM
    corners = geometry.index(np.array([centre - reach, centre + reach]))
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, geometry.shape).astype(int)
    if np.any(high <= low):
        return None
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    x, y, z = geometry.position_mm(low).tolist()
    local = ImageGeometry(tuple((high - low).tolist()), geometry.spacing_mm, (x, y, z))
    placed = mapping.local(lesion.centre_mm)
    whole = _coverage(lesion, 1.0, local, placed)
    core = _coverage(lesion, lesion.core, local, placed) if lesion.core > 0 else np.zeros_like(whole)
    return LesionShare(box, whole, core)


def blend(values: NDArray[np.float32], share: LesionShare, value: float, core_value: float) -> None:
    """Put a lesion's values where it lies, in place; voxels on its surface keep the rest of what was there."""
    part = values[share.box]
    part += share.whole * (np.float32(value) - part)
    part += share.core * (np.float32(core_value) - part)


def _coverage(lesion: LesionPlan, size: float, geometry: ImageGeometry, mapping: BodyMapping) -> NDArray[np.float32]:
    x, y, z = (half * size for half in lesion.half_axes_mm)
    shape = Ellipsoid(
        lesion.centre_mm,
        (x, y, z),
        rotation_deg=lesion.rotation_deg,
        roughness_mm=lesion.roughness_mm * size,
        seed=lesion.seed,
    )
    part = Part(shape, "body", "lymph_node")
    return paint(geometry, [part], np.ones(1, np.float32), mapping).values
