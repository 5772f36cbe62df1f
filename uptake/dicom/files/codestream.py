"""Decodes compressed frames; what a frame says of its own size is checked before a decoder allocates it."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from uptake.errors import UnsafeInput

_JPEG, _JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
# Start-of-frame markers: JPEG (T.81 B.1.1.3, without DHT, JPG and DAC) and JPEG-LS (T.87 C.1.1).
_FRAME_STARTS = frozenset((*(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}), 0xF7))
# These release Python's lock, so slices decode in parallel; RLE goes through pydicom.
_DECODERS = {
    JPEGBaseline8Bit: imagecodecs.jpeg8_decode,
    JPEGExtended12Bit: imagecodecs.jpeg8_decode,
    JPEGLossless: imagecodecs.jpegsof3_decode,
    JPEGLosslessSV1: imagecodecs.jpegsof3_decode,
    JPEGLSLossless: imagecodecs.jpegls_decode,
    JPEGLSNearLossless: imagecodecs.jpegls_decode,
    JPEG2000: imagecodecs.jpeg2k_decode,
    JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    HTJ2K: imagecodecs.jpeg2k_decode,
    HTJ2KLossless: imagecodecs.jpeg2k_decode,
    HTJ2KLosslessRPCL: imagecodecs.jpeg2k_decode,
}


def decode_frame(dataset: Dataset, index: int, label: str) -> NDArray[Any]:
    """Stored values ``(y, x)`` of a frame (``index`` from 0), in the sign that PixelRepresentation states.

    Bits above BitsStored are as the decoder left them.

    Raises
    ------
    UnsafeInput
        If the codestream announces another size than Rows and Columns: a decoder would allocate what it says.
    """
    decoder = _DECODERS.get(dataset.file_meta.TransferSyntaxUID)
    if decoder is None:
        return np.asarray(pixel_array(dataset, raw=True, index=index))
    frame = get_frame(dataset.PixelData, index, number_of_frames=int(dataset.get("NumberOfFrames") or 1))
    found = codestream_size(frame)
    if found is not None and found != (dataset.Rows, dataset.Columns):
        raise UnsafeInput(
            f"a compressed image is {found[0]} x {found[1]}, in its header {dataset.Rows} x {dataset.Columns}.",
            remedy="Send the series again from the scanner or PACS.",
            series=label,
            attribute="PixelData (7FE0,0010)",
        )
    stored = np.asarray(decoder(frame))
    return stored.view(f"{'i' if dataset.PixelRepresentation else 'u'}{stored.dtype.itemsize}")


def codestream_size(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 codestream announces; None where it cannot be told.

    References
    ----------
    ITU-T T.81 B.2.2 (frame header), T.87 C.2.2, T.800 A.5.1 (image and tile size).
    """
    start = frame.find(_JPEG_2000, 0, 256)
    if start >= 0:
        right, bottom, left, top = (int.from_bytes(frame[start + at : start + at + 4]) for at in (8, 12, 16, 20))
        return bottom - top, right - left
    if not frame.startswith(_JPEG):
        return None
    position = 2
    while position + 9 <= len(frame) and frame[position] == 0xFF:
        marker = frame[position + 1]
        if marker in _FRAME_STARTS:
            return int.from_bytes(frame[position + 5 : position + 7]), int.from_bytes(
                frame[position + 7 : position + 9]
            )
        position += 2 + int.from_bytes(frame[position + 2 : position + 4])
    return None
