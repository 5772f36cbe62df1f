"""Walks over the bytes of a little-endian dataset, one top-level element at a time, decoding nothing.

A folder of 800 slices has some 80,000 elements of which a few thousand matter. pydicom reads them in a second; this
takes a tenth of that. Whatever is unusual (an unknown value representation, an implicit sequence inside an explicit
dataset) is left to pydicom.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

FIRST_PIXEL_TAG = 0x7FE00008
"""Float Pixel Data; Double Float Pixel Data (7FE0,0009) and Pixel Data (7FE0,0010) follow."""
UNDEFINED = 0xFFFFFFFF
"""The length of a value that ends with a delimiter."""

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
# PS3.5 7.1.2: these representations carry a 32-bit length.
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_explicit = Struct("<HH2sH").unpack_from
_implicit = Struct("<HHL").unpack_from
_long = Struct("<L").unpack_from


class Unusual(Exception):
    """The bytes need a full parser."""


class Overrun(Exception):
    """An element ends beyond the bytes at hand."""


def elements(buffer: bytes, position: int, explicit: bool) -> Iterator[tuple[int, bytes, int, int]]:
    """Tag, value representation, start and end of each top-level value; raises where the buffer ends too early.

    The pixel element comes last, whether its value is within the buffer or not.

    References
    ----------
    DICOM PS3.5 7.1 (Data Elements), 7.5 (Nesting of Data Sets).
    """
    size = len(buffer)
    while position + 8 <= size:
        group, element, vr, length = _explicit(buffer, position)
        start = position + 8
        if not explicit:
            length = _long(buffer, position + 4)[0]
        elif vr in _LONG_VRS:
            if start + 4 > size:
                break
            length, start = _long(buffer, start)[0], start + 4
        elif vr not in _SHORT_VRS:
            raise Unusual
        number = group << 16 | element
        if number >= FIRST_PIXEL_TAG:
            yield number, vr, start, start + length
            return
        if length == UNDEFINED:
            if explicit and vr != b"SQ":
                raise Unusual  # an UN sequence is written with implicit representations inside
            position = _after_sequence(buffer, start, explicit)
        else:
            position = start + length
            if position > size:
                raise Overrun
        yield number, vr, start, position
    if position != size:
        raise Overrun


def _after_sequence(buffer: bytes, position: int, explicit: bool) -> int:
    """Position behind a sequence of undefined length."""
    depth = 1
    end = len(buffer)
    while position + 8 <= end:
        group, element, length = _implicit(buffer, position)
        tag = group << 16 | element
        start = position + 8
        if tag == _SEQUENCE_END:
            depth -= 1
            position = start
            if depth == 0:
                return position
        elif tag == _ITEM_END:
            position = start
        elif tag == _ITEM:
            position = start if length == UNDEFINED else start + length
        else:
            if explicit:
                start, length = _explicit_value(buffer, position)
            if length == UNDEFINED:
                depth += 1
                position = start
            else:
                position = start + length
    raise Overrun


def _explicit_value(buffer: bytes, position: int) -> tuple[int, int]:
    _, _, vr, length = _explicit(buffer, position)
    if vr not in _LONG_VRS:
        if vr not in _SHORT_VRS:
            raise Unusual
        return position + 8, length
    if position + 12 > len(buffer):
        raise Overrun
    length = _long(buffer, position + 8)[0]
    if length == UNDEFINED and vr != b"SQ":
        raise Unusual
    return position + 12, length
