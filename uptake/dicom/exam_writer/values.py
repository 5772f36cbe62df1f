"""Values as DICOM writes them: decimal strings, dates, times and codes."""

from __future__ import annotations

from datetime import datetime

from pydicom import Dataset
from pydicom.valuerep import DSfloat

from uptake.dicom.exam_writer.exam import CodeText


def decimal(value: float) -> DSfloat:
    """A decimal string of at most 16 characters (VR DS)."""
    return DSfloat(float(value), auto_format=True)


def date(moment: datetime) -> str:
    """VR DA."""
    return moment.strftime("%Y%m%d")


def time(moment: datetime) -> str:
    """VR TM, to the microsecond."""
    return moment.strftime("%H%M%S.%f")


def date_time(moment: datetime) -> str:
    """VR DT, to the microsecond, on the scanner's own clock."""
    return date(moment) + time(moment)


def code_item(code: CodeText) -> Dataset:
    """The item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item
