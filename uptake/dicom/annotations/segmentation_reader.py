"""Reads DICOM Segmentations, whoever wrote them: binary, fractional, label map; sparse and overlapping."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from uptake.dicom.annotations.coded_value import CodedValue, plain_text, read_code
from uptake.dicom.annotations.frame_grid import frame_grid, functional_group, refused
from uptake.errors import SeriesRefused, UnreadableFile, UnsafeInput
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

# Voxels of all frames together, and of the grid they span.
_MOST_VOXELS = 2_000_000_000
_GRID_TOLERANCE_MM = 0.1
_LABEL_MAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One segment; its voxels are kept for the planes that have a frame only.

    Parameters
    ----------
    number, label
        As in the Segment Sequence.
    tracking_id, tracking_uid
        Empty where the writer gave none.
    category, type
        The segmented property's codes.
    planes
        Indices along z of the object's geometry.
    frames
        Bool ``(planes, rows, columns)``.
    """

    number: int
    label: str
    tracking_id: str
    tracking_uid: str
    category: CodedValue | None
    type: CodedValue | None
    planes: tuple[int, ...]
    frames: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationObject:
    """A segmentation's segments on one grid, which spans the planes that have frames."""

    geometry: ImageGeometry
    frame_of_reference_uid: str
    source_series_uids: tuple[str, ...]
    segments: tuple[Segment, ...]

    def mask(self, segment: Segment) -> NDArray[np.bool_]:
        """One segment's voxels, bool ``(z, y, x)`` on this object's grid."""
        full = np.zeros(self.geometry.shape, dtype=np.bool_)
        for plane, frame in zip(segment.planes, segment.frames, strict=True):
            full[plane] |= frame
        return full

    def label_map(self, geometry: ImageGeometry | None = None) -> LabelMap:
        """All segments by number, on this object's grid or on a given one that its voxels coincide with.

        Raises
        ------
        SeriesRefused
            If segments overlap, or voxels do not coincide with or lie outside the given grid.
        """
        labels = np.zeros(self.geometry.shape, dtype=np.uint16)
        for segment in self.segments:
            for plane, frame in zip(segment.planes, segment.frames, strict=True):
                if not np.isin(labels[plane][frame], (0, segment.number)).all():
                    raise refused("its segments overlap, so no label map holds them.", "Use the masks one by one.")
                labels[plane][frame] = segment.number
        if geometry is None:
            return LabelMap(labels, self.geometry)
        return LabelMap(_placed(labels, self.geometry, geometry), geometry)


def read_segmentation(path: Path) -> SegmentationObject:
    """Decode every segment; fractional ones count from half of their maximum.

    Raises
    ------
    UnreadableFile
        If the file is no DICOM Segmentation or its pixels cannot be decoded.
    UnsafeInput
        If the header announces more voxels than can be held.
    SeriesRefused
        If the frames do not lie on one regular grid in the patient.

    References
    ----------
    DICOM PS3.3 C.8.20.2 (Segmentation Image) and C.7.6.16 (functional groups).
    """
    try:
        with warnings.catch_warnings():
            # Faults in another writer's values are none of our caller's business.
            warnings.simplefilter("ignore")
            return _decoded(dcmread(path))
    except (UnsafeInput, SeriesRefused):
        raise
    except Exception as error:
        raise UnreadableFile(
            f"a file could not be read as a segmentation ({type(error).__name__}).",
            remedy="Give a DICOM Segmentation object.",
            series="SEG",
        ) from error


def _decoded(dataset: Dataset) -> SegmentationObject:
    if "SegmentSequence" not in dataset:
        raise ValueError("no segmentation")
    _bound(int(dataset.get("NumberOfFrames") or 1) * int(dataset.Rows) * int(dataset.Columns))
    geometry, planes = frame_grid(dataset)
    _bound(prod(geometry.shape))
    segments = tuple(_segments(dataset, planes))
    series = [plain_text(item.get("SeriesInstanceUID")) for item in dataset.get("ReferencedSeriesSequence") or []]
    return SegmentationObject(geometry, plain_text(dataset.get("FrameOfReferenceUID")), tuple(series), segments)


def _bound(voxels: int) -> None:
    if voxels > _MOST_VOXELS:
        raise UnsafeInput(f"it announces {voxels} voxels.", remedy="Send a smaller segmentation.", series="SEG")


def _segments(dataset: Dataset, planes: list[int]) -> Iterator[Segment]:
    pixels = dataset.pixel_array.reshape(-1, int(dataset.Rows), int(dataset.Columns))
    frames = dataset.PerFrameFunctionalGroupsSequence
    label_map = dataset.SOPClassUID == _LABEL_MAP_STORAGE or dataset.get("SegmentationType") == "LABELMAP"
    half = int(dataset.get("MaximumFractionalValue") or 255) / 2
    fractional = dataset.get("SegmentationType") == "FRACTIONAL"
    numbers = [] if label_map else [_segment_number(dataset, frame) for frame in frames]
    for item in dataset.SegmentSequence:
        number = int(item.SegmentNumber)
        if label_map:
            if number == 0:
                continue  # a label map may describe its background
            held = [index for index, frame in enumerate(pixels) if (frame == number).any()]
            voxels = pixels[held] == number
        else:
            held = [index for index, own in enumerate(numbers) if own == number]
            voxels = pixels[held] >= half if fractional else pixels[held] > 0
        yield Segment(
            number=number,
            label=plain_text(item.get("SegmentLabel")),
            tracking_id=plain_text(item.get("TrackingID")),
            tracking_uid=plain_text(item.get("TrackingUID")),
            category=read_code(item, "SegmentedPropertyCategoryCodeSequence"),
            type=read_code(item, "SegmentedPropertyTypeCodeSequence"),
            planes=tuple(planes[index] for index in held),
            frames=voxels,
        )


def _segment_number(dataset: Dataset, frame: Dataset) -> int:
    return int(functional_group(dataset, frame, "SegmentIdentificationSequence").ReferencedSegmentNumber)


def _placed(labels: NDArray[np.uint16], own: ImageGeometry, wanted: ImageGeometry) -> NDArray[np.uint16]:
    """Labels moved voxel by voxel to a grid that they coincide with; axes may run the other way or be exchanged."""
    at = np.argwhere(labels)
    exact = wanted.index(own.position_mm(at))
    index = np.rint(exact).astype(np.int64)
    off_mm = np.abs((exact - index) * np.asarray(wanted.spacing_mm))
    if len(at) and (off_mm.max() > _GRID_TOLERANCE_MM or not np.allclose(own.voxel_volume_ml, wanted.voxel_volume_ml)):
        raise refused("its voxels do not coincide with the images' grid.")
    if len(at) and ((index < 0).any() or (index >= np.asarray(wanted.shape)).any()):
        raise refused("it reaches beyond the images' grid.")
    placed = np.zeros(wanted.shape, dtype=np.uint16)
    placed[tuple(index.T)] = labels[tuple(at.T)]
    return placed
