"""Writes a label map as a DICOM Segmentation: one binary segment per label, coded, with UIDs that stay the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from highdicom.sr import CodedConcept
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import DT

from uptake.dicom.results.output_instance import DicomInstanceContext, complete_instance, instance_keywords, nameless
from uptake.dicom.results.segmentation import color, in_frame_order
from uptake.dicom.results.source_headers import SourceHeaders
from uptake.dicom.results.uids import derived_uid
from uptake.volume import LabelMap

_SIDES = {"right": Code("24028007", "SCT", "Right"), "left": Code("7771000", "SCT", "Left")}
_CATEGORIES = {
    "anatomy": Code("91723000", "SCT", "Anatomical Structure"),
    "tissue": Code("85756007", "SCT", "Tissue"),
    "object": Code("260787004", "SCT", "Physical object"),
    "lesion": Code("49755003", "SCT", "Morphologically Abnormal Structure"),
}
_LESION = Code("52988006", "SCT", "Lesion")
_FAMILY = Code("113681", "DCM", "Phantom")


@dataclass(frozen=True, slots=True)
class LabelSegment:
    """What one number of a label map stands for.

    Parameters
    ----------
    label
        The number, from 1.
    name
        Segment Label; at most 64 characters are written.
    category
        ``anatomy``, ``tissue``, ``object`` or ``lesion``.
    code, meaning
        SNOMED CT: what it is; for a lesion, the anatomic region it lies in.
    laterality
        ``right``, ``left`` or empty.
    description
        Segment Description.
    """

    label: int
    name: str
    category: str
    code: str
    meaning: str
    laterality: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class LabelSeries:
    """The series that a segmentation of labels makes.

    Parameters
    ----------
    identity
        Text that its UIDs derive from: the same text gives the same UIDs.
    number, description
        Series Number and Series Description.
    content_label
        Content Label, a code string.
    algorithm, version
        Who made the labels.
    """

    identity: str
    number: int
    description: str
    content_label: str
    algorithm: str
    version: str

    def uid(self, role: str) -> str:
        """The series' UID for ``role``."""
        return derived_uid(f"{self.identity}/{role}")


def build_label_segmentation(
    source: SourceHeaders,
    labels: LabelMap,
    segments: Sequence[LabelSegment],
    series: LabelSeries,
    context: DicomInstanceContext,
) -> Dataset | None:
    """One BINARY segment per label that has a voxel, in the order given; frames without a voxel are left out.

    Parameters
    ----------
    source
        Headers of the PET series on whose grid the labels lie.
    labels
        Numbers that no segment names are left out.

    Returns
    -------
    Dataset or None
        The same bytes for the same arguments; None where no segment has a voxel.

    Raises
    ------
    ValueError
        If the label map is not on the series' grid, or two segments have one label.

    References
    ----------
    DICOM PS3.3, A.51 (Segmentation IOD) and C.8.20.2 (Segmentation Image Module).
    """
    if not labels.geometry.same_grid(source.series.geometry):
        raise ValueError(f"{source.series.label}: the label map is not on the series' grid")
    if len({segment.label for segment in segments}) != len(segments):
        raise ValueError("two segments have the same label")
    filled = set(np.flatnonzero(np.bincount(labels.array.ravel())).tolist())
    present = [segment for segment in segments if segment.label in filled]
    if not present:
        return None
    instance = Segmentation(
        source_images=nameless(source),
        pixel_array=in_frame_order(_renumbered(labels, present), source),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_describe(number, each, series) for number, each in enumerate(present, 1)],
        content_label=series.content_label,
        content_description=series.description[:64],
        **_series_keywords(series, context),
    )
    _fix_chance(instance, series, context)
    return complete_instance(instance, source, context)


def _series_keywords(series: LabelSeries, context: DicomInstanceContext) -> Mapping[str, Any]:
    return {
        **instance_keywords("segmentation", context),
        "series_instance_uid": series.uid("series"),
        "sop_instance_uid": series.uid("instance"),
        "series_number": series.number,
        "series_description": series.description,
    }


def _fix_chance(instance: Dataset, series: LabelSeries, context: DicomInstanceContext) -> None:
    """Replace what highdicom takes from chance and the clock: the dimensions' UID, and when highdicom contributed."""
    instance.ContributingEquipmentSequence[-1].ContributionDateTime = DT(context.created)
    uid = series.uid("dimension organization")
    for sequence in (instance.DimensionOrganizationSequence, instance.DimensionIndexSequence):
        for item in sequence:
            item.DimensionOrganizationUID = uid


def _renumbered(labels: LabelMap, segments: Sequence[LabelSegment]) -> NDArray[np.unsignedinteger[Any]]:
    """The map with labels replaced by segment numbers, in the smallest type that holds them."""
    kind = np.uint8 if len(segments) < 256 else np.uint16
    lookup = np.zeros(int(labels.array.max()) + 1, dtype=kind)
    for number, segment in enumerate(segments, 1):
        lookup[segment.label] = number
    renumbered: NDArray[np.unsignedinteger[Any]] = np.asarray(lookup[labels.array])
    return renumbered


def _describe(number: int, segment: LabelSegment, series: LabelSeries) -> SegmentDescription:
    concept = _sided(segment)
    lesion = segment.category == "lesion"
    description = SegmentDescription(
        segment_number=number,
        segment_label=segment.name[:64],
        segmented_property_category=_CATEGORIES[segment.category],
        segmented_property_type=_LESION if lesion else concept,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=series.algorithm, family=_FAMILY, version=series.version, source="Uptake project"
        ),
        tracking_id=f"{series.identity} {segment.name}"[-64:],
        tracking_uid=series.uid(f"segment {segment.name}"),
        anatomic_regions=[concept] if lesion else None,
        display_color=color(number),
    )
    if segment.laterality:
        modifier = CodedConcept.from_code(_SIDES[segment.laterality])
        if lesion:
            description.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [modifier]
        else:
            description.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [modifier]
    if segment.description:
        description.SegmentDescription = segment.description[:1024]
    return description


def _sided(segment: LabelSegment) -> CodedConcept:
    # A copy each, since the side is written into it.
    return CodedConcept(segment.code, "SCT", segment.meaning[:64])
