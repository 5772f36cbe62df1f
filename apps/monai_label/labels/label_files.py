"""Label files of clients, read without trusting them."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from apps.monai_label.labels.label_errors import LabelRefused
from uptake.geometry import ImageGeometry
from uptake.registration.resampling import from_sitk

_MOST_VOXELS = 1_000_000_000
_NRRD_HEADER_BYTES = 1_000_000
_NIFTI = "NiftiImageIO"
_NIFTI_HEADER_BYTES = 352
_CHUNK_BYTES = 1 << 22
_FORMATS = "NIfTI (.nii, .nii.gz), NRRD in one file, or a DICOM Segmentation"


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM Part 10 (PS3.10 section 7.1)."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def read_labels(path: Path) -> tuple[NDArray[np.uint8], ImageGeometry]:
    """Read a client's label map, whatever the file is called: values ``(z, y, x)`` and their grid in LPS.

    Raises
    ------
    LabelRefused
        If it is no NIfTI or NRRD in one file, not three-dimensional, too large, or holds other values than 0 to 255.
    """
    suffix, kind = _kind(path)
    with TemporaryDirectory(prefix="uptake-label-") as name:
        # SimpleITK goes by the file's name, so the file gets one that fits what is in it.
        link = Path(name) / f"label{suffix}"
        link.symlink_to(path.resolve())
        try:
            image = _read(link, kind)
        except RuntimeError as error:
            raise _refused("cannot be read") from error
    try:
        array, geometry = from_sitk(image)
    except ValueError as error:
        raise _refused("has a grid that is not right-angled and right-handed") from error
    return _as_labels(array), geometry


def _kind(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        head = file.read(352)
    if head[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as unpacked:
                head = unpacked.read(352)
        except (OSError, EOFError, zlib.error) as error:
            raise _refused("is damaged") from error
        if head[344:348] == b"n+1\0":
            return ".nii.gz", _NIFTI
    elif head[344:348] == b"n+1\0":
        return ".nii", _NIFTI
    elif head[:4] == b"NRRD":
        _require_attached(path)
        return ".nrrd", "NrrdImageIO"
    raise _refused("is of another kind")


def _require_attached(path: Path) -> None:
    """A NRRD header may name another file as its data: any file of this machine."""
    with path.open("rb") as file:
        header = file.read(_NRRD_HEADER_BYTES)
    ends = [at for mark in (b"\n\n", b"\r\n\r\n") if (at := header.find(mark)) >= 0]
    if not ends:
        raise _refused("has no end of its header")
    for line in header[: min(ends)].lower().splitlines():
        if line.replace(b" ", b"").startswith(b"datafile:"):
            raise _refused("names another file as its data")


def _read(path: Path, kind: str) -> Any:
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(kind)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    if reader.GetDimension() != 3 or reader.GetNumberOfComponents() != 1:
        raise _refused("is not one three-dimensional volume")
    voxels = int(np.prod([int(n) for n in reader.GetSize()], dtype=object))
    if voxels > _MOST_VOXELS:
        raise _refused("has too many voxels")
    if kind == _NIFTI:
        _require_length(path, _NIFTI_HEADER_BYTES + voxels * _bytes_of(reader.GetPixelID()))
    return reader.Execute()


def _bytes_of(pixel: int) -> int:
    return int(SimpleITK.Image([1, 1, 1], pixel).GetSizeOfPixelComponent())


def _require_length(path: Path, least: int) -> None:
    """Refuse a NIfTI file that was cut off: SimpleITK would read what lacks as background."""
    found = 0
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
            while found < least and (part := file.read(min(_CHUNK_BYTES, least - found))):
                found += len(part)
    except (OSError, EOFError, zlib.error) as error:
        raise _refused("is damaged") from error
    if found < least:
        raise _refused("is cut off")


def _as_labels(array: NDArray[Any]) -> NDArray[np.uint8]:
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 255:
        raise _refused("holds other values than 0 to 255")
    labels = array.astype(np.uint8)
    if not np.array_equal(labels, array):
        raise _refused("holds values that are not whole numbers")
    return labels


def _refused(what: str) -> LabelRefused:
    return LabelRefused(f"The label file {what}.", remedy=f"Send {_FORMATS}.")
