"""A cohort to evaluate on: exams with truth on the network's grid, and what became of the patients."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uptake.evaluation.delineated import DelineatedPatient
from uptake.evaluation.follow_up import FollowUp, find_follow_up
from uptake.evaluation.kept_labels import Labels
from uptake.geometry import ImageGeometry
from uptake.training.cache import PreparedTraining, prepared
from uptake.training.exam_folder import find_exams
from uptake.training.exams import LoadedExam
from uptake.training.folds import require_no_leak
from uptake.training.plain_json import from_plain
from uptake.training.recipe import TrainingRecipe

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class CohortExam:
    """One exam of a cohort.

    Parameters
    ----------
    prepared
        Input and truth on the network's grid.
    load
        Reads the exam as it was given, for what the network's input has lost, such as SUV.
    follow_up
        None where it is not known, and for all but the first exam of a patient.
    """

    prepared: PreparedTraining
    load: Callable[[], LoadedExam]
    follow_up: FollowUp | None = None

    @property
    def name(self) -> str:
        """The exam's."""
        return self.prepared.name

    @property
    def geometry(self) -> ImageGeometry:
        """The network's grid."""
        page = json.loads((self.prepared.folder / "exam.json").read_text(encoding="utf-8"))
        return from_plain(ImageGeometry, page["geometry"])

    def delineated(self, found: Labels, *, as_one: bool) -> DelineatedPatient:
        """The exam with its truth and what was found; ``as_one``: lesions of all classes as class 1."""
        truth = np.array(self.prepared.labels())
        if as_one:
            truth, found = (truth > 0).astype(np.uint8), (found > 0).astype(np.uint8)
        days, event = (self.follow_up.days, self.follow_up.event) if self.follow_up else (None, None)
        return DelineatedPatient(self.name, truth, found, self.geometry.voxel_volume_ml, days, event)


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Exams in order of patient and name; ``warnings`` say what is left out of them."""

    exams: tuple[CohortExam, ...]
    warnings: tuple[str, ...] = ()


def read_cohort(
    data: Path,
    recipe: TrainingRecipe,
    cache: Path,
    table: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Cohort:
    """Find and prepare the exams of a folder.

    Parameters
    ----------
    data
        As ``uptake train`` takes it.
    recipe
        Says what becomes of exams and which truth is of which class.
    cache
        Of prepared exams, also one that a training used.
    table
        Follow-up; None for a digital cohort's own.
    progress
        Called with exams prepared and all.

    Raises
    ------
    InputRefused
        If the folder, an exam or the table cannot be used, or the same PET is under two patients.
    """
    follow_up = find_follow_up(data, table)
    found = find_exams(data, recipe)
    ready = prepared(found, recipe, cache, progress)
    require_no_leak(ready)
    first = _first_exams(ready)
    exams = tuple(
        CohortExam(each, one.load, follow_up.get(each.patient) if each.name in first else None)
        for each, one in zip(ready, found, strict=True)
    )
    warnings = dict.fromkeys(text for each in ready for text in each.warnings)
    return Cohort(exams, (*warnings, *_gaps(ready, follow_up)))


def _first_exams(exams: Sequence[PreparedTraining]) -> set[str]:
    """Names of the first exam of each patient: a patient is followed once."""
    first: dict[str, str] = {}
    for each in exams:
        first.setdefault(each.patient, each.name)
    return set(first.values())


def _gaps(exams: Sequence[PreparedTraining], follow_up: Mapping[str, FollowUp]) -> tuple[str, ...]:
    lacking = len({each.patient for each in exams} - set(follow_up))
    return (f"{lacking} patient(s) have no follow-up",) if follow_up and lacking else ()
