"""A small exam on disk for the tests of the graph: a body, two hot spheres, a CT."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from uptake.dicom.exam_writer.ct_series import write_ct_series
from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.exam import Patient
from uptake.geometry import ImageGeometry
from uptake.phantom.body.mapping import identity as as_it_is
from uptake.phantom.body.painting import paint
from uptake.phantom.body.parts import Ellipsoid, Part
from uptake.volume import CtVolume, SuvVolume

PARTS = tuple(
    Part(shape, "body", "muscle")
    for shape in (
        Ellipsoid((0, 0, 0), (90, 70, 80), exponent=3.0),
        Ellipsoid((30, 0, 20), (20, 20, 20)),
        Ellipsoid((-40, 10, -20), (15, 15, 15)),
    )
)
SUV = np.array([1.0, 9.0, 7.0], np.float32)
HU = np.array([40.0, 45.0, 45.0], np.float32)
SECOND_IS_DENSE = np.array([40.0, 45.0, 900.0], np.float32)
SIGMA_VOXELS = 6.0 / 2.3548 / 6.0
NAME = "Zyxwvut^Secretname"


def write_small_exam(
    folder: Path, *, identity: str = "small exam", day: int = 5, hounsfield=HU, patient: int = 0
) -> None:
    """Write ``folder/PT`` and ``folder/CT``; two lesions stand above SUV 4.

    A ``patient`` other than 0 is another one, with lesions elsewhere and noise of their own.
    """
    injection = Injection(activity_bq=3e8, injected=datetime(2024, 3, day, 8, 0, 0))
    protocol = Protocol(scanned=datetime(2024, 3, day, 9, 0, 0))
    header = ExamHeader(
        patient=Patient(f"SECRETID-{77 + patient}", NAME, "19610709", "M"),
        identity=identity,
        weight_kg=80.0,
        height_m=1.8,
        study_start=injection.injected,
    )
    pet = ImageGeometry((30, 40, 40), (6.0, 6.0, 6.0), (-117.0, -117.0, -87.0))
    ct = ImageGeometry((36, 80, 80), (5.0, 3.0, 3.0), (-118.5, -118.5, -87.5))
    random = np.random.default_rng(patient)
    parts = _moved(random) if patient else PARTS
    suv = gaussian_filter(paint(pet, parts, SUV, as_it_is()).values, SIGMA_VOXELS)
    suv += 0.03 * np.sqrt(suv) * random.standard_normal(suv.shape, np.float32)
    hu = paint(ct, parts, hounsfield, as_it_is(), outside=-1000.0).values + 12 * random.standard_normal(
        ct.shape, np.float32
    )
    write_pet_series(
        SuvVolume(suv.clip(min=0), pet), header, injection, protocol, folder / "PT", description="SMALL PET AC"
    )
    write_ct_series(CtVolume(hu, ct), header, protocol, folder / "CT", description="SMALL CT")


def _moved(random) -> tuple[Part, ...]:
    """The body, and both spheres up to 15 mm from where patient 0 has them."""
    body, *spheres = PARTS
    found = [body]
    for part in spheres:
        centre = tuple(float(at) for at in np.asarray(part.shape.centre_mm) + random.integers(-15, 16, 3))
        found.append(replace(part, shape=replace(part.shape, centre_mm=centre)))
    return tuple(found)
