"""Where an enhanced multi-frame PET says what a PET series says in its single-frame headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from pydicom import Dataset

from uptake.acquisition import SliceTiming
from uptake.dicom.pet_header.header_times import parse_date_time
from uptake.dicom.pet_header.header_values import HeaderValues, as_number, element_text
from uptake.dicom.pet_header.suv_codes import UNITS_AND_SUV_TYPE, unit_code

_CORRECTIONS = (("DecayCorrected", "DECY"), ("AttenuationCorrected", "ATTN"), ("ScatterCorrected", "SCAT"))


@dataclass(frozen=True, slots=True)
class EnhancedFrames:
    """What differs between single-frame and enhanced headers, in the words of ``PetAcquisition``."""

    units: str
    suv_type: str
    corrections: frozenset[str]
    decay_correction: str
    decay_reference: datetime | None
    slices: tuple[SliceTiming, ...]
    rescale_slopes: tuple[float, ...]
    rescale_intercepts: tuple[float, ...]
    unit_scales: tuple[float, ...]


def read_enhanced_frames(
    header: Dataset, values: HeaderValues, zone: timezone | None, frame_order: Sequence[int] | None
) -> EnhancedFrames:
    """Read corrections, decay reference, frame times and units of an enhanced PET.

    Units stay empty, and are refused later, where frames have none, more than one, or no linear mapping to it.

    References
    ----------
    DICOM PS3.3 C.8.22.3 (Enhanced PET Corrections), C.7.6.16.2.2 (Frame Content), C.7.6.16.2.11 (Real World Value
    Mapping), C.7.6.16.2.9 (Pixel Value Transformation).
    """
    per_frame = header.PerFrameFunctionalGroupsSequence
    shared = (header.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    frames = [per_frame[index] for index in (range(len(per_frame)) if frame_order is None else frame_order)]
    contents = [_macro(frame, shared, "FrameContentSequence") for frame in frames]
    for keyword in ("FrameAcquisitionDateTime", "FrameAcquisitionDuration"):
        values.record_each(keyword, [element_text(content, keyword) for content in contents])
    transforms = [_macro(frame, shared, "PixelValueTransformationSequence") for frame in frames]
    units, suv_type, scales = _units(frames, shared, transforms, values)
    applied = frozenset(name for keyword, name in _CORRECTIONS if values.text(keyword).upper() == "YES")
    decayed = values.text("DecayCorrected").upper()
    decay_reference, _ = parse_date_time(values.text("DecayCorrectionDateTime"), zone)
    return EnhancedFrames(
        units=units,
        suv_type=suv_type,
        corrections=applied,
        decay_correction={"YES": "START", "NO": "NONE"}.get(decayed, ""),
        decay_reference=decay_reference,
        slices=tuple(_timing(content, zone) for content in contents),
        rescale_slopes=tuple(_number(transform, "RescaleSlope", 1.0) for transform in transforms),
        rescale_intercepts=tuple(_number(transform, "RescaleIntercept", 0.0) for transform in transforms),
        unit_scales=scales,
    )


def _units(
    frames: Sequence[Dataset], shared: Dataset, transforms: Sequence[Dataset], values: HeaderValues
) -> tuple[str, str, tuple[float, ...]]:
    """Units and SUVType of all frames, and per frame the factor from rescaled voxels to them."""
    known = list(UNITS_AND_SUV_TYPE)
    chosen: list[str] = []
    scales: list[float] = []
    for frame, transform in zip(frames, transforms, strict=True):
        mappings = (frame.get("RealWorldValueMappingSequence") or shared.get("RealWorldValueMappingSequence")) or []
        usable = [item for item in mappings if unit_code(item) in known and "RealWorldValueSlope" in item]
        if not usable:
            values.warnings.append("a frame has no real-world-value mapping to a known unit")
            return "", "", ()
        best = min(usable, key=lambda item: known.index(unit_code(item)))
        scale = _scale(best, transform)
        if scale is None:
            values.warnings.append("a frame's real-world-value mapping is not proportional to its rescaled voxels")
            return "", "", ()
        chosen.append(unit_code(best))
        scales.append(scale)
    if len(set(chosen)) != 1:
        values.warnings.append(f"frames have different units: {', '.join(sorted(set(chosen)))}")
        return "", "", ()
    values.record("MeasurementUnitsCodeSequence", chosen[0])
    values.record_each("RealWorldValueSlope", [f"{scale:g} x RescaleSlope" for scale in scales])
    units, suv_type = UNITS_AND_SUV_TYPE[chosen[0]]
    return units, suv_type, tuple(scales)


def _scale(mapping: Dataset, transform: Dataset) -> float | None:
    """Real-world value per rescaled voxel; None where the two are not proportional."""
    slope, intercept = _number(transform, "RescaleSlope", 1.0), _number(transform, "RescaleIntercept", 0.0)
    real_slope = _number(mapping, "RealWorldValueSlope", 0.0)
    real_intercept = _number(mapping, "RealWorldValueIntercept", 0.0)
    if slope <= 0 or real_slope <= 0:
        return None
    scale = real_slope / slope
    return scale if abs(real_intercept - intercept * scale) <= 1e-3 * real_slope else None


def _timing(content: Dataset, zone: timezone | None) -> SliceTiming:
    acquired, _ = parse_date_time(element_text(content, "FrameAcquisitionDateTime"), zone)
    duration_ms = _number(content, "FrameAcquisitionDuration", 0.0)
    return SliceTiming(acquired, None, duration_ms / 1000.0 if duration_ms > 0 else None)


def _macro(frame: Dataset, shared: Dataset, keyword: str) -> Dataset:
    """A functional group's first item, the frame's own before the shared one; an empty one where absent."""
    return (frame.get(keyword) or shared.get(keyword) or [Dataset()])[0]


def _number(item: Dataset, keyword: str, absent: float) -> float:
    number = as_number(element_text(item, keyword))
    return absent if number is None else number
