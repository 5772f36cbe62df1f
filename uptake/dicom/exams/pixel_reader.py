"""Decodes the planes of a series, in parallel, straight into one float32 volume."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from uptake.dicom.files.codestream import decode_frame
from uptake.dicom.files.folder_scan import quiet_pydicom
from uptake.dicom.files.instance_header import WANTED, PixelEncoding, StoredPixels, StoredPlane, instance_header
from uptake.dicom.files.raw_header import read_raw_header
from uptake.errors import InputRefused, SeriesRefused, UnreadableFile
from uptake.exam import ImageSeries, SlicePlane
from uptake.volume import CtVolume

_NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_INTEGER_BITS = (8, 16, 32)
_SEND_AGAIN = "Send the series again from the scanner or PACS."


def read_pet_pixels(series: ImageSeries) -> NDArray[np.float32]:
    """Rescaled voxels of a PET, float32 ``(z, y, x)`` in plane order, in the header's Units.

    Each plane is rescaled by its own RescaleSlope and RescaleIntercept.

    Raises
    ------
    UnreadableFile
        If a plane is truncated or cannot be decoded.
    SeriesRefused
        If the pixels are not integers of one sample.

    References
    ----------
    DICOM PS3.3 C.8.9.4.1 (PET Image: rescale), C.7.6.3 (Image Pixel).
    """
    return _read_volume(series)


def read_ct_volume(series: ImageSeries) -> CtVolume:
    """Hounsfield units of a CT on its own grid; raises as ``read_pet_pixels``.

    Pixel Padding Value is rescaled like any other value: outside the field of view the volume holds what the scanner
    wrote there, usually below -1000 HU.
    """
    return CtVolume(_read_volume(series), series.geometry)


def _read_volume(series: ImageSeries) -> NDArray[np.float32]:
    volume = np.empty(series.geometry.shape, dtype=np.float32)
    # A multi-frame file that must be parsed is parsed once, not once for every frame.
    paths = {plane.path for plane in series.planes if plane.frame is not None and not _is_native(_stored_pixels(plane))}
    parsed = {path: dcmread(path) for path in paths}

    def read(index: int) -> None:
        plane = series.planes[index]
        try:
            _read_plane(plane, parsed.get(plane.path), volume[index], series.label)
        except InputRefused:
            raise
        except Exception as error:
            # What the decoders raise differs from library to library, and their texts may carry paths.
            raise UnreadableFile(
                f"slice {index + 1} of {len(series.planes)} cannot be decoded ({type(error).__name__}).",
                remedy=_SEND_AGAIN,
                series=series.label,
                attribute="PixelData (7FE0,0010)",
            ) from error

    _in_parallel(read, len(series.planes))
    return volume


def _in_parallel(read: Callable[[int], None], count: int) -> None:
    with quiet_pydicom(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as workers:
        for _ in workers.map(read, range(count)):
            pass


def _read_plane(plane: SlicePlane, parsed: Dataset | None, target: NDArray[np.float32], label: str) -> None:
    pixels = _stored_pixels(plane)
    encoding = pixels.encoding
    if encoding.bits_allocated not in _INTEGER_BITS or encoding.samples not in (1, None):
        raise SeriesRefused(
            f"{encoding.bits_allocated} bits, {encoding.samples} samples per pixel.",
            remedy="Send grey-scale images of 8, 16 or 32 bits.",
            series=label,
            attribute="BitsAllocated (0028,0100)",
        )
    if _is_native(pixels):
        stored = _read_native(plane, pixels, target.shape)
    else:
        dataset, index = parsed or dcmread(plane.path), (plane.frame or 1) - 1
        stored = decode_frame(dataset, index, label)
    if stored.shape != target.shape:
        raise ValueError(f"decoded to {stored.shape}")
    _rescale(_stored_bits(stored, encoding), pixels, target)


def _stored_pixels(plane: SlicePlane) -> StoredPixels:
    """What the scan remembered of the plane; read again where a plane came without."""
    if isinstance(plane, StoredPlane) and plane.pixels is not None:
        return plane.pixels
    raw = read_raw_header(plane.path, WANTED)
    if raw is None or plane.frame is not None:
        raise ValueError("not a single-frame DICOM file")
    return instance_header(plane.path, raw).pixels


def _is_native(pixels: StoredPixels) -> bool:
    return bool(pixels.offset) and pixels.encoding.transfer_syntax in _NATIVE


def _read_native(plane: SlicePlane, pixels: StoredPixels, shape: tuple[int, ...]) -> NDArray[Any]:
    kind = "i" if pixels.encoding.signed else "u"
    dtype = np.dtype(f"<{kind}{(pixels.encoding.bits_allocated or 0) // 8}")
    count = int(np.prod(shape))
    with plane.path.open("rb", buffering=0) as file:
        file.seek(pixels.offset)
        content = file.read(count * dtype.itemsize)
    return np.frombuffer(content, dtype, count).reshape(shape)


def _stored_bits(stored: NDArray[Any], encoding: PixelEncoding) -> NDArray[Any]:
    """Only the bits that belong to the value: others may hold overlays or rubbish (PS3.5 8.1.1)."""
    allocated, bits = stored.dtype.itemsize * 8, encoding.bits_stored or encoding.bits_allocated or 0
    high = bits - 1 if encoding.high_bit is None else encoding.high_bit
    if bits >= allocated or not bits <= high + 1 <= allocated:
        return stored
    return np.asarray(np.right_shift(np.left_shift(stored, allocated - 1 - high), allocated - bits))


def _rescale(stored: NDArray[Any], pixels: StoredPixels, target: NDArray[np.float32]) -> None:
    """``stored * slope + intercept``, rounded once to float32; exact in float32 for whole numbers of 16 bits."""
    slope = 1.0 if pixels.slope is None else pixels.slope
    intercept = 0.0 if pixels.intercept is None else pixels.intercept
    if slope == 1.0 and intercept.is_integer() and abs(intercept) < 2**16 and stored.dtype.itemsize <= 2:
        np.add(stored, np.float32(intercept), out=target, casting="unsafe", dtype=np.float32)
        return
    values = np.multiply(stored, slope, dtype=np.float64)
    if intercept:
        values += intercept
    target[...] = values
