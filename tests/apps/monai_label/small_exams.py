"""Two small exams of one digital patient, three days apart, and label maps to submit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from apps.monai_label.exams.folder_source import FolderSource
from apps.monai_label.labels.label_store import LabelSettings
from apps.monai_label.labels.labelled_exams import DatastoreSettings, LabelledExams
from apps.monai_label.labels.submission import Submission
from tests.small_exam import write_small_exam

CLASSES = {1: "lesion", 2: "physiological_uptake"}


@pytest.fixture(scope="session")
def small_exams(tmp_path_factory) -> Path:
    """A folder with the subfolders ``first`` and ``second``, each a PET/CT exam."""
    folder = tmp_path_factory.mktemp("exams")
    for name, day in (("first", 5), ("second", 8)):
        write_small_exam(folder / name, identity=f"label {name}", day=day)
    return folder


def settings(folder: Path, **labels) -> DatastoreSettings:
    """Settings whose folders lie under ``folder``."""
    given = {"classes": CLASSES, **labels}
    return DatastoreSettings(LabelSettings(folder / "labels", **given), folder / "cache", search_s=0.0)


def of_folder(exams: Path, folder: Path, **labels) -> LabelledExams:
    """The exams of a folder, with labels kept under ``folder``."""
    return LabelledExams(FolderSource(exams, folder / "stored", listing_s=0.0), settings(folder, **labels))


def box(exams: LabelledExams, image_id: str, corner, value=1, size=(3, 4, 5)) -> np.ndarray:
    """A label map on the PET's grid with one box."""
    array = np.zeros(exams.grid(image_id).shape, np.uint8)
    array[tuple(slice(at, at + n) for at, n in zip(corner, size, strict=True))] = value
    return array


def submission(exams: LabelledExams, image_id: str, array, author="anna", **given) -> Submission:
    """A submission on the PET's grid."""
    return Submission(author=author, array=array, geometry=exams.grid(image_id), **given)
