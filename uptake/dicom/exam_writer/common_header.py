"""What the headers of PET and CT share: patient, study, equipment, and where the slices lie."""

from __future__ import annotations

from datetime import datetime

from pydicom import Dataset

from uptake import __version__
from uptake.dicom.exam_writer.exam import DIGITAL, ExamHeader, Protocol, digital
from uptake.dicom.exam_writer.values import date, decimal, time
from uptake.dicom.exam_writer.vendors import HABITS
from uptake.geometry import ImageGeometry


def common_header(header: ExamHeader, protocol: Protocol, *, modality: str, number: int, description: str) -> Dataset:
    """Patient, study, series and equipment, which name a digital patient in five places.

    References
    ----------
    DICOM PS3.3 C.7.1 to C.7.5, C.7.6.1 (General Image: Quality Control Image).
    """
    common = Dataset()
    common.SpecificCharacterSet = "ISO_IR 192"
    common.PatientName = header.patient.name
    common.PatientID = header.patient.patient_id
    common.PatientBirthDate = header.patient.birth_date
    common.PatientSex = header.patient.sex
    common.PatientWeight = decimal(header.weight_kg)
    common.PatientSize = decimal(header.height_m)
    common.StudyInstanceUID = header.uid("study")
    common.StudyDate, common.StudyTime = date(header.study_start), time(header.study_start)
    common.StudyID = "1"
    common.StudyDescription = digital(header.description)
    common.AccessionNumber = ""
    common.ReferringPhysicianName = ""
    common.Modality = modality
    common.SeriesInstanceUID = header.uid(f"series/{number}")
    common.SeriesNumber = number
    common.SeriesDescription = digital(description)
    common.BodyPartExamined = header.body_part
    common.FrameOfReferenceUID = header.uid("frame of reference")
    common.PositionReferenceIndicator = ""
    common.Manufacturer = HABITS[protocol.vendor].manufacturer
    common.ManufacturerModelName = protocol.model
    common.DeviceSerialNumber = DIGITAL
    common.SoftwareVersions = f"Uptake {__version__}"
    common.ImageComments = f"{DIGITAL}: computed from shapes, not a scan of a person"
    return common


def set_times(header: Dataset, series: datetime, acquired: datetime) -> None:
    """Dates and times of the series and of its content."""
    header.SeriesDate, header.SeriesTime = date(series), time(series)
    header.ContentDate, header.ContentTime = date(acquired), time(acquired)


def set_single_frame(header: Dataset, geometry: ImageGeometry, acquired: datetime) -> None:
    """What every slice of a single-frame series says: when, how large, which way, and that it is a phantom's."""
    header.AcquisitionDate, header.AcquisitionTime = date(acquired), time(acquired)
    header.QualityControlImage = "YES"
    header.update(measures(geometry))
    header.update(orientation(geometry))


def set_pixels(header: Dataset, geometry: ImageGeometry, *, bits: int, signed: bool) -> None:
    """The pixel module of 16 allocated bits, of which ``bits`` are used (PS3.3 C.7.6.3)."""
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.Rows, header.Columns = geometry.shape[1:]
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, bits, bits - 1
    header.PixelRepresentation = int(signed)


def measures(geometry: ImageGeometry) -> Dataset:
    """Pixel Spacing and Slice Thickness."""
    item = Dataset()
    item.PixelSpacing = [decimal(geometry.spacing_mm[1]), decimal(geometry.spacing_mm[2])]
    item.SliceThickness = decimal(geometry.spacing_mm[0])
    return item


def orientation(geometry: ImageGeometry) -> Dataset:
    """Image Orientation (Patient): columns run along the array's last axis, which comes first."""
    item = Dataset()
    item.ImageOrientationPatient = [decimal(value) for axis in (geometry.axes[2], geometry.axes[1]) for value in axis]
    return item


def position(geometry: ImageGeometry, index: int) -> Dataset:
    """Image Position (Patient) of slice ``index``."""
    item = Dataset()
    item.ImagePositionPatient = [decimal(value) for value in geometry.position_mm((index, 0, 0))]
    return item
