"""Small PT and CT series written with pydicom, with a knob for every edge case.

Voxels are known: ``stored(plan)`` gives the integers that ``write_series`` put into the files, ``(z, y, x)`` in the
order of ``plan.positions()``; rescaled they are ``stored * slope[z] + intercept``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedPETImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    PositronEmissionTomographyImageStorage,
    generate_uid,
)

Edit = Callable[[Dataset, int], None]
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def uid(name: str) -> str:
    """The same name gives the same UID."""
    return str(generate_uid(entropy_srcs=[name]))


@dataclass(frozen=True)
class SeriesPlan:
    """A series to be written; ``spacing_mm`` is z, y, x and ``origin_mm`` is the first slice's x, y, z."""

    modality: str = "PT"
    name: str = "series"
    study: str = "study"
    frame_of_reference: str = "frame"
    number: int = 3
    description: str = "PET AC"
    slices: int = 5
    rows: int = 6
    columns: int = 8
    spacing_mm: tuple[float, float, float] = (3.0, 4.0, 5.0)
    origin_mm: tuple[float, float, float] = (-20.0, -15.0, 100.0)
    orientation: tuple[float, ...] = AXIAL
    acquired: datetime = datetime(2020, 5, 17, 10, 30, 0)
    patient_id: str = "P-1"
    patient_name: str = "Doe^Jo"
    character_set: str | list[str] = "ISO_IR 192"
    slope: float = 0.5
    intercept: float = 0.0
    syntax: UID = field(default=ExplicitVRLittleEndian)

    @property
    def normal(self) -> NDArray[np.float64]:
        return np.cross(self.orientation[:3], self.orientation[3:])

    def positions(self) -> NDArray[np.float64]:
        """ImagePositionPatient of each slice, ``(slices, 3)``."""
        steps = np.arange(self.slices)[:, None] * self.spacing_mm[0] * self.normal
        return np.asarray(self.origin_mm) + steps


def ct_plan(**changes) -> SeriesPlan:
    """A CT on its own finer grid, in the same frame of reference and study as a default ``SeriesPlan``."""
    fields = {
        "modality": "CT", "name": "ct", "number": 2, "description": "CT low dose", "slices": 7, "rows": 10,
        "columns": 9, "spacing_mm": (2.0, 2.5, 2.5), "slope": 1.0, "intercept": -1024.0,
        "acquired": datetime(2020, 5, 17, 10, 25, 0),
    }  # fmt: skip
    return SeriesPlan(**{**fields, **changes})


def stored(plan: SeriesPlan) -> NDArray[np.int16]:
    """The integers in the files: 100 per slice, plus the voxel's place in its plane; every voxel differs."""
    plane = np.arange(plan.rows * plan.columns).reshape(plan.rows, plan.columns)
    return (100 * np.arange(1, plan.slices + 1)[:, None, None] + plane).astype(np.int16)


def make_headers(plan: SeriesPlan) -> list[Dataset]:
    """One complete dataset per slice, with its pixels."""
    return [_slice(plan, index) for index in range(plan.slices)]


def write_series(folder: Path, plan: SeriesPlan, *, edit: Edit | None = None, names: str = "{0:03d}") -> list[Path]:
    """Write one file per slice; ``edit(dataset, index)`` may spoil each dataset before it is encoded."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, dataset in enumerate(make_headers(plan)):
        if edit is not None:
            edit(dataset, index)
        path = folder / names.format(index)
        save(dataset, path, plan.syntax)
        paths.append(path)
    return paths


def save(dataset: Dataset, path: Path, syntax: UID = ExplicitVRLittleEndian) -> None:
    """Write a dataset in a transfer syntax; pixels are swapped or compressed as it asks."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, implicit_vr=False, little_endian=False, enforce_file_format=True)
        return
    if syntax.is_compressed and not syntax.is_deflated:
        dataset.compress(syntax, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, enforce_file_format=True)


def write_enhanced(folder: Path, plan: SeriesPlan, *, edit: Callable[[Dataset], None] | None = None) -> Path:
    """Write the plan as one enhanced multi-frame object, its frames in reverse order of position."""
    folder.mkdir(parents=True, exist_ok=True)
    dataset = _common(plan)
    dataset.SOPClassUID = EnhancedPETImageStorage if plan.modality == "PT" else EnhancedCTImageStorage
    dataset.SOPInstanceUID = uid(f"{plan.name}/enhanced")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope",
                    "RescaleIntercept", "SeriesType", "CorrectedImage", "Units", "SliceThickness",
                    "AcquisitionDate", "AcquisitionTime"):  # fmt: skip
        if keyword in dataset:
            del dataset[keyword]
    dataset.AcquisitionDateTime = plan.acquired.strftime("%Y%m%d%H%M%S")
    order = list(range(plan.slices))[::-1]
    dataset.NumberOfFrames = plan.slices
    dataset.SharedFunctionalGroupsSequence = [_shared_groups(plan)]
    dataset.PerFrameFunctionalGroupsSequence = [_frame_groups(plan, index) for index in order]
    if plan.modality == "PT":
        dataset.AttenuationCorrected = dataset.DecayCorrected = "YES"
        dataset.DecayCorrectionDateTime = plan.acquired.strftime("%Y%m%d%H%M%S")
    dataset.PixelData = stored(plan)[order].tobytes()
    dataset["PixelData"].VR = "OW"
    if edit is not None:
        edit(dataset)
    path = folder / f"{plan.name}-enhanced"
    save(dataset, path, plan.syntax)
    return path


def _slice(plan: SeriesPlan, index: int) -> Dataset:
    dataset = _common(plan)
    pet = plan.modality == "PT"
    dataset.SOPClassUID = PositronEmissionTomographyImageStorage if pet else CTImageStorage
    dataset.SOPInstanceUID = uid(f"{plan.name}/{index}")
    dataset.InstanceNumber = index + 1
    dataset.ImagePositionPatient = [f"{value:.6g}" for value in plan.positions()[index]]
    dataset.PixelData = stored(plan)[index].tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def _common(plan: SeriesPlan) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = plan.character_set
    ds.Modality = plan.modality
    ds.PatientID, ds.PatientName = plan.patient_id, plan.patient_name
    ds.PatientBirthDate, ds.PatientSex = "19600102", "F"
    ds.PatientWeight, ds.PatientSize = "70", "1.7"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(plan.study), uid(plan.name)
    if plan.frame_of_reference:
        ds.FrameOfReferenceUID = uid(plan.frame_of_reference)
    ds.SeriesNumber, ds.SeriesDescription = plan.number, plan.description
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = plan.acquired.strftime("%Y%m%d")
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = plan.acquired.strftime("%H%M%S")
    ds.Rows, ds.Columns = plan.rows, plan.columns
    ds.PixelSpacing = [str(plan.spacing_mm[1]), str(plan.spacing_mm[2])]
    ds.SliceThickness = str(plan.spacing_mm[0])
    ds.ImageOrientationPatient = [f"{value:.6g}" for value in plan.orientation]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleSlope, ds.RescaleIntercept = str(plan.slope), str(plan.intercept)
    if plan.modality == "PT":
        ds.ImageType = ["ORIGINAL", "PRIMARY"]
        _pet_module(ds, plan)
    else:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    return ds


def _pet_module(ds: Dataset, plan: SeriesPlan) -> None:
    ds.SeriesType = ["STATIC", "IMAGE"]
    ds.Units = "BQML"
    ds.CorrectedImage = ["DECY", "ATTN", "SCAT", "NORM"]
    ds.DecayCorrection = "START"
    ds.ActualFrameDuration = "120000"
    ds.FrameReferenceTime = "0"
    item = Dataset()
    item.Radiopharmaceutical = "FDG"
    item.RadionuclideTotalDose, item.RadionuclideHalfLife = "350000000", "6586.2"
    injected = plan.acquired - timedelta(hours=1)
    item.RadiopharmaceuticalStartTime = injected.strftime("%H%M%S")
    item.RadiopharmaceuticalStartDateTime = injected.strftime("%Y%m%d%H%M%S")
    ds.RadiopharmaceuticalInformationSequence = [item]


def _shared_groups(plan: SeriesPlan) -> Dataset:
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [str(plan.spacing_mm[1]), str(plan.spacing_mm[2])]
    measures.SliceThickness = str(plan.spacing_mm[0])
    orientation.ImageOrientationPatient = [f"{value:.6g}" for value in plan.orientation]
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    if plan.modality == "PT":
        units, mapping = Dataset(), Dataset()
        units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = "Bq/ml", "UCUM", "Becquerels/milliliter"
        mapping.MeasurementUnitsCodeSequence = [units]
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = plan.slope, plan.intercept
        shared.RealWorldValueMappingSequence = [mapping]
    return shared


def _frame_groups(plan: SeriesPlan, index: int) -> Dataset:
    position, content, rescale, frame = Dataset(), Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [f"{value:.6g}" for value in plan.positions()[index]]
    content.StackID, content.InStackPositionNumber = "1", index + 1
    content.DimensionIndexValues = [1, index + 1]
    content.FrameAcquisitionDateTime = plan.acquired.strftime("%Y%m%d%H%M%S")
    content.FrameReferenceDateTime = plan.acquired.strftime("%Y%m%d%H%M%S")
    content.FrameAcquisitionDuration = 120000.0
    rescale.RescaleSlope, rescale.RescaleIntercept = str(plan.slope), str(plan.intercept)
    rescale.RescaleType = "US" if plan.modality == "PT" else "HU"
    frame.PlanePositionSequence = [position]
    frame.FrameContentSequence = [content]
    frame.PixelValueTransformationSequence = [rescale]
    return frame
