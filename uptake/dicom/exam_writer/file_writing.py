"""Encoded headers to files: what all slices share is encoded once, and each file gets its own elements between."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID

from uptake.dicom.exam_writer.pixel_encoding import UIDS, Stored, deflated, pixel_element

_PREAMBLE = b"\0" * 128 + b"DICM"
_CHARACTER_SET = "ISO_IR 192"
_ENCODINGS = convert_encodings(_CHARACTER_SET)
_WRITERS = 4

SliceContent = Callable[[int], tuple[Dataset, Stored]]
"""Array index of a slice to the elements that are its own, and its stored values."""


def write_slices(shared: Dataset, content: SliceContent, names: Sequence[str], syntax: str, folder: Path) -> list[Path]:
    """Write one file per slice.

    Parameters
    ----------
    shared
        What every slice says; a slice's own elements replace it.
    content
        Gives slice ``index``; called from several threads.
    names
        File names in the order of the slices.
    syntax
        Transfer syntax, a key of ``pixel_encoding.UIDS``.
    folder
        Made where missing.

    Returns
    -------
    list of Path
        In the order of the slices.
    """
    folder.mkdir(parents=True, exist_ok=True)
    common = _encoded(shared, syntax)
    sop_class = shared.SOPClassUID

    def write(index: int) -> Path:
        own, stored = content(index)
        elements = common | _encoded(own, syntax)
        path = folder / names[index]
        header = b"".join(elements[tag] for tag in sorted(elements))
        _write(path, (sop_class, own.SOPInstanceUID), header + pixel_element([stored], syntax), syntax)
        return path

    with ThreadPoolExecutor(min(_WRITERS, os.cpu_count() or 1)) as writers:
        return list(writers.map(write, range(len(names))))


def write_frames(dataset: Dataset, frames: Sequence[Stored], syntax: str, path: Path) -> None:
    """Write a multi-frame object, its frames in the given order; the folder is made where missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    elements = _encoded(dataset, syntax)
    header = b"".join(elements[tag] for tag in sorted(elements))
    with ThreadPoolExecutor(min(_WRITERS, os.cpu_count() or 1)) as writers:
        pixels = pixel_element(frames, syntax, writers.map)
    _write(path, (dataset.SOPClassUID, dataset.SOPInstanceUID), header + pixels, syntax)


def _encoded(dataset: Dataset, syntax: str) -> dict[int, bytes]:
    """Each element's bytes by tag."""
    elements = {}
    for element in dataset:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, syntax == "implicit"
        write_data_element(buffer, element, _ENCODINGS)
        elements[int(element.tag)] = buffer.getvalue()
    return elements


def _write(path: Path, uids: tuple[str, str], dataset: bytes, syntax: str) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = uids
    meta.TransferSyntaxUID = UIDS[syntax]
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_file_meta_info(buffer, meta)
    with path.open("wb") as file:
        file.write(_PREAMBLE + buffer.getvalue())
        file.write(deflated(dataset) if syntax == "deflated" else dataset)
