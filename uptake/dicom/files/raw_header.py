"""The header of one file: the raw values of a few elements, or all of it, without its pixels.

The little-endian syntaxes are read by ``element_scan``; big endian, deflate and malformed elements by pydicom.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from uptake.dicom.files.element_scan import FIRST_PIXEL_TAG, UNDEFINED, Overrun, Unusual, elements
from uptake.errors import UnsafeInput

MAXIMUM_INFLATED_BYTES = 4 * 2**30
_HEAD_BYTES = 2**16
_LARGE_HEAD_BYTES = 2**25
_PREAMBLE_BYTES = 132
_TRANSFER_SYNTAX, _MEDIA_CLASS = 0x00020010, 0x00020002


@dataclass(frozen=True, slots=True)
class RawHeader:
    """Undecoded element values of one file.

    Parameters
    ----------
    values
        Tag to bytes as stored.
    transfer_syntax
        UID.
    pixel_tag
        Tag of the pixel element; None where the file has none, 0 where it is not known.
    pixel_offset
        Where the pixel value starts in the file; 0 where it is not known.
    pixel_bytes
        The value's stated length; None for encapsulated or unknown.
    complete
        Whether the file is as long as its elements say.
    """

    values: dict[int, bytes]
    transfer_syntax: str
    pixel_tag: int | None = 0
    pixel_offset: int = 0
    pixel_bytes: int | None = None
    complete: bool = True

    @property
    def media_class(self) -> str:
        """SOP class as the file meta information names it."""
        return self.values.get(_MEDIA_CLASS, b"").decode("ascii", "replace").strip(" \0")


def read_raw_header(path: Path, wanted: frozenset[int]) -> RawHeader | None:
    """Raw values of the ``wanted`` top-level elements; None where the file is not DICOM Part 10.

    Raises
    ------
    UnsafeInput
        If a deflated file unfolds to more than ``MAXIMUM_INFLATED_BYTES``.
    OSError
        If the file cannot be read.

    References
    ----------
    DICOM PS3.5 7 (Data Set), PS3.10 7.1 (File Meta Information).
    """
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEAD_BYTES)
        if head[128:_PREAMBLE_BYTES] != b"DICM":
            return None
        size = path.stat().st_size if len(head) == _HEAD_BYTES else len(head)
        try:
            try:
                return _parse(head, size, wanted)
            except Overrun:
                file.seek(0)
                return _parse(file.read(_LARGE_HEAD_BYTES), size, wanted)
        except (Unusual, Overrun):
            file.seek(0)
            return _parse_with_pydicom(file, head, wanted)


def read_header(path: Path) -> Dataset:
    """All elements before the pixels, as ``pydicom.dcmread(path, stop_before_pixels=True)`` gives them, but sooner.

    Values stay raw until they are asked for. File meta information is left out.
    """
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEAD_BYTES)
        try:
            if head[128:_PREAMBLE_BYTES] != b"DICM":
                raise Unusual
            _, syntax, position = _parse_meta(head)
            return _raw_dataset(head, position, syntax != ImplicitVRLittleEndian)
        except (Unusual, Overrun):
            file.seek(0)
            return pydicom.dcmread(file, stop_before_pixels=True)


def _raw_dataset(buffer: bytes, position: int, explicit: bool) -> Dataset:
    raw: dict[BaseTag, RawDataElement] = {}
    end = position
    for number, vr, start, end in elements(buffer, position, explicit):
        if number >= FIRST_PIXEL_TAG:
            break
        tag = BaseTag(number)
        value = buffer[start:end]
        raw[tag] = RawDataElement(tag, vr.decode() if explicit else None, end - start, value, start, not explicit, True)
    else:
        raise Overrun
    dataset = Dataset(raw)
    encoding = raw.get(BaseTag(0x00080005))
    names = (encoding.value or b"").decode("ascii", "replace").strip(" \0") if encoding else ""
    dataset.set_original_encoding(not explicit, True, convert_encodings(names.split("\\")))
    return dataset


def _parse_meta(buffer: bytes) -> tuple[dict[int, bytes], str, int]:
    """Values of the file meta information, the transfer syntax, and where the dataset starts."""
    values: dict[int, bytes] = {}
    position = _PREAMBLE_BYTES
    while buffer[position : position + 2] == b"\2\0":
        number, _, start, position = next(elements(buffer, position, True))
        values[number] = buffer[start:position]
    syntax = values.get(_TRANSFER_SYNTAX, b"").decode("ascii", "replace").strip(" \0")
    if syntax in ("", ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
        raise Unusual
    return {_MEDIA_CLASS: values.get(_MEDIA_CLASS, b"")}, syntax, position


def _parse(buffer: bytes, size: int, wanted: frozenset[int]) -> RawHeader:
    values, syntax, position = _parse_meta(buffer)
    explicit = syntax != ImplicitVRLittleEndian
    try:
        for number, _, start, end in elements(buffer, position, explicit):
            if number >= FIRST_PIXEL_TAG:
                length = end - start
                if length == UNDEFINED:
                    return RawHeader(values, syntax, number, start)
                return RawHeader(values, syntax, number, start, length, complete=end <= size)
            if number in wanted:
                values[number] = buffer[start:end]
    except Overrun:
        if len(buffer) < size:
            raise
        return RawHeader(values, syntax, None, complete=False)
    return RawHeader(values, syntax, None)


def _parse_with_pydicom(file: BinaryIO, head: bytes, wanted: frozenset[int]) -> RawHeader | None:
    if DeflatedExplicitVRLittleEndian.encode() in head[:1024]:
        _check_inflated_size(file)
        file.seek(0)
    try:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(wanted))
    except (InvalidDicomError, zlib.error, EOFError, ValueError, KeyError, AttributeError, NotImplementedError):
        return RawHeader({}, "", None, complete=False)
    values: dict[int, bytes] = {}
    for tag in wanted:
        element = dataset.get_item(tag)
        if isinstance(element, RawDataElement):
            value = element.value or b""
            swapped = element.VR == "US" and not element.is_little_endian
            values[tag] = value[::-1] if swapped else value
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    values[_MEDIA_CLASS] = str(dataset.file_meta.get("MediaStorageSOPClassUID", "")).encode()
    return RawHeader(values, syntax)


def _check_inflated_size(file: BinaryIO) -> None:
    """Unfold a deflated file piece by piece, keeping nothing, before a parser does it whole."""
    file.seek(_PREAMBLE_BYTES)
    meta = file.read(12)  # (0002,0000) UL: how many bytes of meta information follow
    file.seek(_PREAMBLE_BYTES + 12 + int.from_bytes(meta[8:12], "little"))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    try:
        while not inflater.eof and (piece := inflater.unconsumed_tail or file.read(2**16)):
            total += len(inflater.decompress(piece, 2**22))
            if total > MAXIMUM_INFLATED_BYTES:
                raise UnsafeInput(
                    f"a deflated file unfolds to more than {MAXIMUM_INFLATED_BYTES // 2**30} GiB.",
                    remedy="Send the series uncompressed.",
                )
    except zlib.error:
        return  # the parser says what is wrong with it
