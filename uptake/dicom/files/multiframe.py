"""Enhanced multi-frame PET and CT: each frame as one plane, told in the words of the single-frame headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import (
    EnhancedCTImageStorage,
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
)

from uptake.dicom.files.instance_header import InstanceHeader, SeriesFacts, StoredPixels, moment
from uptake.dicom.pet_header.suv_codes import UNITS_AND_SUV_TYPE, unit_code

LEGACY_CLASSES = frozenset((LegacyConvertedEnhancedCTImageStorage, LegacyConvertedEnhancedPETImageStorage))
MULTIFRAME_CLASSES = frozenset((EnhancedCTImageStorage, EnhancedPETImageStorage)) | LEGACY_CLASSES
_CORRECTIONS = (("DecayCorrected", "DECY"), ("AttenuationCorrected", "ATTN"), ("ScatterCorrected", "SCAT"))
_FRAME_TYPES = ("CTImageFrameTypeSequence", "PETFrameTypeSequence", "MRImageFrameTypeSequence")


def frame_headers(dataset: Dataset, header: InstanceHeader) -> tuple[InstanceHeader, ...]:
    """One header per frame, from the functional groups of a multi-frame object.

    Parameters
    ----------
    dataset
        The object's header, without pixels.
    header
        What the scan already knows of the file.

    References
    ----------
    DICOM PS3.3 C.7.6.16 (Multi-frame Functional Groups), A.70 and A.71 (Legacy Converted Enhanced Images).
    """
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    whole = replace(header, facts=_facts(dataset, shared, groups, header))
    if len(groups) != header.frames:
        return (replace(whole, position=None, frame=1, complete=False),)
    return tuple(_frame(group, shared, whole, index) for index, group in enumerate(groups))


def classic_headers(dataset: Dataset, frame_order: Sequence[int]) -> list[Dataset]:
    """Single-frame headers of a legacy converted object, which keeps them in its unassigned attributes.

    Parameters
    ----------
    dataset
        The object's header.
    frame_order
        Frame indices from 0.
    """
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    common = Dataset()
    common.update({element.tag: element for element in dataset if "FunctionalGroups" not in element.keyword})
    common.update(_first(shared, "UnassignedSharedConvertedAttributesSequence"))
    headers = []
    for index in frame_order:
        group = dataset.PerFrameFunctionalGroupsSequence[index]
        header = Dataset()
        header.update(common)
        header.update(_macro(group, shared, "PixelValueTransformationSequence"))
        header.update(_first(group, "UnassignedPerFrameConvertedAttributesSequence"))
        headers.append(header)
    return headers


def _frame(group: Dataset, shared: Dataset, header: InstanceHeader, index: int) -> InstanceHeader:
    measures = _macro(group, shared, "PixelMeasuresSequence")
    content = _macro(group, shared, "FrameContentSequence")
    position = _numbers(_macro(group, shared, "PlanePositionSequence").get("ImagePositionPatient"))
    orientation = _numbers(_macro(group, shared, "PlaneOrientationSequence").get("ImageOrientationPatient"))
    cardiac = _macro(group, shared, "CardiacSynchronizationSequence").get("NominalCardiacTriggerDelayTime")
    thickness, between = _numbers(measures.get("SliceThickness")), _numbers(measures.get("SpacingBetweenSlices"))
    return replace(
        header,
        frame=index + 1,
        image_type=_frame_type(group, shared) or header.image_type,
        position=(position[0], position[1], position[2]) if len(position) == 3 else None,
        orientation=orientation or None,
        pixel_spacing=_numbers(measures.get("PixelSpacing")) or None,
        thickness_mm=thickness[0] if thickness else None,
        spacing_between_mm=between[0] if between else None,
        acquired=moment(str(content.get("FrameAcquisitionDateTime") or "")) or header.acquired,
        trigger_time="" if cardiac is None else str(cardiac),
        pixels=_pixels(group, shared, header, index),
    )


def _pixels(group: Dataset, shared: Dataset, header: InstanceHeader, index: int) -> StoredPixels:
    """The frame's own rescale and place; without a transformation stored values are taken as they are for PET alone.

    An enhanced PET may state its values through a real-world-value mapping of stored values only.
    """
    transform = _macro(group, shared, "PixelValueTransformationSequence")
    slope, intercept = _numbers(transform.get("RescaleSlope")), _numbers(transform.get("RescaleIntercept"))
    absent = (1.0, 0.0) if header.facts.modality == "PT" else (None, None)
    pixels = header.pixels
    encoding = pixels.encoding
    frame_bytes = (encoding.rows or 0) * (encoding.columns or 0) * ((encoding.bits_allocated or 0) // 8)
    return replace(
        pixels,
        offset=pixels.offset + index * frame_bytes if pixels.offset else 0,
        slope=slope[0] if slope else absent[0],
        intercept=intercept[0] if intercept else absent[1],
    )


def _facts(dataset: Dataset, shared: Dataset, groups: list[Dataset], header: InstanceHeader) -> SeriesFacts:
    if header.facts.sop_class_uid in LEGACY_CLASSES:
        converted = _first(shared, "UnassignedSharedConvertedAttributesSequence")
        first = _first(groups[0], "UnassignedPerFrameConvertedAttributesSequence") if groups else Dataset()
        return replace(
            header.facts,
            units=str(converted.get("Units") or first.get("Units") or ""),
            corrections=frozenset(_texts(converted.get("CorrectedImage") or first.get("CorrectedImage"))),
            series_type=_texts(converted.get("SeriesType") or first.get("SeriesType")),
            philips_factor=any((0x7053, tag) in each for each in (converted, first) for tag in (0x1000, 0x1009)),
        )
    keyword = "RealWorldValueMappingSequence"
    mappings = (groups[0].get(keyword) if groups else None) or shared.get(keyword) or []
    units = [unit_code(item) for item in mappings]
    known = [UNITS_AND_SUV_TYPE[code][0] for code in UNITS_AND_SUV_TYPE if code in units]
    return replace(
        header.facts,
        units=next(iter(known or units), ""),
        corrections=frozenset(name for keyword, name in _CORRECTIONS if dataset.get(keyword) == "YES"),
    )


def _frame_type(group: Dataset, shared: Dataset) -> tuple[str, ...]:
    for keyword in _FRAME_TYPES:
        frame_type = _macro(group, shared, keyword).get("FrameType")
        if frame_type:
            return _texts(frame_type)
    return ()


def _macro(group: Dataset, shared: Dataset, keyword: str) -> Dataset:
    """A functional group's first item: the frame's own before the shared one, empty where there is none."""
    return _first(group, keyword) if group.get(keyword) else _first(shared, keyword)


def _first(dataset: Dataset, keyword: str) -> Dataset:
    return (dataset.get(keyword) or [Dataset()])[0]


def _numbers(value: object) -> tuple[float, ...]:
    if value is None or value == "":
        return ()
    return tuple(float(part) for part in (value if isinstance(value, (MultiValue, list, tuple)) else [value]))  # type: ignore[arg-type]


def _texts(value: object) -> tuple[str, ...]:
    if not value:
        return ()
    return tuple(str(part) for part in (value if isinstance(value, (MultiValue, list, tuple)) else [value]))
