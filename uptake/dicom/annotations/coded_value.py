"""Coded concepts and text as found in objects that other software wrote: never trusted, made safe to print."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom import Dataset

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A code with its scheme and meaning, as written."""

    value: str
    scheme: str
    meaning: str


def plain_text(value: object) -> str:
    """One line of at most 1024 characters without control characters; still to be escaped for HTML or PDF."""
    return _CONTROLS.sub(" ", "" if value is None else str(value)).strip()[:_LONGEST]


def read_code(item: Dataset, keyword: str) -> CodedValue | None:
    """The first code of a code sequence, or None where there is none.

    References
    ----------
    DICOM PS3.3, 8.8 (Code Sequence Macro), with its short, long and URN code values.
    """
    sequence = item.get(keyword) or []
    if not sequence:
        return None
    code = sequence[0]
    value = code.get("CodeValue") or code.get("LongCodeValue") or code.get("URNCodeValue")
    return CodedValue(
        plain_text(value), plain_text(code.get("CodingSchemeDesignator")), plain_text(code.get("CodeMeaning"))
    )
