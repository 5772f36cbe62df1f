"""Which series can be measured, and which of several is the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    PositronEmissionTomographyImageStorage,
)

from uptake.dicom.files.folder_scan import ScannedSeries
from uptake.dicom.files.instance_header import InstanceHeader
from uptake.errors import InputRefused, SeriesRefused, SuvRefused

PET_CLASSES = frozenset(
    (PositronEmissionTomographyImageStorage, EnhancedPETImageStorage, LegacyConvertedEnhancedPETImageStorage)
)
CT_CLASSES = frozenset((CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage))
UNITS = ("BQML", "GML", "CNTS", "CM2ML")
"""Units that can become SUV, the most traceable first."""

_NOT_A_SCAN = {
    "LOCALIZER": "a localizer",
    "SCOUT": "a localizer",
    "PROJECTION IMAGE": "a projection",
    "SCREEN SAVE": "a screenshot",
    "SECONDARY CAPTURE": "a screenshot",
}
_REFORMATTED = frozenset(("REFORMATTED", "MPR"))  # interpolated: good enough for a CT, not for a PET's maximum
# PS3.3 C.8.16.1.4: how pixels of an enhanced image were calculated from others (value 4 of Image Type).
_CALCULATED = frozenset(("MAXIMUM", "MINIMUM", "STD_DEVIATION", "SUBTRACTION", "DIVISION", "MULTIPLICATION", "MASKED"))
_IMAGE_TYPE = "ImageType (0008,0008)"
_SERIES_TYPE = "SeriesType (0054,1000)"


def is_localizer(instance: InstanceHeader) -> bool:
    """Whether an image is a scout view."""
    return any(part in ("LOCALIZER", "SCOUT") for part in instance.image_type)


def pet_refusal(series: ScannedSeries) -> InputRefused | None:
    """Why a PET series cannot be measured, judged from its kind; None where it can.

    References
    ----------
    DICOM PS3.3 C.8.9.1.1.4 (Series Type), C.8.9.1.1.3 (Units), C.8.9.1 (Corrected Image).
    """
    kinds = {**_NOT_A_SCAN, **dict.fromkeys(_REFORMATTED, "a reformatted series")}
    return _kind_refusal(series, kinds) or _series_type_refusal(series) or _suv_refusal(series)


def ct_refusal(series: ScannedSeries) -> InputRefused | None:
    """Why a CT series cannot stand beside a PET; None where it can."""
    return _kind_refusal(series, _NOT_A_SCAN)


def rank_pet(series: ScannedSeries) -> tuple[bool, bool, int, int, float, str]:
    """Sort key of measurable PET series, the best first."""
    facts = series.first.facts
    return (
        facts.units == "CNTS" and not facts.philips_factor,
        is_derived(series),
        -len(series.instances),
        UNITS.index(facts.units),
        float("inf") if facts.number is None else facts.number,
        facts.series_uid,
    )


def why_behind(chosen: ScannedSeries, other: ScannedSeries) -> str:
    """What sets the chosen PET series before another measurable one, in words."""
    best, left = rank_pet(chosen), rank_pet(other)
    reasons = (
        "it has counts without a scale factor",
        "it is derived, the chosen one original",
        f"it has fewer slices ({-left[2]}, not {-best[2]})",
        f"its Units are {other.first.facts.units}, not {chosen.first.facts.units}",
        "its series number is higher",
        "its UID sorts later",
    )
    which = next((index for index, pair in enumerate(zip(best, left, strict=True)) if pair[0] != pair[1]), 5)
    return reasons[which]


def is_derived(series: ScannedSeries) -> bool:
    """Whether the first value of Image Type says that the pixels were made from other images."""
    return series.first.image_type[:1] == ("DERIVED",)


def _kind_refusal(series: ScannedSeries, names: Mapping[str, str]) -> InputRefused | None:
    # A scout among slices is dropped later; a series of nothing else is one.
    images = [each for each in series.instances if not is_localizer(each)] or series.instances
    kinds = {kind: each for each in images if (kind := _kind(each.image_type, names))}
    for kind, instance in kinds.items():
        value = "\\".join(instance.image_type)
        return SeriesRefused(
            f"{kind} ({value}), not a volume of slices.",
            remedy="Send the reconstructed slices.",
            series=series.label,
            attribute=_IMAGE_TYPE,
        )
    samples = series.first.pixels.encoding.samples
    if samples not in (1, None):
        return SeriesRefused(
            f"{samples} colour samples per pixel: a picture, not a scan.",
            remedy="Send the reconstructed slices.",
            series=series.label,
            attribute="SamplesPerPixel (0028,0002)",
        )
    return None


def _kind(image_type: tuple[str, ...], names: Mapping[str, str]) -> str:
    for part in image_type[2:]:
        if "MIP" in part.replace("_", " ").split() or part.startswith(("MIP", "CSA MIP")):
            return "a MIP"
        if part in names:
            return names[part]
    return f"calculated ({image_type[3].lower()})" if len(image_type) > 3 and image_type[3] in _CALCULATED else ""


def _series_type_refusal(series: ScannedSeries) -> InputRefused | None:
    types = {part for each in series.instances for part in each.facts.series_type}
    names = {"DYNAMIC": "a dynamic series", "GATED": "a gated series", "REPROJECTION": "a MIP or reprojection"}
    for value, name in names.items():
        if value in types:
            return SeriesRefused(
                f"{name} ({value}).",
                remedy="Send a static or whole-body series.",
                series=series.label,
                attribute=_SERIES_TYPE,
            )
    return None


def _suv_refusal(series: ScannedSeries) -> InputRefused | None:
    units = _agreed({each.facts.units for each in series.instances})
    reasons = []
    if units not in UNITS:
        reasons.append(("Units (0054,1001)", f"{units or 'missing'} cannot become SUV"))
    if not all("ATTN" in each.facts.corrections for each in series.instances):
        reasons.append(("CorrectedImage (0028,0051)", "not attenuation-corrected (ATTN is missing)"))
    if not reasons:
        return None
    return SuvRefused(
        "; ".join(f"{attribute} {text}" if index else text for index, (attribute, text) in enumerate(reasons)) + ".",
        remedy="Send the attenuation-corrected series in BQML.",
        series=series.label,
        attribute=reasons[0][0],
    )


def _agreed(values: Iterable[str]) -> str:
    return " and ".join(sorted(values))
