"""A cohort scored against its truth, as Nikulin 2023 does it ("Network evaluation")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.evaluation.delineated import DelineatedPatient
from uptake.evaluation.patient_scores import PatientScores
from uptake.evaluation.structures import lesions_of, match, smallest_lesion

UNION = "union"


@dataclass(frozen=True, slots=True)
class ScoringSettings:
    """How lesions are told apart and matched.

    Parameters
    ----------
    minimum_region_ml
        Smaller regions are dropped from both delineations before anything is counted (paper: 0.1 ml).
    connectivity
        Neighbours of a voxel that count as touching: 6, 18 or 26. The paper does not say.
    coverage
        Share of a lesion that the other delineation must cover (paper: one half).

    Raises
    ------
    ValueError
        If a number is out of its range.
    """

    minimum_region_ml: float = 0.1
    connectivity: int = 26
    coverage: float = 0.5

    def __post_init__(self) -> None:
        if not self.minimum_region_ml >= 0:
            raise ValueError(f"minimum_region_ml is {self.minimum_region_ml}")
        if self.connectivity not in (6, 18, 26):
            raise ValueError(f"connectivity is 6, 18 or 26, not {self.connectivity}")
        if not 0 < self.coverage <= 1:
            raise ValueError(f"coverage is above 0 and at most 1, not {self.coverage}")


@dataclass(frozen=True, slots=True)
class CohortScores:
    """Every patient of a cohort, scored; the tables are made from it.

    Raises
    ------
    ValueError
        If there is no patient, or two have one name.
    """

    classes: tuple[str, ...]
    patients: tuple[PatientScores, ...]
    settings: ScoringSettings = ScoringSettings()

    def __post_init__(self) -> None:
        if not self.patients:
            raise ValueError("a cohort without patients cannot be scored")
        if len({patient.name for patient in self.patients}) != len(self.patients):
            raise ValueError("two patients of a cohort have one name")

    @property
    def targets(self) -> tuple[str, ...]:
        """The classes and, where there are several, their union."""
        return (*self.classes, UNION) if len(self.classes) > 1 else self.classes


def score_cohort(
    patients: Iterable[DelineatedPatient], classes: Sequence[str], settings: ScoringSettings | None = None
) -> CohortScores:
    """Score patients one after the other; their volumes are let go.

    Parameters
    ----------
    patients
        May be a generator: one patient is held at a time.
    classes
        Names of the classes 1, 2, ..., without the background.

    Raises
    ------
    ValueError
        If there is no patient or class, two patients have one name, or a voxel has a class without a name.
    """
    names = tuple(classes)
    if not names or "background" in names or UNION in names or len(set(names)) != len(names):
        raise ValueError(f"classes are the names of 1, 2, ... without background and union, not {names}")
    chosen = settings or ScoringSettings()
    return CohortScores(names, tuple(_scored(patient, len(names), chosen) for patient in patients), chosen)


def _scored(patient: DelineatedPatient, count: int, settings: ScoringSettings) -> PatientScores:
    highest = max(int(patient.truth.max(initial=0)), int(patient.found.max(initial=0)))
    if highest > count:
        raise ValueError(f"a voxel has class {highest}, and {count} classes are named")
    smallest = smallest_lesion(settings.minimum_region_ml, patient.voxel_ml)
    box = _lesion_box(patient)
    truth, truth_numbered = lesions_of(patient.truth[box], count, settings.connectivity, smallest)
    found, found_numbered = lesions_of(patient.found[box], count, settings.connectivity, smallest)
    agreed = np.bincount(truth.ravel().astype(np.intp) * (count + 1) + found.ravel(), minlength=(count + 1) ** 2)
    voxels = agreed.reshape(count + 1, count + 1)  # by class of the truth, class of the answer; 0 is background
    return PatientScores(
        patient.name,
        truth_ml=_by_target(voxels.sum(axis=1)[1:], voxels[1:].sum(), patient.voxel_ml),
        found_ml=_by_target(voxels.sum(axis=0)[1:], voxels[:, 1:].sum(), patient.voxel_ml),
        both_ml=_by_target(voxels.diagonal()[1:], voxels[1:, 1:].sum(), patient.voxel_ml),
        agreed_voxels=tuple(tuple(row) for row in voxels[1:, 1:].tolist()),
        truth_lesions=match(truth_numbered, found, settings.coverage, patient.voxel_ml),
        found_lesions=match(found_numbered, truth, settings.coverage, patient.voxel_ml),
        follow_up_days=patient.follow_up_days,
        event=patient.event,
    )


def _lesion_box(patient: DelineatedPatient) -> tuple[slice, ...]:
    boxes = ndimage.find_objects(((patient.truth > 0) | (patient.found > 0)).astype(np.uint8))
    return boxes[0] if boxes else (slice(0, 1),) * 3


def _by_target(classes: NDArray[np.intp], union: np.intp, voxel_ml: float) -> tuple[float, ...]:
    return tuple(float(count * voxel_ml) for count in (*classes, union))
