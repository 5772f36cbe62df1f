"""The parts of a multi-frame object that enhanced PET and CT share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.valuerep import DSfloat

from uptake.dicom.exam_writer.common_header import measures, orientation, position
from uptake.dicom.exam_writer.exam import ExamHeader
from uptake.dicom.exam_writer.values import code_item, date_time, decimal
from uptake.geometry import ImageGeometry

_WHOLE_BODY = ("38266002", "SCT", "Entire body")
_HEAD_AND_NECK = ("774007", "SCT", "Head and neck")


def set_multiframe(dataset: Dataset, header: ExamHeader, number: int, frames: int) -> None:
    """UIDs, the frames' one dimension (their place in the stack), and what enhanced images must say of themselves.

    References
    ----------
    DICOM PS3.3 C.7.6.16 (Multi-frame Functional Groups), C.7.6.17 (Multi-frame Dimension), C.8.16.2 (description).
    """
    organization = header.uid(f"series/{number}/dimensions")
    dataset.SOPInstanceUID = header.uid(f"series/{number}/1")
    dataset.InstanceNumber = 1
    dataset.NumberOfFrames = frames
    dataset.ContentQualification = "RESEARCH"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.PixelPresentation = "MONOCHROME"
    dataset.VolumetricProperties = "VOLUME"
    dataset.VolumeBasedCalculationTechnique = "NONE"
    dataset.AcquisitionContextSequence = []
    dataset.DimensionOrganizationSequence = [Dataset()]
    dataset.DimensionOrganizationSequence[0].DimensionOrganizationUID = organization
    stack, place = _dimension("StackID", organization), _dimension("InStackPositionNumber", organization)
    dataset.DimensionIndexSequence = [stack, place]


def _dimension(keyword: str, organization: str) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = organization
    item.DimensionIndexPointer = tag_for_keyword(keyword)
    item.FunctionalGroupPointer = tag_for_keyword("FrameContentSequence")
    return item


def shared_groups(geometry: ImageGeometry, header: ExamHeader) -> Dataset:
    """Functional groups that are the same in every frame: grid, orientation, anatomy."""
    anatomy = Dataset()
    anatomy.FrameLaterality = "U"
    region = _HEAD_AND_NECK if header.body_part == "HEADNECK" else _WHOLE_BODY
    anatomy.AnatomicRegionSequence = [code_item(region)]
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures(geometry)]
    shared.PlaneOrientationSequence = [orientation(geometry)]
    shared.FrameAnatomySequence = [anatomy]
    return shared


def frame_groups(geometry: ImageGeometry, index: int, times: Sequence[datetime], duration_s: float) -> Dataset:
    """Functional groups of frame ``index``: its place, and when it was acquired.

    Parameters
    ----------
    times
        Start of the acquisition, and the instant that the frame stands for.
    duration_s
        Length of the acquisition.
    """
    content = Dataset()
    content.FrameAcquisitionDateTime, content.FrameReferenceDateTime = (date_time(each) for each in times)
    content.FrameAcquisitionDuration = duration_s * 1000.0
    content.TemporalPositionIndex = 1
    content.StackID = "1"
    content.InStackPositionNumber = index + 1
    content.DimensionIndexValues = [1, index + 1]
    group = Dataset()
    group.FrameContentSequence = [content]
    group.PlanePositionSequence = [position(geometry, index)]
    return group


def transformation(slope: DSfloat, intercept: float, kind: str) -> Dataset:
    """Pixel Value Transformation: stored to rescaled values (PS3.3 C.7.6.16.2.9)."""
    item = Dataset()
    item.RescaleIntercept, item.RescaleSlope, item.RescaleType = decimal(intercept), slope, kind
    return item


def frame_type(values: Sequence[str]) -> Dataset:
    """Frame Type with what goes with it (PS3.3 C.8.16.1)."""
    item = Dataset()
    item.FrameType = list(values)
    item.PixelPresentation = "MONOCHROME"
    item.VolumetricProperties = "VOLUME"
    item.VolumeBasedCalculationTechnique = "NONE"
    return item
