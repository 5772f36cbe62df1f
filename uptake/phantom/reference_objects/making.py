"""Writes the reference objects with what they must measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uptake.dicom.exam_writer.ct_series import write_ct_series
from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.errors import OutputNotEmpty
from uptake.exam import Patient
from uptake.phantom.reference_objects.expectation import write_expected
from uptake.phantom.reference_objects.nema import IMAGES, nema_ct, nema_expected, nema_pet
from uptake.phantom.reference_objects.uniform import uniform_cylinder, uniform_expected, variants
from uptake.volume import CtVolume, SuvVolume

_WEIGHT_KG, _HEIGHT_M = 75.0, 1.75
_README = """\
Reference objects for PET/CT: digital phantoms, not scans. Each folder is one exam of its own, with PT and CT.

uniform/  A cylinder of SUV 1.00, 200 mm across and long, once in every manner of writing PET: vendor, units, decay
          correction, tracer, midnight between injection and scan, Series Time of a later processing, enhanced
          multi-frame objects, transfer syntaxes. A program that reads one of them as anything but 1.00 has a wrong
          factor there, and the folder's name says where to look.
nema/     Six spheres (10, 13, 17, 22, 28, 37 mm) of SUV 4 and a cold lung insert in a body of SUV 1, after NEMA NU 2
          and IEC 61675-1, without walls: sharp; blurred by a Gaussian of 6 mm FWHM; and blurred with 10 % noise.

expected.csv  What to measure: exam, region, its centre in patient coordinates (LPS, mm) and diameter, the quantity,
          its value, and the tolerance for voxels, stored bits and noise (four standard deviations).

Made by Uptake with seed {seed}; the same seed gives the same files.
"""


@dataclass(frozen=True, slots=True)
class _ReferenceExam:
    """Where an exam goes, and how it is written."""

    name: str
    injection: Injection
    protocol: Protocol


def make_reference_objects(folder: Path, *, seed: int = 1) -> None:
    """Write the uniform cylinders and the NEMA-like phantoms with expected.csv and README.txt.

    Parameters
    ----------
    folder
        Made where missing, refused where it holds anything.
    seed
        Fixes noise and UIDs: the same seed gives the same files.

    Raises
    ------
    OutputNotEmpty
        If the folder holds something.

    References
    ----------
    NEMA NU 2-2018 section 7; DICOM PS3.3 C.8.9 and C.8.22; QIBA FDG-PET/CT Profile, digital reference object.
    """
    if folder.exists() and any(folder.iterdir()):
        raise OutputNotEmpty("the folder for the reference objects is not empty.", remedy="Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    expected = []
    pet, ct = uniform_cylinder()
    known = variants()
    for variant in known:
        exam = _ReferenceExam(f"uniform/{variant.name}", variant.injection, variant.protocol)
        _write(exam, pet, ct, folder, seed)
        expected += uniform_expected(exam.name)
    ct = nema_ct()
    for index, image in enumerate(IMAGES):
        exam = _ReferenceExam(f"nema/{image.name}", known[0].injection, known[0].protocol)
        _write(exam, nema_pet(image, np.random.default_rng([seed, index])), ct, folder, seed)
        expected += nema_expected(image, exam.name)
    write_expected(expected, folder / "expected.csv")
    (folder / "README.txt").write_text(_README.format(seed=seed), encoding="utf-8")


def _write(exam: _ReferenceExam, pet: SuvVolume, ct: CtVolume, folder: Path, seed: int) -> None:
    name = exam.name.replace("/", "-")
    header = ExamHeader(
        patient=Patient(f"UPTAKE-{name}-{seed}".upper(), f"Digital^{name}", "19600101", "O"),
        identity=f"uptake reference object {exam.name} {seed}",
        weight_kg=_WEIGHT_KG,
        height_m=_HEIGHT_M,
        study_start=exam.injection.injected,
        description=f"DIGITAL PATIENT reference object {name}",
    )
    into = folder / exam.name
    write_pet_series(pet, header, exam.injection, exam.protocol, into / "PT", description=f"{name} PET AC")
    write_ct_series(ct, header, exam.protocol, into / "CT", description=f"{name} CT")
