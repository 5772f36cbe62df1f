"""The demo's digital patient: the simple body written as a PET series and a CT series."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from uptake.dicom.image_writer import FdgExam, write_ct_series, write_pet_series
from uptake.errors import OutputNotEmpty
from uptake.exam import Patient
from uptake.geometry import ImageGeometry
from uptake.phantom.demo_body import DEMO_BODY, DemoTruth, paint_ct, paint_suv

PET_GEOMETRY = ImageGeometry(shape=(225, 144, 144), spacing_mm=(4.0, 4.0, 4.0), origin_mm=(-286.0, -286.0, -894.0))
CT_GEOMETRY = ImageGeometry(shape=(300, 256, 256), spacing_mm=(3.0, 2.0, 2.0), origin_mm=(-255.0, -255.0, -894.0))


def make_demo_patient(folder: Path, *, seed: int = 1) -> DemoTruth:
    """Write the digital patient's exam as ``folder/CT`` and ``folder/PT``.

    Parameters
    ----------
    folder
        Where to write; made where missing, refused where it holds anything.
    seed
        Fixes noise and UIDs, and is part of the Patient ID: the same seed gives the same files.

    Returns
    -------
    DemoTruth
        The lesions and organs it is made of.

    Raises
    ------
    OutputNotEmpty
        If the folder holds something, which the patient's files would mix with.
    """
    if folder.exists() and any(folder.iterdir()):
        raise OutputNotEmpty("the folder for the digital patient is not empty.", remedy="Name a new folder.")
    exam = FdgExam(
        patient=Patient(f"UPTAKE-DIGITAL-{seed}", "Digital^Patient", "19600101", "F"),
        identity=f"uptake demo patient {seed}",
        weight_kg=70.0,
        height_m=1.68,
        activity_bq=3.0e8,
        injected=datetime(2024, 1, 15, 9, 0, 0),
        scanned=datetime(2024, 1, 15, 10, 0, 0),
    )
    random = np.random.default_rng(seed)
    pet = paint_suv(DEMO_BODY, PET_GEOMETRY, random)
    ct = paint_ct(DEMO_BODY, CT_GEOMETRY, random)
    write_ct_series(ct, exam, folder / "CT", description="DIGITAL PATIENT CT")
    write_pet_series(pet, exam, folder / "PT", description="DIGITAL PATIENT PET AC")
    return DEMO_BODY
