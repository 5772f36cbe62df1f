"""Writes volumes as single-frame DICOM PT and CT series: for digital patients and benchmarks, never for real ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage
from pydicom.valuerep import DSfloat

from uptake import __version__
from uptake.exam import Patient
from uptake.geometry import ImageGeometry
from uptake.volume import CtVolume, SuvVolume

_F18_HALF_LIFE_S = 6586.2
_POSITRON_FRACTION = 0.967
_STORED_MAXIMUM = 32767
_HU_INTERCEPT = -1024
_PIXEL_MODULE = {
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BitsAllocated": 16,
    "BitsStored": 16,
    "HighBit": 15,
    "PixelRepresentation": 1,
}


@dataclass(frozen=True, slots=True)
class FdgExam:
    """Who was scanned, when, and after which FDG injection.

    Parameters
    ----------
    patient
        Name, ID, birth date (``YYYYMMDD``) and sex.
    identity
        Text that every UID of the exam is derived from: the same text gives the same UIDs.
    weight_kg, height_m
        Body size.
    activity_bq
        Injected F-18 activity at ``injected``.
    injected, scanned
        Time of injection, and start of the PET acquisition.
    frame_duration_s
        Length of the PET acquisition.
    description
        Study Description.
    """

    patient: Patient
    identity: str
    weight_kg: float
    height_m: float
    activity_bq: float
    injected: datetime
    scanned: datetime
    frame_duration_s: float = 120.0
    description: str = "DIGITAL PATIENT"

    @property
    def activity_at_scan_bq(self) -> float:
        """What the decay has left of the injected activity when the PET acquisition starts."""
        elapsed_s = (self.scanned - self.injected).total_seconds()
        return self.activity_bq * exp(-log(2) * elapsed_s / _F18_HALF_LIFE_S)

    def uid(self, role: str) -> str:
        """The exam's UID for ``role`` (for example ``"study"``), under the UUID root 2.25 (PS3.5 B.2)."""
        return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'{self.identity}/{role}').int}"


def write_ct_series(volume: CtVolume, exam: FdgExam, folder: Path, *, description: str, number: int = 2) -> list[Path]:
    """Write Hounsfield units as a CT series, one file per slice, in the order of the volume's z axis.

    Parameters
    ----------
    volume
        Hounsfield units; rounded to whole units and clipped to what int16 with intercept -1024 can hold.
    exam
        Patient, study and times.
    folder
        Made where missing.
    description, number
        Series Description and Series Number.

    Returns
    -------
    list of Path
        The files, ``0001.dcm`` and so on.

    References
    ----------
    DICOM PS3.3 A.3 (CT Image IOD).
    """
    template = _common(exam, volume.geometry, modality="CT", number=number, description=description)
    template.SOPClassUID = CTImageStorage
    template.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    template.PatientPosition = "HFS"
    template.KVP = "120"
    template.AcquisitionNumber = "1"
    template.RescaleSlope = "1"
    template.RescaleIntercept = str(_HU_INTERCEPT)
    template.RescaleType = "HU"
    template.WindowCenter, template.WindowWidth = "40", "400"
    _set_times(template, exam.scanned - timedelta(minutes=2))
    return _write_slices(template, exam, volume.geometry, _stored_hounsfield(volume.array), folder)


def write_pet_series(
    volume: SuvVolume, exam: FdgExam, folder: Path, *, description: str, number: int = 3
) -> list[Path]:
    """Write body-weight SUV as an attenuation-corrected BQML series with a rescale slope per slice.

    Decay is corrected to the start of the acquisition (Decay Correction START), so that SUV comes back as
    voxel x weight / activity at the series' start.

    Parameters
    ----------
    volume
        SUV in g/ml. Each slice is stored with 15 bits between 0 and its own maximum.
    exam
        Patient, study, injection and times.
    folder
        Made where missing.
    description, number
        Series Description and Series Number.

    Returns
    -------
    list of Path
        The files, ``0001.dcm`` and so on.

    References
    ----------
    DICOM PS3.3 A.21 (PET Image IOD), C.8.9.1 (PET Series), C.8.9.4 (PET Image).
    """
    template = _common(exam, volume.geometry, modality="PT", number=number, description=description)
    template.SOPClassUID = PositronEmissionTomographyImageStorage
    template.ImageType = ["ORIGINAL", "PRIMARY"]
    _set_times(template, exam.scanned)
    _set_pet(template, exam, volume.geometry.shape[0])
    bq_per_suv = exam.activity_at_scan_bq / (exam.weight_kg * 1000.0)
    stored = _stored_activity(volume.array, bq_per_suv)
    return _write_slices(template, exam, volume.geometry, stored, folder)


def _stored_hounsfield(hu: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.int16], dict[str, object]]]:
    for plane in hu:
        yield np.rint(plane - _HU_INTERCEPT).clip(-_STORED_MAXIMUM - 1, _STORED_MAXIMUM).astype("<i2"), {}


def _stored_activity(
    suv: NDArray[np.float32], bq_per_suv: float
) -> Iterator[tuple[NDArray[np.int16], dict[str, object]]]:
    for index, plane in enumerate(suv, start=1):
        activity = plane.astype(np.float64) * bq_per_suv
        peak = float(np.abs(activity).max())
        # The slope as written, after its rounding to 16 characters, is what the reader will multiply with.
        slope = DSfloat(peak / _STORED_MAXIMUM if peak > 0 else 1.0, auto_format=True)
        rounded = np.rint(activity / float(str(slope))).clip(-_STORED_MAXIMUM, _STORED_MAXIMUM).astype("<i2")
        yield rounded, {"RescaleSlope": slope, "RescaleIntercept": "0", "ImageIndex": index}


def _common(exam: FdgExam, geometry: ImageGeometry, *, modality: str, number: int, description: str) -> Dataset:
    """What CT and PET headers share, and what is the same in every slice."""
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 192"
    header.PatientName = exam.patient.name
    header.PatientID = exam.patient.patient_id
    header.PatientBirthDate = exam.patient.birth_date
    header.PatientSex = exam.patient.sex
    header.PatientWeight = _ds(exam.weight_kg)
    header.PatientSize = _ds(exam.height_m)
    header.StudyInstanceUID = exam.uid("study")
    header.StudyDate, header.StudyTime = _date(exam.injected), _time(exam.injected)
    header.StudyID = "1"
    header.StudyDescription = exam.description
    header.AccessionNumber = ""
    header.ReferringPhysicianName = ""
    header.Modality = modality
    header.SeriesInstanceUID = exam.uid(f"series/{number}")
    header.SeriesNumber = number
    header.SeriesDescription = description
    header.BodyPartExamined = "WHOLEBODY"
    header.FrameOfReferenceUID = exam.uid("frame of reference")
    header.PositionReferenceIndicator = ""
    header.Manufacturer = "Uptake"
    header.ManufacturerModelName = "Digital patient"
    header.SoftwareVersions = __version__
    for keyword, value in _PIXEL_MODULE.items():
        setattr(header, keyword, value)
    header.Rows, header.Columns = geometry.shape[1:]
    header.PixelSpacing = [_ds(geometry.spacing_mm[1]), _ds(geometry.spacing_mm[2])]
    header.SliceThickness = _ds(geometry.spacing_mm[0])
    # Columns run along the array's last axis: the first three values are that axis's direction.
    header.ImageOrientationPatient = [_ds(value) for axis in (geometry.axes[2], geometry.axes[1]) for value in axis]
    return header


def _set_times(header: Dataset, start: datetime) -> None:
    for what in ("Series", "Acquisition", "Content"):
        setattr(header, f"{what}Date", _date(start))
        setattr(header, f"{what}Time", _time(start))


def _set_pet(header: Dataset, exam: FdgExam, slices: int) -> None:
    decay_per_s = log(2) / _F18_HALF_LIFE_S
    decay = decay_per_s * exam.frame_duration_s
    # The moment at which the activity equals its mean over the frame (PS3.3 C.8.9.4.1.5).
    reference_s = log(decay / (1 - exp(-decay))) / decay_per_s
    header.SeriesType = ["WHOLE BODY", "IMAGE"]
    header.Units = "BQML"
    header.CountsSource = "EMISSION"
    header.CorrectedImage = ["DECY", "ATTN", "SCAT", "RAN", "NORM", "DTIM"]
    header.DecayCorrection = "START"
    header.AttenuationCorrectionMethod = "measured, CT"
    header.ReconstructionMethod = "none: computed from shapes"
    header.CollimatorType = "NONE"
    header.NumberOfSlices = slices
    header.ActualFrameDuration = str(round(exam.frame_duration_s * 1000))
    header.FrameReferenceTime = _ds(reference_s * 1000)
    header.DecayFactor = _ds(exp(decay_per_s * reference_s))

    tracer = Dataset()
    tracer.Radiopharmaceutical = "Fluorodeoxyglucose F^18^"
    tracer.RadiopharmaceuticalCodeSequence = [_code(Code("35321007", "SCT", "Fluorodeoxyglucose F^18^"))]
    tracer.RadionuclideCodeSequence = [_code(Code("77004003", "SCT", "^18^Fluorine"))]
    tracer.RadionuclideTotalDose = _ds(exam.activity_bq)
    tracer.RadionuclideHalfLife = _ds(_F18_HALF_LIFE_S)
    tracer.RadionuclidePositronFraction = _ds(_POSITRON_FRACTION)
    tracer.RadiopharmaceuticalStartTime = _time(exam.injected)
    tracer.RadiopharmaceuticalStartDateTime = _date(exam.injected) + _time(exam.injected)
    header.RadiopharmaceuticalInformationSequence = [tracer]

    supine = _code(Code("102538003", "SCT", "recumbent"))
    supine.PatientOrientationModifierCodeSequence = [_code(Code("40199007", "SCT", "supine"))]
    header.PatientOrientationCodeSequence = [supine]
    header.PatientGantryRelationshipCodeSequence = [_code(Code("102540001", "SCT", "headfirst"))]


def _write_slices(
    template: Dataset,
    exam: FdgExam,
    geometry: ImageGeometry,
    stored: Iterator[tuple[NDArray[np.int16], dict[str, object]]],
    folder: Path,
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, (plane, attributes) in enumerate(stored):
        template.SOPInstanceUID = exam.uid(f"series/{template.SeriesNumber}/{index + 1}")
        template.InstanceNumber = index + 1
        template.ImagePositionPatient = [_ds(value) for value in geometry.position_mm((index, 0, 0))]
        for keyword, value in attributes.items():
            setattr(template, keyword, value)
        template.PixelData = plane.tobytes()
        template["PixelData"].VR = "OW"
        template.file_meta = FileMetaDataset()
        template.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{index + 1:04d}.dcm"
        template.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _code(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def _ds(value: float) -> DSfloat:
    return DSfloat(float(value), auto_format=True)


def _date(moment: datetime) -> str:
    return moment.strftime("%Y%m%d")


def _time(moment: datetime) -> str:
    return moment.strftime("%H%M%S.%f")
