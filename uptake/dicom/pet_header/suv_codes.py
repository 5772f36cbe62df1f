"""Coded concepts around SUV: radionuclides, and the units that voxels and mappings are in."""

from __future__ import annotations

from types import MappingProxyType

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from uptake.dicom.pet_header.header_values import element_text

_SNOMED_RT = ("SRT", "SNM3", "99SDM")  # the same code values under older designators

UNITS_AND_SUV_TYPE = MappingProxyType(
    {
        "Bq/ml": ("BQML", ""),
        "g/ml{SUVbw}": ("GML", "BW"),
        "g/ml{SUVlbm}": ("GML", "LBM"),
        "g/ml{SUVlbm(James128)}": ("GML", "LBMJAMES128"),
        "g/ml{SUVlbm(Janma)}": ("GML", "LBMJANMA"),
        "g/ml{SUVibw}": ("GML", "IBW"),
        "cm2/ml{SUVbsa}": ("CM2ML", "BSA"),
        "g/ml": ("GML", ""),
        "cm2/ml": ("CM2ML", ""),
        "{counts}": ("CNTS", ""),
        "{propcounts}": ("PROPCNTS", ""),
        "{counts}/s": ("CPS", ""),
        "{propcounts}/s": ("PROPCPS", ""),
        "/cm": ("1CM", ""),
    }
)
"""UCUM code of DICOM CID 84 to Units (0054,1001) and SUVType (0054,1006)."""


def unit_code(item: Dataset) -> str:
    """The UCUM code of an item's Measurement Units, annotations last as DICOM CID 85 now has them; empty if absent.

    Older objects write the annotation first, ``{SUVbw}g/ml``: the same unit.
    """
    coded = item.get("MeasurementUnitsCodeSequence")
    # Codes of more than 16 characters, such as that of SUL, stand in an attribute of their own (PS3.3 8.1).
    value = (element_text(coded[0], "CodeValue") or element_text(coded[0], "LongCodeValue")) if coded else ""
    if value.startswith("{SUV") and "}" in value:
        annotation, _, unit = value.partition("}")
        return f"{unit}{annotation}}}"
    return value


def radionuclide(injection: Dataset) -> str:
    """Meaning in DICOM CID 4020 of an injection's coded radionuclide; empty where it is not coded or unknown."""
    coded = injection.get("RadionuclideCodeSequence")
    if not coded:
        return ""
    value, scheme = element_text(coded[0], "CodeValue"), element_text(coded[0], "CodingSchemeDesignator")
    found = Code(value, "SRT" if scheme in _SNOMED_RT else scheme, "")
    return next((str(each.meaning) for each in codes.cid4020.concepts.values() if each == found), "")
