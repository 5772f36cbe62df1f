"""Puts the planes of a series in order and proves that they form one regular grid, or says why they do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from uptake.dicom.files.instance_header import InstanceHeader
from uptake.errors import SeriesRefused, UnsafeInput
from uptake.geometry import ImageGeometry, Vector

POSITION_JITTER_MM = 0.1
"""How far a slice may lie from its place on a regular grid; real headers round their positions."""
SHEAR_TOLERANCE_MM = 0.5
"""How far the slices may shift sideways over a whole series before it counts as tilted."""
MAXIMUM_VOLUME_BYTES = 4 * 2**30
"""Largest float32 volume that is decoded."""

_SAME_POSITION_MM = 0.01
_ORIENTATION_TOLERANCE = 1e-3
_SPACING_TOLERANCE = 1e-3
_ORIENTATION = "ImageOrientationPatient (0020,0037)"
_POSITION = "ImagePositionPatient (0020,0032)"
_SEND_AGAIN = "Send the whole series again from the scanner or PACS."
_Array = NDArray[np.float64]


def sort_planes(
    instances: Sequence[InstanceHeader], label: str
) -> tuple[tuple[InstanceHeader, ...], ImageGeometry, tuple[str, ...]]:
    """Planes in the order of their grid's z axis, the grid, and what was noticed.

    The z axis is the normal of Image Orientation (Patient), rows cross columns, so the grid is right-handed and the
    planes stay as they are stored, whatever the patient's position (head or feet first, supine or prone).

    Parameters
    ----------
    instances
        Planes of one series, copies of the same instance included once.
    label
        The series in messages.

    Raises
    ------
    SeriesRefused
        If a geometric attribute is missing or differs between planes; planes share a position (dynamic, gated,
        repeated), are missing, unevenly spaced or sheared by a gantry tilt.
    UnsafeInput
        If the volume would be larger than ``MAXIMUM_VOLUME_BYTES``.

    References
    ----------
    DICOM PS3.3 C.7.6.2 (Image Plane).
    """
    rows, columns = _one_matrix(instances, label)
    _check_size(len(instances), rows, columns, label)
    spacing = _one_value(instances, "pixel_spacing", "PixelSpacing (0028,0030)", 2, _SPACING_TOLERANCE, label)
    row, column, normal = _axes(instances, label)
    positions = _positions(instances, label)
    depth = positions @ normal
    order = np.argsort(depth, kind="stable")
    planes = tuple(instances[index] for index in order)
    depth, positions = depth[order], positions[order]
    if min(spacing) <= 0:
        raise SeriesRefused(
            f"is {spacing[0]:g} x {spacing[1]:g} mm.", remedy=_SEND_AGAIN, series=label, attribute="PixelSpacing"
        )
    step, notes = _single_step(planes[0], label) if len(planes) == 1 else (_regular_step(planes, depth, label), ())
    _check_shear(positions, normal, depth, label)
    geometry = ImageGeometry(
        shape=(len(planes), rows, columns),
        spacing_mm=(step, float(spacing[0]), float(spacing[1])),
        origin_mm=_vector(positions[0]),
        axes=(_vector(normal), _vector(column), _vector(row)),
    )
    return planes, geometry, notes


def _one_matrix(instances: Sequence[InstanceHeader], label: str) -> tuple[int, int]:
    sizes = {(each.pixels.encoding.rows, each.pixels.encoding.columns) for each in instances}
    if len(sizes) > 1:
        found = ", ".join(sorted(f"{rows} x {columns}" for rows, columns in sizes))
        raise SeriesRefused(
            f"images of different size in one series: {found}.",
            remedy="Split the series by image size.",
            series=label,
            attribute="Rows (0028,0010), Columns (0028,0011)",
        )
    rows, columns = sizes.pop()
    if not rows or not columns:
        raise SeriesRefused("missing.", remedy=_SEND_AGAIN, series=label, attribute="Rows (0028,0010)")
    return rows, columns


def _check_size(slices: int, rows: int, columns: int, label: str) -> None:
    if slices * rows * columns * 4 > MAXIMUM_VOLUME_BYTES:
        raise UnsafeInput(
            f"{slices} x {rows} x {columns} voxels need more than {MAXIMUM_VOLUME_BYTES / 2**30:g} GiB.",
            remedy="Check Rows, Columns and the number of slices; no real exam is this large.",
            series=label,
            attribute="Rows (0028,0010), Columns (0028,0011)",
        )


def _one_value(
    instances: Sequence[InstanceHeader], name: str, attribute: str, size: int, tolerance: float, label: str
) -> _Array:
    """A vector that all planes must have and share."""
    found = [getattr(each, name) for each in instances]
    lacking = sum(value is None or len(value) != size for value in found)
    if lacking:
        raise SeriesRefused(
            f"missing or malformed in {lacking} of {len(found)} slices.",
            remedy=_SEND_AGAIN,
            series=label,
            attribute=attribute,
        )
    table = np.asarray(found, dtype=np.float64)
    if not np.isfinite(table).all() or np.abs(table - table[0]).max() > tolerance:
        raise SeriesRefused(
            "differs between slices of one series.", remedy="Split the series.", series=label, attribute=attribute
        )
    return np.asarray(table[0])


def _axes(instances: Sequence[InstanceHeader], label: str) -> tuple[_Array, _Array, _Array]:
    """Unit vectors along a row, down a column, and their normal."""
    cosines = _one_value(instances, "orientation", _ORIENTATION, 6, _ORIENTATION_TOLERANCE, label)
    row, column = cosines[:3], cosines[3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if np.abs(np.asarray(lengths) - 1).max() > 0.01 or abs(float(row @ column)) > 0.01:
        raise SeriesRefused(
            "is not two unit vectors at right angles.", remedy=_SEND_AGAIN, series=label, attribute=_ORIENTATION
        )
    row = row / lengths[0]
    normal = np.cross(row, column)
    normal /= np.linalg.norm(normal)
    return row, np.cross(normal, row), normal


def _positions(instances: Sequence[InstanceHeader], label: str) -> _Array:
    lacking = sum(each.position is None for each in instances)
    positions = np.asarray([each.position or (np.nan,) * 3 for each in instances], dtype=np.float64)
    if lacking or not np.isfinite(positions).all():
        raise SeriesRefused(
            f"missing or malformed in {max(lacking, 1)} of {len(instances)} slices.",
            remedy=_SEND_AGAIN,
            series=label,
            attribute=_POSITION,
        )
    return positions


def _single_step(plane: InstanceHeader, label: str) -> tuple[float, tuple[str, ...]]:
    step = abs(plane.spacing_between_mm or plane.thickness_mm or 0.0)
    if step == 0.0 or not np.isfinite(step):
        raise SeriesRefused(
            "missing, and a single slice has no other spacing.",
            remedy=_SEND_AGAIN,
            series=label,
            attribute="SliceThickness (0018,0050)",
        )
    return step, (f"{label}: a single slice; its depth of {step:g} mm is taken from the header",)


def _regular_step(planes: Sequence[InstanceHeader], depth: _Array, label: str) -> float:
    """Slice spacing in mm, once no plane is repeated, missing or out of place."""
    gaps = np.diff(depth)
    usual = float(np.median(gaps))
    if float(gaps.min()) < _SAME_POSITION_MM:
        _refuse_repeated(planes, depth, label)
    wide = np.flatnonzero(gaps > 1.5 * usual)
    multiples = gaps[wide] / usual
    if wide.size and np.abs(multiples - np.round(multiples)).max() < 0.1:
        holes = ", ".join(f"{depth[index]:.2f} and {depth[index + 1]:.2f}" for index in wide[:5])
        missing = int(np.round(multiples - 1).sum())
        raise SeriesRefused(
            f"{missing} slice(s) of {usual:.2f} mm missing between {holes} mm.",
            remedy=_SEND_AGAIN,
            series=label,
            attribute=_POSITION,
        )
    step = float((depth[-1] - depth[0]) / (len(depth) - 1))
    astray = depth - depth[0] - step * np.arange(len(depth))
    worst = int(np.abs(astray).argmax())
    if abs(astray[worst]) > POSITION_JITTER_MM + 1e-6:
        raise SeriesRefused(
            f"slices are unevenly spaced, {gaps.min():.2f} to {gaps.max():.2f} mm; the one at {depth[worst]:.2f} mm is "
            f"{abs(astray[worst]):.2f} mm from its place.",
            remedy="Only evenly spaced slices can be measured: send the original series.",
            series=label,
            attribute=_POSITION,
        )
    return step


def _refuse_repeated(planes: Sequence[InstanceHeader], depth: _Array, label: str) -> None:
    """Several planes at one position: say which kind of series does that."""
    same = np.flatnonzero(np.diff(depth) < _SAME_POSITION_MM)
    first, second = planes[same[0]], planes[same[0] + 1]
    where = f"{len(same)} slice(s) share a position with another, first at {depth[same[0]]:.2f} mm"
    if first.trigger_time != second.trigger_time:
        reason = f"a gated series: {where}, at different trigger times."
        attribute = "TriggerTime (0018,1060)"
    elif first.acquired != second.acquired:
        reason = f"a dynamic series: {where}, at different acquisition times."
        attribute = "AcquisitionTime (0008,0032)"
    else:
        reason, attribute = f"duplicate slices: {where}, as different instances.", _POSITION
    raise SeriesRefused(reason, remedy="Send one static image per position.", series=label, attribute=attribute)


def _check_shear(positions: _Array, normal: _Array, depth: _Array, label: str) -> None:
    sideways = positions - positions[0] - np.outer(depth - depth[0], normal)
    shift = float(np.linalg.norm(sideways, axis=1).max())
    if shift > SHEAR_TOLERANCE_MM:
        tilt = float(np.degrees(np.arctan2(np.linalg.norm(sideways[-1]), depth[-1] - depth[0])))
        raise SeriesRefused(
            f"slices shift sideways by {shift:.1f} mm over the series (gantry tilt of {tilt:.1f} degrees).",
            remedy="Send a series without tilt, or one that the scanner has corrected.",
            series=label,
            attribute=_POSITION,
        )


def _vector(values: _Array) -> Vector:
    x, y, z = (float(value) + 0.0 for value in values)  # + 0.0 turns -0.0 into 0.0
    return x, y, z
