"""Writes Hounsfield units as a CT series in a vendor's manner."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import CTImageStorage

from uptake.dicom.exam_writer.common_header import (
    common_header,
    position,
    set_pixels,
    set_single_frame,
    set_times,
)
from uptake.dicom.exam_writer.enhanced_ct import write_enhanced_ct
from uptake.dicom.exam_writer.exam import ExamHeader, Protocol
from uptake.dicom.exam_writer.file_writing import write_slices
from uptake.dicom.exam_writer.pixel_encoding import Stored
from uptake.dicom.exam_writer.vendors import HABITS
from uptake.volume import CtVolume

HU_INTERCEPT = -1024
_BEFORE_PET = timedelta(minutes=2)


def write_ct_series(
    volume: CtVolume, header: ExamHeader, protocol: Protocol, folder: Path, *, description: str
) -> list[Path]:
    """Write Hounsfield units as a CT series in the PET's frame of reference, acquired two minutes before it.

    Parameters
    ----------
    volume
        Hounsfield units; rounded to whole units and clipped to what the vendor's voxels hold: -33792 to 31743 HU in
        16 bits, -1024 to 3071 HU in 12 bits.
    header, protocol
        Who, and the scanner's way of writing.
    folder
        Made where missing.
    description
        Series Description; ``DIGITAL PATIENT`` is put in front where it is not there.

    Returns
    -------
    list of Path
        ``0001.dcm`` and so on, from the array's first slice to its last; one file where ``protocol.enhanced``.

    References
    ----------
    DICOM PS3.3 A.3 (CT Image IOD), A.38 (Enhanced CT Image IOD).
    """
    habits = HABITS[protocol.vendor]
    bits, signed = habits.ct_bits, habits.ct_bits == 16
    shared = common_header(header, protocol, modality="CT", number=protocol.ct_number, description=description)
    acquired = protocol.scanned - _BEFORE_PET
    set_times(shared, acquired, acquired)
    set_pixels(shared, volume.geometry, bits=bits, signed=signed)
    if protocol.enhanced:
        frames = [_stored(plane, bits) for plane in volume.array]
        return [write_enhanced_ct(shared, frames, volume.geometry, (header, protocol, acquired), folder)]
    shared.SOPClassUID = CTImageStorage
    shared.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    shared.PatientPosition = "HFS"
    shared.KVP = "120"
    shared.AcquisitionNumber = "1"
    shared.RescaleSlope, shared.RescaleIntercept, shared.RescaleType = "1", str(HU_INTERCEPT), "HU"
    shared.WindowCenter, shared.WindowWidth = "40", "400"
    set_single_frame(shared, volume.geometry, acquired)
    slices = volume.geometry.shape[0]
    numbers = range(slices, 0, -1) if habits.head_first else range(1, slices + 1)

    def content(index: int) -> tuple[Dataset, Stored]:
        own = position(volume.geometry, index)
        own.SOPInstanceUID = header.uid(f"series/{protocol.ct_number}/{index + 1}")
        own.InstanceNumber = numbers[index]
        return own, _stored(volume.array[index], bits)

    names = [f"{number:04d}.dcm" for number in numbers]
    return write_slices(shared, content, names, protocol.transfer_syntax, folder)


def _stored(hu: NDArray[np.float32], bits: int) -> Stored:
    stored = np.rint(hu)
    stored -= HU_INTERCEPT
    if bits == 12:
        return np.clip(stored, 0, 4095, out=stored).astype(np.uint16)
    return np.clip(stored, -32768, 32767, out=stored).astype(np.int16)
