"""Writes body-weight SUV as a PET series in a vendor's manner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage

from uptake.dicom.exam_writer.common_header import (
    common_header,
    position,
    set_pixels,
    set_single_frame,
    set_times,
)
from uptake.dicom.exam_writer.enhanced_pet import write_enhanced_pet
from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.file_writing import write_slices
from uptake.dicom.exam_writer.pet_frames import PetFrame, bq_per_suv, corrected_to, pet_frames, stored_plane
from uptake.dicom.exam_writer.pixel_encoding import Stored
from uptake.dicom.exam_writer.radiopharmaceutical import radiopharmaceutical_item
from uptake.dicom.exam_writer.values import code_item, date, decimal, time
from uptake.dicom.exam_writer.vendors import HABITS, series_start, set_private
from uptake.geometry import ImageGeometry
from uptake.volume import SuvVolume


def write_pet_series(
    volume: SuvVolume, header: ExamHeader, injection: Injection, protocol: Protocol, folder: Path, *, description: str
) -> list[Path]:
    """Write body-weight SUV as an attenuation-corrected PET series with a rescale slope per slice.

    Parameters
    ----------
    volume
        SUV in g/ml. Each slice is stored with 15 bits between 0 and its own maximum.
    header, injection, protocol
        Who, what was injected, and the scanner's way of writing.
    folder
        Made where missing.
    description
        Series Description; ``DIGITAL PATIENT`` is put in front where it is not there.

    Returns
    -------
    list of Path
        ``0001.dcm`` and so on, from the array's first slice to its last; one file where ``protocol.enhanced``.

    Raises
    ------
    ValueError
        If the scan does not follow the injection.

    References
    ----------
    DICOM PS3.3 A.21 (PET Image IOD), C.8.9.1 (PET Series), C.8.9.4 (PET Image), A.56 (Enhanced PET Image IOD).
    """
    if protocol.scanned <= injection.injected:
        raise ValueError("the scan must follow the injection")
    frames = pet_frames(volume.geometry, header, injection, protocol)
    shared = common_header(header, protocol, modality="PT", number=protocol.pet_number, description=description)
    if protocol.enhanced:
        return [write_enhanced_pet(shared, volume, frames, (header, injection, protocol), folder)]
    _set_series(shared, volume.geometry, header, injection, protocol)
    slices = volume.geometry.shape[0]
    numbers = range(slices, 0, -1) if HABITS[protocol.vendor].head_first else range(1, slices + 1)

    def content(index: int) -> tuple[Dataset, Stored]:
        own, stored = _slice(volume.array[index], frames[index], protocol)
        own.SOPInstanceUID = header.uid(f"series/{protocol.pet_number}/{index + 1}")
        own.InstanceNumber = own.ImageIndex = numbers[index]
        own.update(position(volume.geometry, index))
        return own, stored

    names = [f"{number:04d}.dcm" for number in numbers]
    return write_slices(shared, content, names, protocol.transfer_syntax, folder)


def _slice(suv: NDArray[np.float32], frame: PetFrame, protocol: Protocol) -> tuple[Dataset, Stored]:
    own = Dataset()
    own.AcquisitionDate, own.AcquisitionTime = date(frame.start), time(frame.start)
    own.FrameReferenceTime = decimal(frame.reference_s * 1000)
    if frame.decay_factor is not None:
        own.DecayFactor = decimal(frame.decay_factor)
    stored, slope = stored_plane(suv, frame.per_suv)
    own.RescaleSlope = slope
    return own, stored


def _set_series(
    shared: Dataset, geometry: ImageGeometry, header: ExamHeader, injection: Injection, protocol: Protocol
) -> None:
    habits = HABITS[protocol.vendor]
    shared.SOPClassUID = PositronEmissionTomographyImageStorage
    shared.ImageType = ["ORIGINAL", "PRIMARY"]
    set_times(shared, series_start(protocol), protocol.scanned)
    set_pixels(shared, geometry, bits=16, signed=True)
    set_single_frame(shared, geometry, protocol.scanned)
    shared.SeriesType = ["WHOLE BODY", "IMAGE"]
    shared.Units = protocol.units.partition("-")[0]
    if protocol.units == "GML":
        shared.SUVType = "BW"
    shared.CountsSource = "EMISSION"
    decay = [] if protocol.decay_correction == "NONE" else ["DECY"]
    shared.CorrectedImage = [*decay, *habits.corrections]
    shared.DecayCorrection = protocol.decay_correction
    shared.AttenuationCorrectionMethod = "measured, CT"
    shared.ScatterCorrectionMethod = "none: computed from shapes"
    shared.ReconstructionMethod = "none: computed from shapes"
    shared.CollimatorType = "NONE"
    shared.NumberOfSlices = geometry.shape[0]
    shared.ActualFrameDuration = str(round(protocol.frame_duration_s * 1000))
    shared.RescaleIntercept = "0"
    shared.RadiopharmaceuticalInformationSequence = [radiopharmaceutical_item(injection, habits.injection_date)]
    supine = code_item(("102538003", "SCT", "recumbent"))
    supine.PatientOrientationModifierCodeSequence = [code_item(("40199007", "SCT", "supine"))]
    shared.PatientOrientationCodeSequence = [supine]
    shared.PatientGantryRelationshipCodeSequence = [code_item(("102540001", "SCT", "headfirst"))]
    set_private(shared, protocol, bq_per_suv(header, injection, corrected_to(injection, protocol)))
