"""A digital patient's folder: DICOM exams, reports, and the truth beside them; there as a whole or not at all.

::

    dicom/exam-1/PT, dicom/exam-1/CT ...    what a scanner would have sent
    reports/exam-1.txt, exam-1.json ...     what a physician would have dictated, and what of it is true
    truth/                                  truth.json, label maps as DICOM SEG and NIfTI
"""

from __future__ import annotations

import shutil
from pathlib import Path
from zlib import crc32

import numpy as np

from uptake.dicom.exam_writer.ct_series import write_ct_series
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.dicom.exams.exam_reader import read_exams
from uptake.errors import OutputNotEmpty
from uptake.exam import ImageSeries
from uptake.phantom.designing import Designed
from uptake.phantom.dicom_terms import dicom_terms
from uptake.phantom.dictation import write_reports
from uptake.phantom.plan import ExamPlan, PatientPlan
from uptake.phantom.rendering.ct import render_ct
from uptake.phantom.rendering.pet import RenderedPet, counted
from uptake.phantom.tracers.radionuclides import radiopharmaceutical
from uptake.phantom.truth.document import TruthExam
from uptake.phantom.truth.files import write_truth
from uptake.volume import SuvVolume


def require_empty(folder: Path) -> None:
    """Raise OutputNotEmpty where the folder holds anything: a patient's files must not mix with others."""
    if folder.exists() and any(folder.iterdir()):
        raise OutputNotEmpty("the folder for the digital patient is not empty.", remedy="Name a new folder.")


def write_patient(folder: Path, found: Designed) -> None:
    """Write everything of a designed patient.

    Parameters
    ----------
    folder
        New or empty; nothing is left in it if writing fails.
    found
        The plan and its noise-free exams; noise and CT are made here.

    Raises
    ------
    OutputNotEmpty
        If the folder holds something.
    """
    require_empty(folder)
    partial = folder.with_name(f".{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    try:
        _write_all(partial, found)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _write_all(folder: Path, found: Designed) -> None:
    patient, truths, images = found.patient, list[TruthExam](), list[SuvVolume]()
    for exam, rendered, measured in zip(patient.exams, found.rendered, found.measured, strict=True):
        suv, series = _write_exam(folder / "dicom" / f"exam-{exam.number}", patient, exam, rendered)
        images.append(suv)
        truths.append(TruthExam(exam, measured, rendered.structures, rendered.lesions, series, rendered.volumes_ml))
    write_reports(folder / "reports", patient, truths, images)
    write_truth(folder, patient, truths)


def _write_exam(
    folder: Path, patient: PatientPlan, exam: ExamPlan, rendered: RenderedPet
) -> tuple[SuvVolume, ImageSeries]:
    """Write one exam's PET and CT; give back the noisy PET and the series as a reader finds it."""
    header, injection, protocol = dicom_terms(patient, exam)
    what = radiopharmaceutical(exam.tracer.name).label
    suv = counted(rendered, exam, _random(patient, exam, "PT"))
    write_pet_series(suv, header, injection, protocol, folder / "PT", description=f"PET AC {what}")
    ct = render_ct(exam, _random(patient, exam, "CT"))
    write_ct_series(ct, header, protocol, folder / "CT", description="CT")
    (read,) = read_exams(folder / "PT")
    return suv, read.pet


def _random(patient: PatientPlan, exam: ExamPlan, what: str) -> np.random.Generator:
    return np.random.default_rng((crc32(patient.identity.encode()), exam.number, crc32(what.encode())))
