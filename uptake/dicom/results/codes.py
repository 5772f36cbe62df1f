"""Coded concepts that Uptake writes, read from ``codes.csv``: key, code, scheme, meaning and where it is defined."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pydicom import Dataset
from pydicom.sr.coding import Code

_OWN_SCHEME = "99UPTAKE"


@cache
def code_table() -> MappingProxyType[str, Code]:
    """Every concept of ``codes.csv`` by its key.

    References
    ----------
    DICOM PS3.16: TID 1500, 1411, 1419, 1501 and the context groups named in the table's last column.
    """
    text = (files("uptake.dicom.results") / "codes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["key"]: Code(row["value"], row["scheme"], row["meaning"]) for row in rows})


def code(key: str) -> Code:
    """The concept with this key of ``codes.csv``.

    Raises
    ------
    KeyError
        If the table has no such key.
    """
    return code_table()[key]


def site_code(site: str) -> Code | None:
    """The anatomical site's concept by its English name, or None where the table has none."""
    return code_table().get("site_" + site.strip().lower().replace(" ", "_"))


def own_scheme() -> Dataset:
    """What an object with concepts of our own says of their scheme.

    References
    ----------
    DICOM PS3.3 C.12.1.1.8 (Coding Scheme Identification), PS3.16 section 8 (private designators begin with 99).
    """
    item = Dataset()
    item.CodingSchemeDesignator, item.CodingSchemeName = _OWN_SCHEME, "Uptake"
    item.CodingSchemeResponsibleOrganization = "Uptake project"
    return item
