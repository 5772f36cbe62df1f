"""The experiment's exams by the server's own road: images from a PACS, experts' contours submitted as labels."""

from __future__ import annotations

from pathlib import Path

from apps.monai_label.exams.exam_errors import UnknownExam
from apps.monai_label.exams.exam_source import ExamSource
from apps.monai_label.labels.label_store import LabelSettings
from apps.monai_label.labels.labelled_exams import DatastoreSettings, LabelledExams
from apps.monai_label.labels.submission import Submission
from apps.monai_label.trainers.truth_exams import TruthCache, collect
from uptake.errors import InputRefused
from uptake.training.cache import PreparedTraining
from uptake.training.exam_folder import find_exams
from uptake.training.exams import TrainingExam
from uptake.training.recipe import TrainingRecipe

AUTHOR = "expert"


def exams_of_source(
    source: ExamSource, contours: Path, recipe: TrainingRecipe, work: Path
) -> tuple[PreparedTraining, ...]:
    """Submit the truth of every exam of a folder that the source lists, and prepare them as a training would.

    Parameters
    ----------
    source
        Has the images, and is given the labels as DICOM Segmentations.
    contours
        Folder of the same exams in DICOM with their truth.
    recipe
        Its classes are the labels.
    work
        For the ledger and caches; goes with the source.

    Raises
    ------
    InputRefused
        If the source lists none of them, or one cannot be used.
    UptakeError
        As ``LabelledExams.submit``.
    """
    classes = {value: each.name for value, each in enumerate(recipe.classes) if value}
    exams = LabelledExams(source, DatastoreSettings(LabelSettings(work / "labels", classes), work / "cache"))
    count = sum(_labelled(exams, each) for each in find_exams(contours, recipe))
    if not count:
        raise InputRefused(
            "none of the folder's exams is in the PACS.", remedy="Import them there, images and all, and try again."
        )
    found = collect(exams, TruthCache(work / "prepared", recipe, {value: value for value in classes}))
    if found.left_out:
        raise InputRefused(f"{found.left_out[0]}.", remedy="Mend it, or leave it out of folder and PACS.")
    return found.exams


def _labelled(exams: LabelledExams, exam: TrainingExam) -> bool:
    """Submit an exam's truth unless it has one; whether the source lists the exam."""
    image_id = exam.identity.partition(";")[0].removeprefix("pet ")  # as uptake.training.dicom_exams writes it
    try:
        if exams.truth_version(exams.key(image_id).pet_series_uid):
            return True
        loaded = exam.load()
        geometry = loaded.pet.geometry
        exams.submit(image_id, Submission(AUTHOR, loaded.truth, geometry, expected_version=0, algorithm_type="MANUAL"))
    except UnknownExam:
        return False
    return True
