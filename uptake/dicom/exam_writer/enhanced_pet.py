"""Writes a PET as one enhanced multi-frame object."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydicom import Dataset
from pydicom.uid import EnhancedPETImageStorage
from pydicom.valuerep import DSfloat

from uptake.dicom.exam_writer.common_header import set_pixels, set_times
from uptake.dicom.exam_writer.enhanced_groups import (
    frame_groups,
    frame_type,
    set_multiframe,
    shared_groups,
    transformation,
)
from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.file_writing import write_frames
from uptake.dicom.exam_writer.pet_frames import PetFrame, bq_per_suv, corrected_to, stored_plane
from uptake.dicom.exam_writer.radiopharmaceutical import radiopharmaceutical_item
from uptake.dicom.exam_writer.values import code_item, date_time
from uptake.dicom.exam_writer.vendors import series_start, set_private
from uptake.volume import SuvVolume

_IMAGE_TYPE = ("DERIVED", "PRIMARY", "VOLUME", "NONE")
_TRANSVERSE = ("62824007", "SCT", "Transverse")
_INTRAVENOUS = ("47625008", "SCT", "Intravenous route")
_COMPUTED = "none: computed from shapes"
_STATED = {
    "CountsSource": "EMISSION",
    "TimeOfFlightInformationUsed": "FALSE",
    "AttenuationCorrected": "YES",
    "AttenuationCorrectionSource": "CT",
    "AttenuationCorrectionTemporalRelationship": "SEPARATE",
    "ScatterCorrected": "YES",
    "ScatterCorrectionMethod": _COMPUTED,
    "RandomsCorrected": "YES",
    "RandomsCorrectionMethod": "SING",
    "DeadTimeCorrected": "YES",
    "SensitivityCalibrated": "YES",
    "DetectorNormalizationCorrection": "YES",
    "CountLossNormalizationCorrected": "NO",
    "NonUniformRadialSamplingCorrected": "NO",
    "GantryMotionCorrected": "NO",
    "PatientMotionCorrected": "NO",
}
_UNITS = {
    "BQML": ("Bq/ml", "UCUM", "Becquerels/milliliter"),
    "GML": ("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight"),
}


def write_enhanced_pet(
    dataset: Dataset,
    volume: SuvVolume,
    frames: tuple[PetFrame, ...],
    exam: tuple[ExamHeader, Injection, Protocol],
    folder: Path,
) -> Path:
    """Write ``folder/0001.dcm``; frames are the slices in the array's order.

    Parameters
    ----------
    dataset
        What the headers of PET and CT share; becomes the object's header.
    volume, frames
        SUV, and each slice's times and scale.

    References
    ----------
    DICOM PS3.3 A.56 (Enhanced PET Image IOD), C.8.22 (its modules).
    """
    header, injection, protocol = exam
    dataset.SOPClassUID = EnhancedPETImageStorage
    dataset.ImageType = list(_IMAGE_TYPE)
    set_times(dataset, series_start(protocol), protocol.scanned)
    set_pixels(dataset, volume.geometry, bits=16, signed=True)
    set_multiframe(dataset, header, protocol.pet_number, len(frames))
    _set_acquisition(dataset, frames, injection, protocol)
    set_private(dataset, protocol, bq_per_suv(header, injection, corrected_to(injection, protocol)))
    planes = [stored_plane(plane, frame.per_suv) for plane, frame in zip(volume.array, frames, strict=True)]
    shared = shared_groups(volume.geometry, header)
    shared.PETFrameTypeSequence = [frame_type(_IMAGE_TYPE)]
    shared.RadiopharmaceuticalUsageSequence = [Dataset()]
    shared.RadiopharmaceuticalUsageSequence[0].RadiopharmaceuticalAgentNumber = 1
    dataset.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for index, (frame, (_, slope)) in enumerate(zip(frames, planes, strict=True)):
        times = (frame.start, protocol.scanned + timedelta(seconds=frame.reference_s))
        group = frame_groups(volume.geometry, index, times, protocol.frame_duration_s)
        group.PixelValueTransformationSequence = [transformation(slope, 0.0, "US")]
        group.RealWorldValueMappingSequence = [_mapping(slope, protocol.units)]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    path = folder / "0001.dcm"
    write_frames(dataset, [stored for stored, _ in planes], protocol.transfer_syntax, path)
    return path


def _set_acquisition(dataset: Dataset, frames: tuple[PetFrame, ...], injection: Injection, protocol: Protocol) -> None:
    last = (frames[-1].start - protocol.scanned).total_seconds() + protocol.frame_duration_s
    dataset.AcquisitionDateTime = date_time(protocol.scanned)
    dataset.AcquisitionDuration = last
    dataset.PatientPosition = "HFS"
    undecayed = protocol.decay_correction == "NONE"
    dataset.DecayCorrected = "NO" if undecayed else "YES"
    if not undecayed:
        dataset.DecayCorrectionDateTime = date_time(corrected_to(injection, protocol))
    for keyword, value in _STATED.items():
        setattr(dataset, keyword, value)
    dataset.TableMotion = "STATIC" if frames[-1].start == protocol.scanned else "DYNAMIC"
    dataset.ViewCodeSequence = [code_item(_TRANSVERSE)]
    dataset.SliceProgressionDirection = "FEET_TO_HEAD"
    item = radiopharmaceutical_item(injection, dated=True)
    del item.Radiopharmaceutical, item.RadiopharmaceuticalStartTime  # the enhanced object has the code and the date
    item.RadiopharmaceuticalAgentNumber = 1
    item.AdministrationRouteCodeSequence = [code_item(_INTRAVENOUS)]
    dataset.RadiopharmaceuticalInformationSequence = [item]


def _mapping(slope: DSfloat, units: str) -> Dataset:
    item = Dataset()
    item.LUTExplanation = item.LUTLabel = units
    item.MeasurementUnitsCodeSequence = [code_item(_UNITS[units])]
    item.add_new(0x00409216, "SS", -32768)
    item.add_new(0x00409211, "SS", 32767)
    item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, float(str(slope))
    return item
