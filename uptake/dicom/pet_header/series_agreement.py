"""Values that belong to a PET series must be the same on all of its slices."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from uptake.dicom.pet_header.header_values import as_number, element_text, private_location
from uptake.errors import SuvRefused

GE_SCAN_DATE_TIME = ((0x0009, 0x100D), "GEMS_PETD_01", "GEScanDateTime")
PHILIPS_SUV_FACTOR = ((0x7053, 0x1000), "Philips PET Private Group", "PhilipsSUVScaleFactor")
PHILIPS_ACTIVITY_FACTOR = ((0x7053, 0x1009), "Philips PET Private Group", "PhilipsActivityConcentrationScaleFactor")

_OF_SERIES = (
    "Units",
    "SUVType",
    "CorrectedImage",
    "DecayCorrection",
    "PatientWeight",
    "PatientSize",
    "PatientSex",
    "SeriesDate",
    "SeriesTime",
    "TimezoneOffsetFromUTC",
)
OF_INJECTION = (
    "RadiopharmaceuticalStartDateTime",
    "RadiopharmaceuticalStartTime",
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
)


_SEQUENCE = "RadiopharmaceuticalInformationSequence"
_SEQUENCE_TAG = tag_for_keyword(_SEQUENCE) or 0


def require_agreement(headers: Sequence[Dataset], series_label: str) -> None:
    """Values of the series must be the same on every slice: else slices of different scans are mixed."""
    first = headers[0]
    private = [
        (each[2], private_location(first, each[0], each[1]) or Tag(each[0]))
        for each in (GE_SCAN_DATE_TIME, PHILIPS_SUV_FACTOR, PHILIPS_ACTIVITY_FACTOR)
    ]
    for header in headers[1:]:
        attribute = differing(first, header, _OF_SERIES)
        if not attribute and not _same(first, header, _SEQUENCE_TAG):
            ours, theirs = first.get(_SEQUENCE) or [Dataset()], header.get(_SEQUENCE) or [Dataset()]
            attribute = differing(ours[0], theirs[0], OF_INJECTION)
        for keyword, tag in private:
            if not attribute and not _same(first, header, tag):
                attribute = f"{keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X})"
        if attribute:
            raise SuvRefused(
                "differs between slices of the series.",
                remedy="Separate the scans that are mixed in it.",
                series=series_label,
                attribute=attribute,
            )


def differing(first: Dataset, other: Dataset, keywords: Sequence[str]) -> str:
    """The first attribute that differs, as ``Keyword (gggg,eeee)``; empty where none does."""
    for keyword in keywords:
        tag = tag_for_keyword(keyword) or 0
        if not _same(first, other, tag):
            return f"{keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X})"
    return ""


def _same(first: Dataset, other: Dataset, tag: int) -> bool:
    """Whether both hold the same value; undecoded bytes are compared first, since decoding is what costs."""
    ours, theirs = first.get_item(tag), other.get_item(tag)
    if isinstance(ours, RawDataElement) and isinstance(theirs, RawDataElement) and ours.value == theirs.value:
        return True
    if tag == _SEQUENCE_TAG:
        return bool(first.get(_SEQUENCE) == other.get(_SEQUENCE))
    mine, yours = element_text(first, Tag(tag)), element_text(other, Tag(tag))
    return mine == yours or (as_number(mine) is not None and as_number(mine) == as_number(yours))
