"""Writes the regions of an exam as a DICOM Segmentation, one binary segment per lesion."""

from __future__ import annotations

from math import cos, pi, sin, sqrt
from typing import Any

import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom import Dataset

from uptake.dicom.results.lesion_coding import lesion_coding, segment_algorithm
from uptake.dicom.results.output_instance import (
    DicomInstanceContext,
    complete_instance,
    instance_keywords,
    nameless,
)
from uptake.dicom.results.source_headers import SourceHeaders
from uptake.measurement import Findings, LesionMeasurement
from uptake.notice import RESEARCH_USE

NO_SEGMENTATION = "No region was found, so no DICOM Segmentation was written."
_GOLDEN_ANGLE = pi * (3 - sqrt(5))


def build_segmentation(source: SourceHeaders, findings: Findings, context: DicomInstanceContext) -> Dataset | None:
    """One BINARY segment per lesion, in the order of ``findings.lesions``; frames without a voxel are left out.

    Segments are coded by their lesion's class. Without classes they are Morphologically Abnormal Structure / Lesion,
    and the segment's description says that physiological uptake may be among them.

    Parameters
    ----------
    source
        Headers of the PET series on whose grid the label map lies.
    findings
        Label map, lesions and the method that found them.
    context
        Time and exam number of the run.

    Returns
    -------
    Dataset or None
        None where there is no lesion: a segmentation needs a segment.

    Raises
    ------
    ValueError
        If the label map is not on the series' grid, or a lesion has no voxel in it.

    References
    ----------
    DICOM PS3.3, A.51 (Segmentation IOD) and C.8.20.2 (Segmentation Image Module).
    """
    if not findings.lesions:
        return None
    if not findings.labels.geometry.same_grid(source.series.geometry):
        raise ValueError(f"{source.series.label}: the label map is not on the series' grid")
    segments = _numbered(findings)
    instance = Segmentation(
        source_images=nameless(source),
        pixel_array=in_frame_order(segments, source),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_describe(n, lesion, findings) for n, lesion in enumerate(findings.lesions, 1)],
        content_label="UPTAKE_REGIONS",
        content_description=RESEARCH_USE,
        **instance_keywords("segmentation", context),
    )
    return complete_instance(instance, source, context)


def _numbered(findings: Findings) -> NDArray[np.unsignedinteger[Any]]:
    """The label map with labels replaced by segment numbers, in the smallest type that holds them."""
    labels = findings.labels.array
    kind = np.uint8 if len(findings.lesions) < 256 else np.uint16
    lookup = np.zeros(int(labels.max()) + 1, dtype=kind)
    for number, lesion in enumerate(findings.lesions, 1):
        if lesion.label < len(lookup):
            lookup[lesion.label] = number
    segments: NDArray[np.unsignedinteger[Any]] = np.asarray(lookup[labels])
    if len(np.unique(segments[segments > 0])) != len(findings.lesions):
        raise ValueError("a lesion has no voxel in the label map")
    return segments


def in_frame_order(
    segments: NDArray[np.unsignedinteger[Any]], source: SourceHeaders
) -> NDArray[np.unsignedinteger[Any]]:
    """Planes in the order of the source's datasets, or of the frames of an enhanced multi-frame source."""
    frames = [plane.frame for plane in source.series.planes]
    if frames[0] is None:
        return segments
    ordered = np.zeros((int(source.datasets[0].NumberOfFrames), *segments.shape[1:]), dtype=segments.dtype)
    ordered[[frame - 1 for frame in frames if frame is not None]] = segments
    return ordered


def _describe(number: int, lesion: LesionMeasurement, findings: Findings) -> SegmentDescription:
    known = findings.class_of(lesion)
    coding = lesion_coding(known)
    description = SegmentDescription(
        segment_number=number,
        segment_label=(f"{lesion.tracking_id}: {known.title}" if known else lesion.tracking_id)[:64],
        segmented_property_category=coding.category,
        segmented_property_type=coding.type,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=segment_algorithm(findings),
        tracking_id=lesion.tracking_id,
        tracking_uid=lesion.tracking_uid,
        anatomic_regions=[coding.site] if coding.site else None,
        display_color=color(number),
    )
    what = known.title if known else "Region of elevated uptake"
    caveat = findings.caveats[0] if findings.caveats else ""
    description.SegmentDescription = f"{what}. {caveat} {RESEARCH_USE}"[:1024]
    return description


def color(number: int) -> CIELabColor:
    """Neighbouring numbers get hues far apart (steps of the golden angle), all of them within sRGB."""
    hue = number * _GOLDEN_ANGLE
    return CIELabColor(70.0, 35.0 * cos(hue), 35.0 * sin(hue))
