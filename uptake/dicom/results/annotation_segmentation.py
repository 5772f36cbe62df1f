"""Writes a label map as a DICOM Segmentation, one binary segment per class: an annotator's, or a machine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom import Dataset

from uptake import __version__
from uptake.dicom.results.codes import code
from uptake.dicom.results.lesion_coding import lesion_coding
from uptake.dicom.results.output_instance import (
    MANUFACTURER,
    DicomInstanceContext,
    complete_instance,
    instance_keywords,
    nameless,
)
from uptake.dicom.results.segmentation import color, in_frame_order
from uptake.dicom.results.source_headers import SourceHeaders
from uptake.dicom.results.uids import derived_uid
from uptake.lesion_class import LesionClass
from uptake.notice import RESEARCH_USE
from uptake.volume import LabelMap

_ALGORITHM_TYPES = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")
_LONG_STRING = 64
_MOST_SEGMENTS = 255


@dataclass(frozen=True, slots=True)
class SegmentationMaker:
    """Who made the labels, and what their object is called.

    Parameters
    ----------
    identity
        Text that the UIDs derive from: the same text gives the same UIDs, another text others.
    algorithm_type
        ``AUTOMATIC``, ``SEMIAUTOMATIC`` or ``MANUAL`` (Segment Algorithm Type).
    algorithm, version
        What helped; not written for ``MANUAL``.
    author
        Content Creator's Name; empty for a machine. Hidden from ``repr``.
    description
        Series Description.
    """

    identity: str
    algorithm_type: str
    algorithm: str = "Uptake"
    version: str = __version__
    author: str = field(default="", repr=False)
    description: str = "Uptake label"

    def __post_init__(self) -> None:
        if self.algorithm_type not in _ALGORITHM_TYPES:
            raise ValueError(f"the algorithm type is one of {', '.join(_ALGORITHM_TYPES)}")
        if any(character in self.author for character in "\\^=") or not self.author.isprintable():
            raise ValueError("an author's name holds printable characters without \\, ^ and =")
        if not self.identity:
            raise ValueError("the UIDs need a text to derive from")

    def uid(self, role: str) -> str:
        """The UID for ``role``, ``instance`` for one."""
        return derived_uid(f"{self.identity}/{role}")


def build_annotation_segmentation(
    source: SourceHeaders,
    labels: LabelMap,
    classes: Mapping[int, LesionClass],
    maker: SegmentationMaker,
    context: DicomInstanceContext,
) -> Dataset:
    """One BINARY segment per class that has a voxel; frames without a voxel are left out.

    An exam without any region gives one frame of zeros under the first class: that nothing is there is a statement too,
    and a segmentation needs a segment.

    Parameters
    ----------
    source
        Headers of the PET series on whose grid the labels lie.
    classes
        What each value of the labels stands for; at least one.

    Raises
    ------
    ValueError
        If the labels are not on the series' grid, have a value that no class names, or more than 255 classes.

    References
    ----------
    DICOM PS3.3, A.51 (Segmentation IOD) and C.8.20.2 (Segmentation Image Module).
    """
    if not labels.geometry.same_grid(source.series.geometry):
        raise ValueError(f"{source.series.label}: the label map is not on the series' grid")
    values = np.flatnonzero(np.bincount(labels.array.ravel()))
    present = [int(value) for value in values if value]
    if unnamed := [value for value in present if value not in classes]:
        raise ValueError(f"labels {unnamed} have no class")
    if len(present) > _MOST_SEGMENTS:
        raise ValueError(f"{len(present)} classes are more than {_MOST_SEGMENTS}")
    present = present or sorted(classes)[:1]
    images, pixels = _images(source, labels, present)
    instance = Segmentation(
        source_images=images,
        pixel_array=pixels,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_describe(n, classes[value], maker) for n, value in enumerate(present, 1)],
        content_label="UPTAKE_LABEL" if maker.author else "UPTAKE_MODEL",
        content_description=RESEARCH_USE,
        omit_empty_frames=bool(labels.array.any()),
        **_keywords(maker, context),
    )
    # Not through highdicom, which puts a name without a caret into the text of a warning.
    instance.ContentCreatorName = maker.author
    return complete_instance(instance, source, context)


def encode_dataset(dataset: Dataset) -> bytes:
    """An object as the bytes of a DICOM Part 10 file."""
    with BytesIO() as held:
        dataset.save_as(held, enforce_file_format=True)
        return held.getvalue()


def _images(source: SourceHeaders, labels: LabelMap, present: list[int]) -> tuple[list[Dataset], Any]:
    images = nameless(source)
    if not labels.array.any():
        if source.series.planes[0].frame is None:
            return images[:1], np.zeros((1, *labels.array.shape[1:]), np.uint8)
        return images, in_frame_order(np.zeros(labels.array.shape, np.uint8), source)
    numbers = np.zeros(max(present) + 1, dtype=np.uint8)
    numbers[present] = np.arange(1, len(present) + 1)
    segments: NDArray[np.uint8] = np.asarray(numbers[labels.array])
    return images, in_frame_order(segments, source)


def _keywords(maker: SegmentationMaker, context: DicomInstanceContext) -> dict[str, Any]:
    return {
        **instance_keywords("segmentation", context),
        "series_instance_uid": maker.uid("series"),
        "sop_instance_uid": maker.uid("instance"),
        "series_description": maker.description[:_LONG_STRING],
    }


def _describe(number: int, known: LesionClass, maker: SegmentationMaker) -> SegmentDescription:
    coding = lesion_coding(known)
    algorithm = None
    if maker.algorithm_type != "MANUAL":
        algorithm = AlgorithmIdentificationSequence(
            name=maker.algorithm[:_LONG_STRING],
            family=code("artificial_intelligence"),
            version=maker.version[:_LONG_STRING],
            source=MANUFACTURER,
        )
    return SegmentDescription(
        segment_number=number,
        segment_label=known.title[:_LONG_STRING],
        segmented_property_category=coding.category,
        segmented_property_type=coding.type,
        algorithm_type=SegmentAlgorithmTypeValues(maker.algorithm_type),
        algorithm_identification=algorithm,
        tracking_id=f"{known.name} {maker.uid('instance')[-20:]}"[-_LONG_STRING:],
        tracking_uid=maker.uid(f"segment {known.name}"),
        anatomic_regions=[coding.site] if coding.site else None,
        display_color=color(number),
    )
