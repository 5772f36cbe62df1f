"""Exams with truth, found in a folder: digital patients, DICOM with SEG or RTSTRUCT, or NIfTI."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uptake.errors import InputRefused
from uptake.geometry import ImageGeometry
from uptake.inference.network_input import Channels
from uptake.volume import SuvVolume

REMEDY = (
    "Give a folder of digital patients, of DICOM exams with a SEG or RTSTRUCT each, or of NIfTI files (imagesTr and "
    "labelsTr, or PT.nii.gz, CT.nii.gz and labels.nii.gz in one folder per patient)."
)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedExam:
    """An exam's voxels and truth.

    Parameters
    ----------
    channels
        By kind, ``PT`` and, where there is one, ``CT``.
    truth
        uint8 (z, y, x) on the PET's grid: the recipe's classes.
    warnings
        What was left out.
    """

    channels: Channels
    truth: NDArray[np.uint8]
    warnings: tuple[str, ...] = ()

    @property
    def pet(self) -> SuvVolume:
        """The PET."""
        pet = self.channels["PT"]
        if not isinstance(pet, SuvVolume):
            raise ValueError("the channel PT holds no SUV")
        return pet


@dataclass(frozen=True, slots=True, eq=False)
class TrainingExam:
    """An exam that was found and can be read.

    Parameters
    ----------
    name
        In messages and file names; no patient's name.
    patient
        Key of the patient: exams with the same key are never in two folds.
    identity
        Text that is another one if images or truth are others.
    digital
        Whether the patient is a digital one.
    load
        Reads it.
    """

    name: str
    patient: str
    identity: str
    digital: bool
    load: Callable[[], LoadedExam] = field(repr=False)


def patient_key(patient_id: str) -> str:
    """A key for a patient that does not give the patient's ID away in a run folder."""
    return hashlib.sha256(f"uptake training patient {patient_id}".encode()).hexdigest()[:16]


def merged(masks: Sequence[Sequence[Mask]], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Classes from the masks of each, the first class for value 1; where classes overlap, the earlier one counts."""
    truth = np.zeros(shape, np.uint8)
    for value, of_class in reversed(list(enumerate(masks, start=1))):
        for mask in of_class:
            truth[mask] = value
    return truth


def require_grid(name: str, own: ImageGeometry, pet: ImageGeometry) -> None:
    """Refuse a truth that is not on its PET's grid."""
    if not own.same_grid(pet, tolerance_mm=0.1):
        raise InputRefused(
            f"the truth of exam {name} is not on its PET's grid ({_grid(own)}; the PET is {_grid(pet)}).",
            remedy="Resample the truth on to the PET's grid, or leave the exam out.",
        )


def _grid(geometry: ImageGeometry) -> str:
    voxels = " x ".join(map(str, geometry.shape))
    return f"{voxels} voxels of {' x '.join(f'{side:.4g}' for side in geometry.spacing_mm)} mm"


def file_identity(paths: Mapping[str, Path]) -> str:
    """Text from files' contents."""
    parts = []
    for role, path in sorted(paths.items()):
        with path.open("rb") as stream:
            parts.append(f"{role} {hashlib.file_digest(stream, 'sha256').hexdigest()}")
    return "; ".join(parts)
