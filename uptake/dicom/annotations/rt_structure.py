"""Contours of an RT Structure Set as voxels of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.uid import RTStructureSetStorage

from uptake.dicom.files.folder_scan import quiet_pydicom
from uptake.errors import SeriesRefused, UnreadableFile
from uptake.exam import ImageSeries
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_SAME_PLANE = 0.01  # of a slice
_FLATNESS = 0.25  # of a slice
_THICKEST_SLAB_MM = 6.0  # contours further apart were drawn here and there, and stand for one slice each
_Array = NDArray[np.float64]


def read_contours(path: Path, series: ImageSeries) -> dict[str, NDArray[np.bool_]]:
    """Masks ``(z, y, x)`` on a series' grid, by ROI name.

    A voxel belongs to a region if its centre lies inside an odd number of the contours of its plane, so that inner
    contours are holes. Contours may be drawn on another series with the same planes or others: each stands for a slab
    as thick as the usual distance between contours.

    Parameters
    ----------
    path
        An RT Structure Set.
    series
        Gives the grid and the frame of reference.

    Raises
    ------
    UnreadableFile
        If the file is no RT Structure Set, or its contours are malformed.
    SeriesRefused
        If its frame of reference is not the series', or contours are not parallel to its planes.

    References
    ----------
    DICOM PS3.3 C.8.8.6 (ROI Contour), C.8.8.5 (Structure Set).
    """
    with quiet_pydicom():
        dataset = _read(path)
        names = {int(item.ROINumber): str(item.get("ROIName") or "") for item in _items(dataset, "StructureSetROI")}
        masks: dict[str, NDArray[np.bool_]] = {}
        for item in _items(dataset, "ROIContour"):
            number = int(item.get("ReferencedROINumber") or 0)
            _require_frame(dataset, number, series)
            contours = [_points(each, series) for each in item.get("ContourSequence") or [] if _is_closed(each)]
            masks[_free_name(names.get(number) or f"ROI {number}", masks)] = fill_contours(contours, series.geometry)
    return masks


def label_contours(masks: Mapping[str, NDArray[np.bool_]], geometry: ImageGeometry) -> LabelMap:
    """Masks as regions 1, 2, ... in their order; where they overlap the smaller region is on top."""
    labels = np.zeros(geometry.shape, dtype=np.uint16)
    numbered = sorted(enumerate(masks.values(), start=1), key=lambda entry: -int(entry[1].sum()))
    for number, mask in numbered:
        labels[mask] = number
    return LabelMap(labels, geometry)


def fill_contours(contours: Sequence[_Array], geometry: ImageGeometry) -> NDArray[np.bool_]:
    """Voxels inside closed planar contours.

    Parameters
    ----------
    contours
        Points ``(n, 3)`` of each contour as fractional array indices z, y, x; whole numbers are voxel centres.
    geometry
        The grid.

    Returns
    -------
    mask
        bool ``(z, y, x)``. A centre that lies exactly on a contour counts on the low side (of y and x) alone, so that
        regions that share an edge share no voxel.
    """
    mask = np.zeros(geometry.shape, dtype=np.bool_)
    planes = _by_plane(contours)
    if not planes:
        return mask
    depths = np.asarray(sorted(planes))
    step = float(np.diff(depths).min()) if len(depths) > 1 else 1.0
    half = step / 2 if step * geometry.spacing_mm[0] <= _THICKEST_SLAB_MM else 0.5
    for index in range(geometry.shape[0]):
        offset = index - depths
        near = np.flatnonzero((offset >= -half - _SAME_PLANE) & (offset < half - _SAME_PLANE))
        if near.size:
            closest = depths[near[np.abs(offset[near]).argmin()]]
            mask[index] = _fill_plane(planes[float(closest)], geometry.shape[1:])
    return mask


def _by_plane(contours: Sequence[_Array]) -> dict[float, list[_Array]]:
    """Contours grouped by depth, each outline once: the same one twice would cancel itself out."""
    planes: dict[float, list[_Array]] = {}
    for points in sorted(contours, key=lambda each: float(each[:, 0].mean())):
        depth = float(points[:, 0].mean())
        last = max(planes, default=-np.inf)
        members = planes[last] if depth - last < _SAME_PLANE else planes.setdefault(depth, [])
        outline = points[:, 1:]
        if not any(each.shape == outline.shape and np.allclose(each, outline) for each in members):
            members.append(outline)
    return planes


def _fill_plane(outlines: Sequence[_Array], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Even-odd fill by scan lines through voxel centres: each edge toggles the voxels to its right."""
    rows, columns = shape
    crossings = np.zeros((rows, columns + 1), dtype=np.int64)
    for outline in outlines:
        y0, x0 = outline.T
        y1, x1 = np.roll(outline, -1, axis=0).T
        first = np.clip(np.ceil(np.minimum(y0, y1)), 0, rows).astype(np.int64)
        last = np.clip(np.ceil(np.maximum(y0, y1)), 0, rows).astype(np.int64)
        edge = np.repeat(np.arange(len(outline)), last - first)
        line = np.arange(len(edge)) - np.repeat(np.cumsum(last - first) - (last - first), last - first) + first[edge]
        across = x0[edge] + (line - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
        np.add.at(crossings, (line, np.clip(np.ceil(across), 0, columns).astype(np.int64)), 1)
    return np.asarray(np.cumsum(crossings, axis=1)[:, :columns] % 2 == 1)


def _read(path: Path) -> Dataset:
    try:
        dataset = pydicom.dcmread(path)
    except Exception as error:
        raise UnreadableFile(
            f"the structure set cannot be read ({type(error).__name__}).", remedy="Send it again."
        ) from error
    if dataset.get("SOPClassUID") != RTStructureSetStorage:
        raise UnreadableFile("the file is no RT Structure Set.", remedy="Give an RTSTRUCT object.")
    return dataset


def _items(dataset: Dataset, name: str) -> Sequence[Dataset]:
    return dataset.get(f"{name}Sequence") or []


def _is_closed(contour: Dataset) -> bool:
    return str(contour.get("ContourGeometricType", "")) in _CLOSED and "ContourData" in contour


def _points(contour: Dataset, series: ImageSeries) -> _Array:
    """A contour's points as fractional array indices."""
    element = contour.get_item("ContourData")
    stored = element.value if isinstance(element, RawDataElement) else b""  # a list of texts is slow to make
    try:
        values = np.array(stored.split(b"\\") if stored else contour.ContourData, dtype=np.float64)
    except ValueError:
        values = np.full(1, np.nan)
    if values.size % 3 or not np.isfinite(values).all():
        raise UnreadableFile(
            "is not a list of x, y, z.", remedy="Send the structure set again.", attribute="ContourData (3006,0050)"
        )
    points = series.geometry.index(values.reshape(-1, 3))
    if np.ptp(points[:, 0]) > _FLATNESS:
        raise SeriesRefused(
            "a contour is not parallel to the image planes.",
            remedy="Export contours that were drawn on the series' own planes.",
            series=series.label,
            attribute="ContourData (3006,0050)",
        )
    return points


def _require_frame(dataset: Dataset, number: int, series: ImageSeries) -> None:
    for item in _items(dataset, "StructureSetROI"):
        frame = str(item.get("ReferencedFrameOfReferenceUID") or "")
        if int(item.ROINumber) == number and frame and frame != series.frame_of_reference_uid:
            raise SeriesRefused(
                "contours belong to another frame of reference.",
                remedy="Give the structure set that was drawn on this exam.",
                series=series.label,
                attribute="ReferencedFrameOfReferenceUID (3006,0024)",
            )


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    count = 1
    candidate = name
    while candidate in taken:
        count += 1
        candidate = f"{name} ({count})"
    return candidate
