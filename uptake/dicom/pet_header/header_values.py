"""Values of a DICOM header that a number may rest on, read warily and with a record of what was read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from uptake.acquisition import TagValue

_PLAIN_TEXT = frozenset(("AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UN"))


class HeaderValues:
    """Reads values of one header and keeps a record of them and of what was unreadable."""

    def __init__(self, header: Dataset) -> None:
        self._header = header
        self.tags: list[TagValue] = []
        self.warnings: list[str] = []

    def text(self, keyword: str, item: Dataset | None = None) -> str:
        """A value as stripped text, components joined by a backslash; empty where absent."""
        found = element_text(self._header if item is None else item, keyword)
        if found:
            self.record(keyword, found)
        return found

    def number(self, keyword: str, item: Dataset | None = None) -> float | None:
        """A value as a finite number; None where absent, and with a warning where unreadable."""
        return self._as_number(keyword, self.text(keyword, item))

    def private_text(self, tag: tuple[int, int], creator: str, keyword: str) -> str:
        """A private value as text; ``tag`` is where it stands when its block is the first."""
        location = private_location(self._header, tag, creator)
        found = "" if location is None else element_text(self._header, location)
        if found:
            self.tags.append(TagValue(f"({tag[0]:04X},{tag[1]:04X})", keyword, found))
        return found

    def private_number(self, tag: tuple[int, int], creator: str, keyword: str) -> float | None:
        """A private value as a finite number; None where absent, and with a warning where unreadable."""
        return self._as_number(keyword, self.private_text(tag, creator, keyword))

    def record(self, keyword: str, value: str) -> None:
        """Keep a value that was read elsewhere."""
        tag = Tag(tag_for_keyword(keyword) or 0)
        self.tags.append(TagValue(f"({tag.group:04X},{tag.element:04X})", keyword, value))

    def record_each(self, keyword: str, values: Sequence[str]) -> None:
        """Keep a value that may differ from slice to slice: the one, or the first and last with their count."""
        different = list(dict.fromkeys(value for value in values if value))
        if len(different) == 1:
            self.record(keyword, different[0])
        elif different:
            self.record(keyword, f"{different[0]} ... {different[-1]} ({len(different)} values)")

    def _as_number(self, keyword: str, found: str) -> float | None:
        if not found:
            return None
        number = as_number(found)
        if number is None:
            self.warnings.append(f"{keyword} {found!r} is not a number: ignored")
        return number


def element_text(header: Dataset, key: str | BaseTag) -> str:
    """An element's value as stripped text; empty where absent.

    Numbers and times are taken as the file has them: pydicom raises or warns where they are malformed, and its message
    would hold the value.
    """
    tag = Tag(key)
    element = header.get_item(tag)
    if element is None:
        return ""
    if isinstance(element, RawDataElement):
        vr = element.VR or (dictionary_VR(tag) if dictionary_has_tag(tag) else "UN")
        if vr in _PLAIN_TEXT:
            return as_text(element.value)
    return as_text(header[tag].value)


def as_text(value: Any) -> str:
    """A header value as stripped text; components are joined by a backslash."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode("ascii", errors="replace")
    if isinstance(value, MultiValue | list | tuple):
        return "\\".join(str(part).strip() for part in value)
    return str(value).strip(" \0\t\r\n")


def as_number(text: str) -> float | None:
    """Text as a finite number; None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def private_location(header: Dataset, tag: tuple[int, int], creator: str) -> BaseTag | None:
    """Where a private value stands by its creator; without any creator in its place, its raw tag; None if absent.

    Anonymisers often remove the creators and leave the values. A block that another creator has reserved is not read.
    """
    group, element = tag
    for block in range(0x10, 0x100):
        if (group, block) in header and element_text(header, Tag(group, block)) == creator:
            return _present(header, Tag(group, (block << 8) | (element & 0xFF)))
    return None if (group, element >> 8) in header else _present(header, Tag(group, element))


def _present(header: Dataset, tag: BaseTag) -> BaseTag | None:
    return tag if tag in header else None
