"""Where the grids of an exam lie: the PET's, the finer one its activity is painted on, and the CT's."""

from __future__ import annotations

from math import ceil

import numpy as np

from uptake.geometry import ImageGeometry
from uptake.phantom.body.mapping import BodyMapping, mapping_of
from uptake.phantom.plan import ExamPlan

_FINE_PER_VOXEL = 2
_CT_FIELD_MM = 500.0
_MARGIN_MM = 12.0
# Body coordinates, millimetres: what must lie in the field of view (half widths to either side, front to back, height).
_HEIGHT_MM = {"whole-body": (-220.0, 975.0), "head-neck": (585.0, 975.0)}
_ARMS_UP_TOP_MM = 1075.0
_HALF_WIDTH_MM = {"whole-body": 262.0, "head-neck": 245.0}
_DEPTH_MM = (-165.0, 150.0)


def pet_geometry(exam: ExamPlan) -> ImageGeometry:
    """The scanner's PET grid: square, centred on the table's middle, as long as the planned field of view."""
    low, high = _extent(exam)
    spacing = exam.scanner.pet_spacing_mm
    slices = ceil((high[2] - low[2]) / spacing[0])
    field = max(high[0] - low[0], high[1] - low[1])
    side = 2 * ceil(field / spacing[2] / 2)
    centre = (low + high) / 2
    x, y = (float(centre[axis]) - (side - 1) / 2 * spacing[2 - axis] for axis in (0, 1))
    return ImageGeometry(shape=(slices, side, side), spacing_mm=spacing, origin_mm=(x, y, float(low[2])))


def fine_geometry(exam: ExamPlan, geometry: ImageGeometry) -> ImageGeometry:
    """The grid that activity is painted on: two voxels to one of the PET along each axis, in the body's box only."""
    low, high = _extent(exam)
    first = np.maximum(np.floor(geometry.index(low)), 0).astype(int)
    last = np.minimum(np.ceil(geometry.index(high)), np.asarray(geometry.shape) - 1).astype(int)
    count = (last - first + 1) * _FINE_PER_VOXEL
    spacing = tuple(each / _FINE_PER_VOXEL for each in geometry.spacing_mm)
    # The first fine voxel's centre lies a quarter of a PET voxel before the first PET voxel's.
    origin = geometry.position_mm(first - (1 - 1 / _FINE_PER_VOXEL) / 2)
    return ImageGeometry(
        shape=(int(count[0]), int(count[1]), int(count[2])),
        spacing_mm=(spacing[0], spacing[1], spacing[2]),
        origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
    )


def ct_geometry(exam: ExamPlan) -> ImageGeometry:
    """The CT's own grid: 500 mm across, finer in the plane, with another origin than the PET's."""
    low, high = _extent(exam)
    spacing = exam.scanner.ct_spacing_mm
    slices = ceil((high[2] - low[2]) / spacing[0])
    side = 2 * round(_CT_FIELD_MM / spacing[2] / 2)
    centre = (low + high) / 2
    x, y = (float(centre[axis]) - (side - 1) / 2 * spacing[2 - axis] for axis in (0, 1))
    return ImageGeometry(shape=(slices, side, side), spacing_mm=spacing, origin_mm=(x, y, float(low[2]) + 0.7))


def body_mapping(exam: ExamPlan, *, during_ct: bool = False) -> BodyMapping:
    """Where the exam's body lies: during the PET, or during the CT with its other breath."""
    return mapping_of(exam.body, exam.pose, breath_mm=exam.ct_breath_mm if during_ct else 0.0)


def _extent(exam: ExamPlan) -> tuple[Vector3, Vector3]:
    """The corners of the box to be scanned, patient coordinates x, y, z."""
    bottom, top = _HEIGHT_MM[exam.field]
    if exam.pose.arms_up:
        top = max(top, _ARMS_UP_TOP_MM) if exam.field == "whole-body" else top
    half = _HALF_WIDTH_MM[exam.field]
    corners = np.array([(x, y, z) for x in (-half, half) for y in _DEPTH_MM for z in (bottom, top)])
    mapped = body_mapping(exam).to_patient(corners)
    return mapped.min(axis=0) - _MARGIN_MM, mapped.max(axis=0) + _MARGIN_MM


Vector3 = np.ndarray[tuple[int], np.dtype[np.float64]]
