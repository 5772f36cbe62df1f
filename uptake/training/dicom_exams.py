"""Training exams from DICOM: digital patients with their truth, and any exams with a SEG or RTSTRUCT."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from uptake.dicom.annotations.rt_structure import read_contours
from uptake.dicom.annotations.segmentation_reader import Segment, read_segmentation
from uptake.dicom.exams.exam_reader import read_exams, select_exams
from uptake.dicom.files.folder_scan import FolderScan, ScannedSeries, scan_folder
from uptake.errors import InputRefused, SeriesRefused, UnreadableFile
from uptake.exam import Exam
from uptake.exam_preparation import prepare
from uptake.geometry import ImageGeometry
from uptake.training.exams import LoadedExam, Mask, TrainingExam, file_identity, merged, patient_key
from uptake.training.recipe import TrainingRecipe, TruthRule

Masks = list[list[Mask]]
Told = tuple[Masks, list[str]]
"""Masks by class, the background left out, and what was not used."""

_LEAVE_OUT = "Give a truth made on the PET's own grid, or leave the exam out."


def digital_patients(folder: Path, recipe: TrainingRecipe) -> list[TrainingExam]:
    """Every exam of every digital patient, those without a lesion too; a lesion's class goes by its kind."""
    found = []
    pages = [*folder.glob("truth/truth.json"), *folder.glob("*/truth/truth.json")]
    for page in sorted(page for page in pages if not page.parent.parent.name.startswith(".")):  # being written
        home = page.parent.parent
        truth = _document(page)
        for entry in truth["exams"]:
            number = int(entry["number"])
            segments = page.parent / f"exam-{number}-lesions.dcm"
            files = {"page": page} | ({"lesions": segments} if segments.exists() else {})
            kinds = {str(each["identity"]): str(each["kind"]) for each in entry["lesions"]}
            found.append(
                TrainingExam(
                    name=home.name if len(truth["exams"]) == 1 else f"{home.name}_exam-{number}",
                    patient=patient_key(str(truth["patient"]["patient_id"])),
                    identity=f"pet {entry['pet_series_uid']}; {file_identity(files)}",
                    digital=True,
                    load=partial(_load_digital, home, number, kinds, recipe),
                )
            )
    return found


def _load_digital(home: Path, number: int, kinds: dict[str, str], recipe: TrainingRecipe) -> LoadedExam:
    (exam,) = read_exams(home / "dicom" / f"exam-{number}")
    segments = home / "truth" / f"exam-{number}-lesions.dcm"

    def read(rules: Sequence[TruthRule]) -> Told:
        if not segments.exists():
            return [[] for _ in rules], []
        return _segment_masks(segments, exam.pet.geometry, rules, lambda each: kinds.get(each.label, ""))

    return _load(home.name, exam, recipe, [read])


def dicom_exams(folder: Path, recipe: TrainingRecipe) -> list[TrainingExam]:
    """Every exam of a folder with the SEG or RTSTRUCT objects of its study that lie nearest to its PET's files.

    Raises
    ------
    InputRefused
        If an exam has no truth.
    """
    scan = scan_folder(folder)
    exams = select_exams(scan, several_patients=True)
    found: list[TrainingExam] = []
    for exam in exams:
        patient = patient_key(exam.patient.patient_id)
        number = 1 + sum(each.patient == patient for each in found)
        name = f"{patient}_{number}"
        objects = _truth_objects(scan, exam)
        if not objects:
            raise InputRefused(
                f"{exam.pet.label} of {_inside(folder, exam)} has no SEG or RTSTRUCT.",
                remedy="Add one from the same study, or leave the exam out.",
            )
        readers = [partial(_object_masks, path, exam) for path in objects]
        files = {str(index): path for index, path in enumerate(objects)}
        ct = exam.ct.series_uid if exam.ct else ""
        identity = f"pet {exam.pet.series_uid}; ct {ct}; {file_identity(files)}"
        load = partial(_load, name, exam, recipe, readers)
        found.append(TrainingExam(name, patient, identity, digital=False, load=load))
    return found


def _inside(folder: Path, exam: Exam) -> str:
    return os.path.relpath(exam.pet.planes[0].path.parent, folder.resolve())


def _truth_objects(scan: FolderScan, exam: Exam) -> list[Path]:
    def nearness(path: Path) -> int:
        return len(os.path.commonpath([path.parent, exam.pet.planes[0].path.parent]))

    paths = [each.path for series in scan.series if _is_truth(series, exam) for each in series.instances]
    best = max(map(nearness, paths), default=0)
    return sorted(path for path in paths if nearness(path) == best)


def _is_truth(series: ScannedSeries, exam: Exam) -> bool:
    facts = series.first.facts
    same = facts.patient.patient_id == exam.patient.patient_id and facts.study_uid == exam.pet.study_uid
    return same and facts.modality in ("SEG", "RTSTRUCT")


def _object_masks(path: Path, exam: Exam, rules: Sequence[TruthRule]) -> Told:
    try:
        contours = read_contours(path, exam.pet)
    except UnreadableFile:
        return _segment_masks(path, exam.pet.geometry, rules, lambda each: "")
    masks: Masks = [[mask for name, mask in contours.items() if _named(name, rule)] for rule in rules]
    return masks, [name for name in contours if not any(_named(name, rule) for rule in rules)]


def _segment_masks(path: Path, grid: ImageGeometry, rules: Sequence[TruthRule], kind: Callable[[Segment], str]) -> Told:
    """Masks of a SEG's segments on the PET's grid; SeriesRefused where the voxels do not coincide."""
    whole = read_segmentation(path)
    masks: Masks = [[] for _ in rules]
    left = []
    for segment in whole.segments:
        classes = [index for index, rule in enumerate(rules) if _meets(segment, kind(segment), rule)]
        if classes:
            alone = replace(whole, segments=(segment,))
            masks[classes[0]].append(np.asarray(alone.label_map(grid).array > 0))
        else:
            left.append(segment.label)
    return masks, left


def _meets(segment: Segment, kind: str, rule: TruthRule) -> bool:
    coded = segment.type is not None and segment.type.value in rule.codes
    return coded or kind in rule.kinds or _named(segment.label, rule)


def _named(name: str, rule: TruthRule) -> bool:
    return any(fnmatch(name.lower(), pattern.lower()) for pattern in rule.names)


def _load(
    name: str, exam: Exam, recipe: TrainingRecipe, readers: Iterable[Callable[[Sequence[TruthRule]], Told]]
) -> LoadedExam:
    rules = [each.truth for each in recipe.classes[1:]]
    masks: Masks = [[] for _ in rules]
    left: list[str] = []
    for read in readers:
        try:
            found, unused = read(rules)
        except SeriesRefused as error:
            raise InputRefused(
                f"the truth of exam {name} is not on its PET's grid: {error}", remedy=_LEAVE_OUT
            ) from error
        masks = [[*old, *new] for old, new in zip(masks, found, strict=True)]
        left += unused
    prepared = prepare(exam)
    if prepared.ct is None and any(each.kind == "CT" for each in recipe.inputs):
        raise InputRefused(f"exam {name} has no CT that fits its PET.", remedy="Add it, or leave the exam out.")
    if left and not any(masks):
        raise InputRefused(
            f"no region of exam {name} is of a class of the recipe.",
            remedy=f"Its regions are {', '.join(sorted(left)[:5])}: name them in the recipe's classes.",
        )
    warnings = (f"exam {name}: {len(left)} region(s) of no class count as background",) if left else ()
    channels = {"PT": prepared.suv} | ({"CT": prepared.ct} if prepared.ct is not None else {})
    return LoadedExam(channels, merged(masks, prepared.suv.geometry.shape), warnings)


def _document(page: Path) -> Any:
    try:
        return json.loads(page.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        name = page.parent.parent.name
        raise UnreadableFile(
            f"truth.json of {name} cannot be read.", remedy="Make the digital patient again."
        ) from error
