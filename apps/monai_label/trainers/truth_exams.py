"""Exams with truth from the datastore, prepared for training in a cache: each once, until its truth is another one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from apps.monai_label.exams.exam_key import require_uid
from apps.monai_label.labels.label_types import LabelVersion
from uptake.dicom.exam_writer.exam import DIGITAL
from uptake.errors import InputRefused, OutputFailed
from uptake.exam import PreparedExam
from uptake.training.cache import PreparedTraining, prepared
from uptake.training.exams import LoadedExam, TrainingExam, patient_key, require_grid
from uptake.training.recipe import TrainingRecipe
from uptake.volume import LabelMap
from uptake.whole_file import put_whole

INDEX = "patients.json"


class TruthSource(Protocol):
    """What of a datastore training needs."""

    def truths(self) -> Mapping[str, LabelVersion]:
        """The newest true label of each image that has one."""

    def truth(self, image_id: str) -> LabelMap | None:
        """It, on the PET's grid."""

    def exam(self, image_id: str) -> PreparedExam:
        """The exam's voxels."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Told (exams prepared, of all), and asked before each whether to stop."""

    progress: Callable[[int, int], None] = lambda done, total: None
    stop: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Collected:
    """Exams to train with, and a line for each that cannot be used."""

    exams: tuple[PreparedTraining, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TruthCache:
    """Where exams are prepared for one recipe.

    Parameters
    ----------
    folder
        Only for this; what belongs to no current truth is removed.
    recipe
        As ``site_recipe`` gave it.
    classes
        The recipe's class of each label value that has one (``values_by_class``).
    """

    folder: Path
    recipe: TrainingRecipe
    classes: Mapping[int, int] = field(default_factory=dict)


def collect(source: TruthSource, cache: TruthCache, watched: Watched | None = None) -> Collected:
    """Prepare every exam that has truth; one that cannot be used is left out, and it is said why.

    Raises
    ------
    OutputFailed
        If the disk is full or cannot be written.
    UptakeError
        If the source cannot be asked.
    """
    watched = watched or Watched()
    truths = dict(sorted(source.truths().items()))
    patients = _known_patients(cache.folder)
    found: list[PreparedTraining] = []
    left_out = []
    for done, (image_id, label) in enumerate(truths.items()):
        watched.progress(done, len(truths))
        watched.stop()
        try:
            exam = _training_exam(source, cache, require_uid(image_id), label, patients)
            found += prepared([exam], cache.recipe, cache.folder)
        except InputRefused as error:
            left_out.append(f"exam {image_id} is left out: {error.reason}")
    watched.progress(len(truths), len(truths))
    _prune(cache.folder, {each.folder.name for each in found})
    _keep_patients(cache.folder, {name: entry for name, entry in patients.items() if name in truths})
    return Collected(_without_doubles(found, left_out), tuple(left_out))


Known = dict[str, tuple[str, bool]]
"""Patient's key and whether the patient is a digital one, by image."""


def _training_exam(
    source: TruthSource, cache: TruthCache, image_id: str, label: LabelVersion, patients: Known
) -> TrainingExam:
    if image_id not in patients:
        exam = source.exam(image_id).exam
        # Anonymised exams may have no ID at all: then a study is a patient, rather than all of them together.
        patients[image_id] = patient_key(exam.patient.patient_id or exam.pet.study_uid), DIGITAL in exam.pet.label
    patient, digital = patients[image_id]
    classes = json.dumps(sorted(cache.classes.items()))
    identity = f"site pet {image_id}; truth {label.sop_instance_uid} {label.sha256}; classes {classes}"
    load = partial(_load, source, cache.classes, image_id, label)
    return TrainingExam(image_id, patient, identity, digital=digital, load=load)


def _load(source: TruthSource, classes: Mapping[int, int], image_id: str, label: LabelVersion) -> LoadedExam:
    truth = source.truth(image_id)
    newest = source.truths().get(image_id)
    if truth is None or newest is None or newest.sop_instance_uid != label.sop_instance_uid:
        raise InputRefused("its label was changed meanwhile.", remedy="Train again.")
    exam = source.exam(image_id)
    require_grid(image_id, truth.geometry, exam.suv.geometry)
    table = np.zeros(int(truth.array.max(initial=0)) + 1, np.uint8)
    for value, own in classes.items():
        if value < len(table):
            table[value] = own
    left = sorted({int(value) for value in np.unique(truth.array)} - {0} - set(classes))
    warnings = (f"exam {image_id}: labels {left} are of no class of the model and count as background",) if left else ()
    channels = {"PT": exam.suv} | ({"CT": exam.ct} if exam.ct is not None else {})
    return LoadedExam(channels, table[truth.array], warnings)


def _without_doubles(found: list[PreparedTraining], left_out: list[str]) -> tuple[PreparedTraining, ...]:
    """The same PET under two patients could be learned from and judged by: the later one is left out."""
    seen: dict[str, PreparedTraining] = {}
    kept = []
    for exam in found:
        other = seen.setdefault(exam.pixels, exam)
        if other.patient == exam.patient:
            kept.append(exam)
        else:
            left_out.append(f"exam {exam.name} is left out: its PET is that of {other.name}, of another patient")
    return tuple(kept)


def _known_patients(folder: Path) -> Known:
    try:
        document = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return {str(name): (str(patient), bool(digital)) for name, (patient, digital) in document.items()}
    except (OSError, ValueError, AttributeError, TypeError):  # not there, or damaged: the exams are asked again
        return {}


def _keep_patients(folder: Path, patients: Known) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with put_whole(folder / INDEX) as partial_file:
            partial_file.write_text(json.dumps(patients, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputFailed(f"The cache of prepared exams cannot be written ({error.strerror}).") from error


def _prune(folder: Path, used: set[str]) -> None:
    """Remove what older truths, recipes or a killed preparation left."""
    for each in folder.iterdir() if folder.is_dir() else ():
        if each.is_dir() and each.name not in used:
            shutil.rmtree(each, ignore_errors=True)
