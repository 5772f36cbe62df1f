"""Exams and labels of a running annotation server, asked without a browser: what a browser shows is held against it."""

import time
from dataclasses import dataclass

import numpy as np
import SimpleITK

DICOM_JSON = {"Accept": "application/dicom+json"}


@dataclass(frozen=True)
class Exam:
    """UIDs of its study, its PET and its CT."""

    study: str
    image: str
    ct: str


def exams_by_size(running):
    """Every listed exam, the one with most slices first."""
    found = running.get("/dicom-web/studies", "reader", params={"includefield": "00201208"}, headers=DICOM_JSON).json()
    slices = {each["0020000D"]["Value"][0]: each["00201208"]["Value"][0] for each in found}
    exams = []
    for image in running.get("/datastore/?output=all", "reader").json()["objects"]:
        info = running.get("/datastore/image/info", "reader", params={"image": image}).json()
        exams.append(Exam(info["StudyInstanceUID"], image, info["ct"]))
    return sorted(exams, key=lambda each: (-slices[each.study], each.study))


def suv_of(running, exam, folder):
    path = folder / f"{exam.image}.nii.gz"
    path.write_bytes(running.get("/datastore/image", "annotator", params={"image": exam.image}).content)
    return SimpleITK.ReadImage(str(path))


def draw_hot(running, exam, value, folder):
    """Submit every voxel above SUV 4 as a lesion, as an annotator."""
    path = str(folder / "drawn.nii.gz")
    SimpleITK.WriteImage(SimpleITK.Cast(suv_of(running, exam, folder) > 4, SimpleITK.sitkUInt8) * value, path)
    assert running.client("annotator").save_label(exam.image, path)["version"] == 1


def stored_segmentations(running, exam):
    """QIDO: series of segmentations of an exam's study."""
    path = f"/dicom-web/studies/{exam.study}/series"
    answer = running.get(path, "reader", params={"Modality": "SEG"}, headers=DICOM_JSON)
    return answer.json() if answer.status_code == 200 else []


def answer_of(running, model, exam):
    """A model's voxels on the CT, as the viewer asks for them, and the version that gave them."""
    file, facts = running.client("annotator").infer(model, exam.ct, {})
    return SimpleITK.ReadImage(file), facts["version"]


def dice_with_hot(running, answer, exam, folder):
    """Dice of an answer and the voxels above SUV 4, on the answer's grid."""
    hot = SimpleITK.GetArrayFromImage(SimpleITK.Resample(suv_of(running, exam, folder), answer)) > 4
    found = SimpleITK.GetArrayFromImage(answer) > 0
    return 2 * np.count_nonzero(hot & found) / (np.count_nonzero(hot) + np.count_nonzero(found))


def ended_training(running, seconds=1200.0):
    """How the training that runs has ended."""
    end = time.monotonic() + seconds
    while (status := running.get("/train/", "reader").json())["status"] == "RUNNING":
        assert time.monotonic() < end, status
        time.sleep(1.0)
    return status
