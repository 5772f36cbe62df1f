"""A small exam for the tests of the writers: every voxel differs, and the injection lies on the day before the scan."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from uptake.dicom.exam_writer.ct_series import write_ct_series
from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.exam import Patient
from uptake.geometry import ImageGeometry
from uptake.volume import CtVolume, SuvVolume

PET = ImageGeometry(shape=(12, 33, 34), spacing_mm=(20.0, 4.0, 4.0), origin_mm=(-66.0, -64.0, -300.0))
CT = ImageGeometry(shape=(14, 40, 45), spacing_mm=(18.0, 3.5, 3.5), origin_mm=(-77.0, -68.0, -305.0))
INJECTION = Injection(activity_bq=3.2e8, injected=datetime(2024, 2, 3, 23, 30, 0))
HEADER = ExamHeader(
    patient=Patient("ID-1", "Иванов^Пётр", "19500203", "M"),
    identity="exam writer test",
    weight_kg=82.5,
    height_m=1.75,
    study_start=INJECTION.injected,
)
SCANNED = datetime(2024, 2, 4, 0, 31, 30)
# Ga-68 halves in little more than an hour, so a wrong instant shows.
GALLIUM = replace(
    INJECTION,
    half_life_s=4063.0,
    positron_fraction=0.889,
    radiopharmaceutical="PSMA-11 Ga68",
    code=("C118961", "NCIt", "PSMA-11 Ga^68^"),
    nuclide_code=("35337001", "SCT", "^68^Gallium"),
)


def suv_volume() -> SuvVolume:
    suv = np.random.default_rng(1).random(PET.shape, np.float32) * np.linspace(1, 20, PET.shape[0])[:, None, None]
    suv[2] = 0  # an empty slice has no maximum to scale by
    return SuvVolume(suv.astype(np.float32), PET)


def ct_volume() -> CtVolume:
    return CtVolume(np.random.default_rng(2).integers(-1024, 3000, CT.shape).astype(np.float32), CT)


def protocol(**changes) -> Protocol:
    return Protocol(scanned=SCANNED, **changes)


def write(folder, way, injection=INJECTION):
    """The exam as ``folder/PT`` and ``folder/CT``; returns the files of each."""
    pet = write_pet_series(suv_volume(), HEADER, injection, way, folder / "PT", description="PET AC")
    return pet, write_ct_series(ct_volume(), HEADER, way, folder / "CT", description="CT")
