"""An exam: one PET series, its CT, the patient, and why these series and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from uptake.acquisition import PetAcquisition, SuvConversion
from uptake.geometry import ImageGeometry
from uptake.volume import CtVolume, SuvVolume


@dataclass(frozen=True, slots=True)
class Patient:
    """Who was scanned. Hidden from ``repr``, so that no log line can carry it."""

    patient_id: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SlicePlane:
    """One plane of a series: its file, its SOP Instance UID, its frame number (from 1; None for single-frame)."""

    path: Path = field(repr=False)
    sop_instance_uid: str
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class ImageSeries:
    """A series whose planes form one regular volume, in the order of its geometry's z axis.

    ``label`` names the series in messages (modality, series number, description, slice count; no patient data).
    """

    modality: str
    series_uid: str
    study_uid: str
    sop_class_uid: str
    frame_of_reference_uid: str
    label: str
    geometry: ImageGeometry
    planes: tuple[SlicePlane, ...]
    acquired: datetime | None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.planes) != self.geometry.shape[0]:
            raise ValueError(f"{self.label}: {len(self.planes)} planes for {self.geometry.shape[0]} slices")


@dataclass(frozen=True, slots=True)
class SeriesDecision:
    """Why a series of the input was taken or left: shown to the user and kept in the result."""

    series_uid: str
    label: str
    taken: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Exam:
    """One PET series with its CT (None where there is none), headers only: no pixel has been read yet."""

    patient: Patient
    pet: ImageSeries
    acquisition: PetAcquisition
    ct: ImageSeries | None
    decisions: tuple[SeriesDecision, ...]
    real_world_value_maps: tuple[Path, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PreparedExam:
    """An exam with its voxels: SUV on the PET grid and HU on the CT's own grid."""

    exam: Exam
    suv: SuvVolume
    ct: CtVolume | None
    conversion: SuvConversion
    warnings: tuple[str, ...] = ()
