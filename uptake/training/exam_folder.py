"""What kind of folder training data lie in, and the exams in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from uptake.errors import InputRefused
from uptake.training.dicom_exams import dicom_exams, digital_patients
from uptake.training.exams import REMEDY, TrainingExam
from uptake.training.nifti_exams import nifti_folders, nnunet_raw
from uptake.training.recipe import TrainingRecipe


def find_exams(folder: Path, recipe: TrainingRecipe) -> tuple[TrainingExam, ...]:
    """Find every exam with truth; voxels are not read yet.

    Parameters
    ----------
    folder
        Digital patients (``patient-*/truth/truth.json``), nnU-Net's raw layout (``imagesTr``, ``labelsTr``), one folder
        per patient with ``PT.nii.gz``, ``CT.nii.gz`` and ``labels.nii.gz``, or any DICOM.
    recipe
        Says which truth is of which class.

    Returns
    -------
    tuple
        By patient and name, so that the order does not depend on the disk's.

    Raises
    ------
    InputRefused
        If there is none, or something is wrong with one; it is named.
    """
    if not folder.is_dir():
        raise InputRefused("the folder of training data does not exist.", remedy="Check the path.")
    if any(folder.glob("*/truth/truth.json")) or (folder / "truth" / "truth.json").exists():
        found = digital_patients(folder, recipe)
    elif (folder / "imagesTr").is_dir():
        found = nnunet_raw(folder, recipe)
    elif any(folder.glob("*/PT.nii*")) or any(folder.glob("*/*/PT.nii*")):
        found = nifti_folders(folder, recipe)
    else:
        found = dicom_exams(folder, recipe)
    if not found:
        raise InputRefused("no exam with truth was found in the folder of training data.", remedy=REMEDY)
    _require_own_names(found)
    return tuple(sorted(found, key=lambda each: (each.patient, each.name)))


def require_apart(exams: Sequence[TrainingExam], also: Sequence[TrainingExam]) -> None:
    """Refuse a patient, or an exam's name, that is in both of two folders.

    Raises
    ------
    InputRefused
        Naming the exam.
    """
    patients = {exam.patient for exam in exams}
    for exam in also:
        if exam.patient in patients:
            raise InputRefused(
                f"the patient of exam {exam.name} is among those to split in folds and among those only to train on.",
                remedy="Leave the exam out of one of the folders.",
            )
    _require_own_names((*exams, *also))


def _require_own_names(exams: Sequence[TrainingExam]) -> None:
    twice = [name for name, count in Counter(each.name for each in exams).items() if count > 1]
    if twice:
        raise InputRefused(f"several exams are called {twice[0]}.", remedy="Give each exam a name of its own.")
