"""Writes an exam's lesions as an RT Structure Set on its CT: a region of interest per lesion, coded by its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from highdicom.base import SOPClass
from highdicom.sr import CodedConcept
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage
from pydicom.valuerep import DA, TM
from scipy import ndimage

from uptake.dicom.results.lesion_coding import lesion_coding
from uptake.dicom.results.output_instance import DicomInstanceContext, complete_instance, instance_keywords
from uptake.dicom.results.planar_contours import plane_contours
from uptake.dicom.results.segmentation import color
from uptake.dicom.results.source_headers import SourceHeaders
from uptake.measurement import Findings, LesionMeasurement
from uptake.notice import RESEARCH_USE
from uptake.volume import LabelMap

# Retired, but what PS3.3 C.8.8.5 still names for a reference to a study.
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
_SHORT_NAMES: Mapping[str, str] = {"primary_tumour": "GTVp", "lymph_node_metastasis": "GTVn"}
_SHORT_TEXT = 1024
_LONG_STRING = 64
_WHOLE_VOXEL = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """One lesion on the CT: its mask in a box, and the box's first voxel in the CT's grid."""

    number: int
    lesion: LesionMeasurement
    mask: NDArray[np.bool_]
    corner: NDArray[np.int64]


def build_structure_set(
    source: SourceHeaders, findings: Findings, regions: LabelMap, context: DicomInstanceContext
) -> Dataset | None:
    """Closed planar contours of every lesion, for radiation treatment planning; to be approved by a reader.

    Regions are named ``GTVp_n`` and ``GTVn_n`` by class, ``GTV_n`` for other lesions of a network and ``Region_n``
    without one, with the lesion's number n. Only a network's lesions are interpreted as GTV: a threshold's may be
    physiological.

    Parameters
    ----------
    source
        Headers of the CT series.
    findings
        The lesions, and what found them.
    regions
        Their numbers on a box of the CT's grid. Lesions without a voxel there are left out and named in the
        description.
    context
        Time and exam number of the run.

    Returns
    -------
    Dataset or None
        None where no lesion has a voxel.

    Raises
    ------
    ValueError
        If the box does not lie on the CT's grid.

    References
    ----------
    DICOM PS3.3 A.19 (RT Structure Set IOD), C.8.8.5, C.8.8.6, C.8.8.8; names after AAPM TG-263.
    """
    found, missing = _regions(findings, regions, source)
    if not found:
        return None
    header = source.datasets[0]
    # A structure set has its own date instead of the content's.
    keywords = {k: v for k, v in instance_keywords("structure set", context).items() if not k.startswith("content_")}
    instance = SOPClass(
        study_instance_uid=header.StudyInstanceUID,
        sop_class_uid=RTStructureSetStorage,
        modality="RTSTRUCT",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **keywords,
    )
    instance.OperatorsName = ""
    instance.StructureSetLabel, instance.StructureSetName = "Uptake", "Uptake lesions"
    instance.StructureSetDescription = _description(findings, missing)
    instance.StructureSetDate, instance.StructureSetTime = DA(context.created.date()), TM(context.created.time())
    instance.FrameOfReferenceUID = header.FrameOfReferenceUID
    instance.PositionReferenceIndicator = header.get("PositionReferenceIndicator") or ""
    instance.ReferencedFrameOfReferenceSequence = [_frame_of_reference(source)]
    instance.StructureSetROISequence = [_structure(each, findings, source) for each in found]
    instance.ROIContourSequence = [_outline(each, source) for each in found]
    instance.RTROIObservationsSequence = [_observation(each, findings) for each in found]
    instance.ApprovalStatus = "UNAPPROVED"
    return complete_instance(instance, source, context)


def _regions(findings: Findings, regions: LabelMap, source: SourceHeaders) -> tuple[list[_Region], list[str]]:
    grid = source.series.geometry
    first = grid.index(regions.geometry.origin_mm)
    corner = np.rint(first).astype(np.int64)
    last = corner + np.asarray(regions.array.shape)
    steps = np.abs(regions.geometry.step_mm - grid.step_mm).max()
    if np.abs(first - corner).max() > _WHOLE_VOXEL or corner.min() < 0 or (last > grid.shape).any() or steps > 1e-3:
        raise ValueError(f"{source.series.label}: the regions are not on the series' grid")
    boxes = ndimage.find_objects(regions.array)
    found, missing = [], []
    for number, lesion in enumerate(findings.lesions, 1):
        box = boxes[lesion.label - 1] if lesion.label <= len(boxes) else None
        if box is None:
            missing.append(lesion.tracking_id)
            continue
        start = corner + np.asarray([side.start for side in box])
        found.append(_Region(number, lesion, regions.array[box] == lesion.label, start))
    return found, missing


def _description(findings: Findings, missing: list[str]) -> str:
    made_by = findings.weights.sentence if findings.weights else f"method {findings.method}"
    left = f" Without a voxel on the CT: {', '.join(missing)}." if missing else ""
    return f"Lesions by {made_by}. {RESEARCH_USE}{left}"[:_SHORT_TEXT]


def _frame_of_reference(source: SourceHeaders) -> Dataset:
    header, series, study, frame = source.datasets[0], Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = source.series.series_uid
    # An enhanced CT is one object: named once.
    images = {plane.sop_instance_uid: _image(source, index) for index, plane in enumerate(source.series.planes)}
    for each in images.values():
        if "ReferencedFrameNumber" in each:
            del each.ReferencedFrameNumber
    series.ContourImageSequence = list(images.values())
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = _STUDY_CLASS, header.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = header.FrameOfReferenceUID
    frame.RTReferencedStudySequence = [study]
    return frame


def _image(source: SourceHeaders, index: int) -> Dataset:
    """Reference to the image of a plane."""
    plane, image = source.series.planes[index], Dataset()
    image.ReferencedSOPClassUID = source.series.sop_class_uid
    image.ReferencedSOPInstanceUID = plane.sop_instance_uid
    if plane.frame is not None:
        image.ReferencedFrameNumber = plane.frame
    return image


def _structure(region: _Region, findings: Findings, source: SourceHeaders) -> Dataset:
    known = findings.class_of(region.lesion)
    what = known.title if known else "Region of elevated uptake"
    item = Dataset()
    item.ROINumber = region.number
    item.ReferencedFrameOfReferenceUID = source.datasets[0].FrameOfReferenceUID
    item.ROIName = _name(region.lesion, findings)
    item.ROIDescription = f"{region.lesion.tracking_id}: {what}. {RESEARCH_USE}"[:_SHORT_TEXT]
    volume_ml = region.mask.sum() * source.series.geometry.voxel_volume_ml
    item.ROIVolume = f"{volume_ml:.6g}"
    item.ROIGenerationAlgorithm = "AUTOMATIC"
    made_by = findings.weights.sentence if findings.weights else findings.method
    item.ROIGenerationDescription = made_by[:_LONG_STRING]
    return item


def _name(lesion: LesionMeasurement, findings: Findings) -> str:
    plain = "GTV" if findings.weights else "Region"
    return f"{_SHORT_NAMES.get(lesion.class_name, plain)}_{lesion.label}"


def _outline(region: _Region, source: SourceHeaders) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber = region.number
    item.ROIDisplayColor = [round(value) for value in color(region.number).to_rgb()]
    item.ContourSequence = [
        _contour(points + region.corner[1:], int(region.corner[0]) + index, source)
        for index, plane in enumerate(region.mask)
        for points in plane_contours(plane)
    ]
    for number, contour in enumerate(item.ContourSequence, 1):
        contour.ContourNumber = number
    return item


def _contour(points: NDArray[np.float64], plane: int, source: SourceHeaders) -> Dataset:
    """One contour; ``points`` (n, 2) are indices y, x in the plane."""
    index = np.insert(points, 0, float(plane), axis=1)
    item = Dataset()
    item.ContourImageSequence = [_image(source, plane)]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    item.ContourData = [f"{value:.4f}" for value in source.series.geometry.position_mm(index).ravel()]
    return item


def _observation(region: _Region, findings: Findings) -> Dataset:
    coding = lesion_coding(findings.class_of(region.lesion))
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = region.number
    item.ROIObservationLabel = _name(region.lesion, findings)[:16]
    item.RTROIIdentificationCodeSequence = [CodedConcept.from_code(coding.type)]
    item.RTROIInterpretedType = "GTV" if findings.weights else ""
    item.ROIInterpreter = ""
    return item
