"""Headers of a PET series to the values that SUV rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from pydicom import Dataset

from uptake.acquisition import PetAcquisition, SliceTiming
from uptake.dicom.pet_header.enhanced_pet import EnhancedFrames, read_enhanced_frames
from uptake.dicom.pet_header.header_times import combine, parse_date_time, parse_zone
from uptake.dicom.pet_header.header_values import HeaderValues, as_number, as_text, element_text
from uptake.dicom.pet_header.series_agreement import (
    GE_SCAN_DATE_TIME,
    OF_INJECTION,
    PHILIPS_ACTIVITY_FACTOR,
    PHILIPS_SUV_FACTOR,
    differing,
    require_agreement,
)
from uptake.dicom.pet_header.suv_codes import radionuclide
from uptake.errors import SuvRefused

_CENTIMETRES_ABOVE = 3.0
_SAME_CLOCK_S = 60.0


def read_acquisition(
    headers: Sequence[Dataset], *, series_label: str, frame_order: Sequence[int] | None = None
) -> PetAcquisition:
    """Values that SUV rests on, typed but not judged.

    Parameters
    ----------
    headers
        One header per plane in plane order; for enhanced multi-frame PET its single header. Pixels are not needed.
    series_label
        Names the series in messages; no patient data.
    frame_order
        Enhanced PET: frame indices from 0 in plane order; the file's own order where not given.

    Raises
    ------
    SuvRefused
        If headers of one series disagree on a value that belongs to the series, or name several injections.

    References
    ----------
    DICOM PS3.3 C.8.9.1 (PET Series), C.8.9.2 (PET Isotope), C.8.9.4 (PET Image), C.8.22 (enhanced PET).
    """
    first = headers[0]
    enhanced = "PerFrameFunctionalGroupsSequence" in first
    if enhanced and len(headers) > 1:
        raise SuvRefused(
            f"the series is spread over {len(headers)} multi-frame objects.",
            remedy="Export it as one multi-frame object, or as single-frame objects.",
            series=series_label,
        )
    require_agreement(headers, series_label)
    values = HeaderValues(first)
    zone = parse_zone(values.text("TimezoneOffsetFromUTC"))
    frames = read_enhanced_frames(first, values, zone, frame_order) if enhanced else _read_slices(headers, values, zone)
    series_start = combine(values.text("SeriesDate"), values.text("SeriesTime"))
    injection = _injection_item(first, series_label)
    injected, time_only = _read_injection(values, injection, zone, _scan_date(series_start, frames.slices))
    ge_scan_start, _ = parse_date_time(values.private_text(*GE_SCAN_DATE_TIME), zone)
    return PetAcquisition(
        series=series_label,
        units=frames.units,
        suv_type=frames.suv_type,
        corrections=frames.corrections,
        decay_correction=frames.decay_correction,
        weight=values.number("PatientWeight"),
        height_m=_read_height_m(values),
        sex=values.text("PatientSex").upper(),
        dose=values.number("RadionuclideTotalDose", injection),
        half_life_s=values.number("RadionuclideHalfLife", injection),
        tracer=values.text("Radiopharmaceutical", injection) or _coded_meaning(injection),
        injected=injected,
        injected_time_only=time_only,
        series_start=series_start,
        ge_scan_start=ge_scan_start,
        philips_suv_factor=values.private_number(*PHILIPS_SUV_FACTOR),
        philips_activity_factor=values.private_number(*PHILIPS_ACTIVITY_FACTOR),
        slices=frames.slices,
        nuclide=radionuclide(injection),
        decay_reference=frames.decay_reference,
        rescale_slopes=frames.rescale_slopes,
        rescale_intercepts=frames.rescale_intercepts,
        unit_scales=frames.unit_scales,
        enhanced=enhanced,
        tags=tuple(values.tags),
        warnings=tuple(values.warnings),
    )


def _read_slices(headers: Sequence[Dataset], values: HeaderValues, zone: timezone | None) -> EnhancedFrames:
    """The same facts as of an enhanced object's frames, from single-frame headers."""
    for keyword in ("AcquisitionDate", "AcquisitionTime", "FrameReferenceTime", "ActualFrameDuration"):
        values.record_each(keyword, [element_text(header, keyword) for header in headers])
    corrections = values.text("CorrectedImage").upper().split("\\")
    return EnhancedFrames(
        units=values.text("Units").upper(),
        suv_type=values.text("SUVType").upper(),
        corrections=frozenset(part for part in corrections if part),
        decay_correction=values.text("DecayCorrection").upper(),
        decay_reference=None,
        slices=tuple(_slice_timing(header, zone) for header in headers),
        rescale_slopes=tuple(_number(header, "RescaleSlope") or 1.0 for header in headers),
        rescale_intercepts=tuple(_number(header, "RescaleIntercept") or 0.0 for header in headers),
        unit_scales=(),
    )


def _slice_timing(header: Dataset, zone: timezone | None) -> SliceTiming:
    acquired = combine(element_text(header, "AcquisitionDate"), element_text(header, "AcquisitionTime"))
    if acquired is None:
        acquired, _ = parse_date_time(element_text(header, "AcquisitionDateTime"), zone)
    reference_ms, duration_ms = _number(header, "FrameReferenceTime"), _number(header, "ActualFrameDuration")
    return SliceTiming(
        acquired=acquired,
        frame_reference_time_s=None if reference_ms is None else reference_ms / 1000.0,
        frame_duration_s=None if duration_ms is None else duration_ms / 1000.0,
    )


def _scan_date(series_start: datetime | None, slices: Sequence[SliceTiming]) -> datetime | None:
    """The day of the scan; a series time after the acquisition is one of post-processing, perhaps days later."""
    return min((time for time in (series_start, *(each.acquired for each in slices)) if time), default=None)


def _read_injection(
    values: HeaderValues, injection: Dataset, zone: timezone | None, scanned: datetime | None
) -> tuple[datetime | None, bool]:
    """The injection on the scanner's clock, and whether only its time of day is known."""
    full_text = values.text("RadiopharmaceuticalStartDateTime", injection)
    time_text = values.text("RadiopharmaceuticalStartTime", injection)
    full, zone_dropped = parse_date_time(full_text, zone)
    day = full or scanned
    by_clock = combine(day.strftime("%Y%m%d"), time_text) if day else None
    apart_s = abs((full - by_clock).total_seconds()) if full and by_clock else 0.0
    disagree = min(apart_s, 86400.0 - apart_s) > _SAME_CLOCK_S
    if full_text and full is None:
        values.warnings.append("RadiopharmaceuticalStartDateTime is unreadable: RadiopharmaceuticalStartTime is used")
    elif zone_dropped and disagree:
        values.warnings.append(
            "RadiopharmaceuticalStartDateTime is in another time zone, which the header gives no way to apply: "
            "RadiopharmaceuticalStartTime is used"
        )
        full = None
        by_clock = combine(scanned.strftime("%Y%m%d"), time_text) if scanned else None
    elif zone_dropped:
        values.warnings.append("RadiopharmaceuticalStartDateTime's time zone is taken to be the scanner's own")
    elif disagree:
        values.warnings.append(
            "RadiopharmaceuticalStartDateTime and RadiopharmaceuticalStartTime differ: the former is used"
        )
    return (full, False) if full else (by_clock, by_clock is not None)


def _read_height_m(values: HeaderValues) -> float | None:
    height = values.number("PatientSize")
    if height is not None and height > _CENTIMETRES_ABOVE:
        values.warnings.append(f"PatientSize {height:g} is taken as centimetres: {height / 100:g} m")
        return height / 100.0
    return height


def _injection_item(header: Dataset, series_label: str) -> Dataset:
    items = header.get("RadiopharmaceuticalInformationSequence") or [Dataset()]
    if any(differing(items[0], item, OF_INJECTION) for item in items[1:]):
        raise SuvRefused(
            f"the header lists {len(items)} different injections.",
            remedy="Only a single injection of one tracer can be converted to SUV.",
            series=series_label,
            attribute="RadiopharmaceuticalInformationSequence (0054,0016)",
        )
    return items[0]


def _coded_meaning(injection: Dataset) -> str:
    codes = injection.get("RadiopharmaceuticalCodeSequence")
    return as_text(codes[0].get("CodeMeaning")) if codes else ""


def _number(header: Dataset, keyword: str) -> float | None:
    return as_number(element_text(header, keyword))
