"""Where the frames of a multi-frame object lie in the patient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from uptake.errors import SeriesRefused
from uptake.geometry import ImageGeometry, Vector

_MOST_SLICES = 10_000
_PLANE_TOLERANCE = 0.05
_GAP_TOLERANCE = 0.2
_SAME_PLANE_MM = 0.05


def refused(reason: str, remedy: str = "Give a segmentation made on the images' own grid.") -> SeriesRefused:
    """The error for a segmentation that cannot be placed in the patient."""
    return SeriesRefused(reason, remedy=remedy, series="SEG")


def functional_group(dataset: Dataset, frame: Dataset, keyword: str) -> Dataset:
    """A functional group's item: per frame, or shared by all."""
    for holder in (frame, *(dataset.get("SharedFunctionalGroupsSequence") or [])):
        if holder.get(keyword):
            return holder[keyword].value[0]
    raise refused(f"its frames have no {keyword}.")


def _vector(values: Any) -> Vector:
    x, y, z = (float(value) for value in values)
    return (x, y, z)


def frame_grid(dataset: Dataset) -> tuple[ImageGeometry, list[int]]:
    """The regular grid that the frames of a multi-frame object lie on, and each frame's index along z.

    Raises
    ------
    SeriesRefused
        If the frames differ in orientation, are unevenly spaced, or are not stacked along their normal.

    References
    ----------
    DICOM PS3.3 C.7.6.16.2.1, .3 and .4 (Pixel Measures, Plane Position, Plane Orientation).
    """
    frames = dataset.PerFrameFunctionalGroupsSequence
    orientation = np.array(
        functional_group(dataset, frames[0], "PlaneOrientationSequence").ImageOrientationPatient, dtype=float
    )
    for frame in frames:
        own = functional_group(dataset, frame, "PlaneOrientationSequence").ImageOrientationPatient
        if not np.allclose(np.array(own, dtype=float), orientation, atol=1e-3):
            raise refused("its frames have several orientations.")
    measures = functional_group(dataset, frames[0], "PixelMeasuresSequence")
    row, column = orientation[:3] / np.linalg.norm(orientation[:3]), orientation[3:] / np.linalg.norm(orientation[3:])
    normal = np.cross(row, column)
    positions = np.array(
        [functional_group(dataset, f, "PlanePositionSequence").ImagePositionPatient for f in frames], dtype=float
    )
    spacing_mm, planes = _plane_indices(positions @ normal, measures)
    origin = positions[int(np.argmin(positions @ normal))]
    geometry = ImageGeometry(
        shape=(max(planes) + 1, int(dataset.Rows), int(dataset.Columns)),
        spacing_mm=(spacing_mm, float(measures.PixelSpacing[0]), float(measures.PixelSpacing[1])),
        origin_mm=_vector(origin),
        axes=(_vector(normal), _vector(column), _vector(row)),
    )
    drift = np.abs(positions - geometry.position_mm([(plane, 0, 0) for plane in planes])).max()
    if drift > _PLANE_TOLERANCE * spacing_mm:
        raise refused("its frames are not stacked along their normal.")
    return geometry, planes


def _plane_indices(depth_mm: NDArray[np.float64], measures: Dataset) -> tuple[float, list[int]]:
    """Spacing and each frame's plane: gaps are counted one by one, so that jitter and left-out planes do not add up."""
    order = np.argsort(depth_mm)
    gaps = np.diff(depth_mm[order])
    gaps[gaps < _SAME_PLANE_MM] = 0.0
    between = gaps[gaps > 0]
    given = float(measures.get("SpacingBetweenSlices") or 0.0)
    # SliceThickness may differ from the spacing: neighbouring frames say it better, where there are any.
    smallest = float(between.min()) if len(between) else float(measures.get("SliceThickness") or 1.0)
    spacing_mm = abs(given) or smallest
    steps = np.rint(gaps / spacing_mm)
    if (np.abs(gaps / spacing_mm - steps) > _GAP_TOLERANCE).any() or (steps[gaps > 0] < 1).any():
        raise refused("its frames are unevenly spaced.")
    indices = np.zeros(len(depth_mm), dtype=np.int64)
    indices[order[1:]] = np.cumsum(steps).astype(np.int64)
    last = int(indices.max())
    if last >= _MOST_SLICES:
        raise refused("its frames span too many slices.")
    return (float(np.ptp(depth_mm)) / last if last else spacing_mm), [int(index) for index in indices]
