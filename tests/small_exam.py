"""A small exam on disk for the tests of the graph: a body, two hot spheres, a CT."""

from datetime import datetime
from pathlib import Path

import numpy as np

from uptake.dicom.image_writer import FdgExam, write_ct_series, write_pet_series
from uptake.exam import Patient
from uptake.geometry import ImageGeometry
from uptake.phantom import DemoTruth, Organ, Sphere
from uptake.phantom.demo_body import paint_ct, paint_suv

BODY = DemoTruth(
    organs=(Organ("body", (0, 0, 0), (90, 70, 80), 1.0, 40, 3),),
    spheres=(Sphere("hot", (30, 0, 20), 40, 9.0), Sphere("warm", (-40, 10, -20), 30, 7.0)),
)
NAME = "Zyxwvut^Secretname"


def write_small_exam(folder: Path, *, identity: str = "small exam", day: int = 5) -> FdgExam:
    """Write ``folder/PT`` and ``folder/CT``; two lesions stand above SUV 4."""
    exam = FdgExam(
        patient=Patient("SECRETID-77", NAME, "19610709", "M"),
        identity=identity,
        weight_kg=80.0,
        height_m=1.8,
        activity_bq=3e8,
        injected=datetime(2024, 3, day, 8, 0, 0),
        scanned=datetime(2024, 3, day, 9, 0, 0),
    )
    pet = ImageGeometry((30, 40, 40), (6.0, 6.0, 6.0), (-117.0, -117.0, -87.0))
    ct = ImageGeometry((36, 80, 80), (5.0, 3.0, 3.0), (-118.5, -118.5, -87.5))
    random = np.random.default_rng(0)
    write_pet_series(paint_suv(BODY, pet, random, noise=0.03), exam, folder / "PT", description="SMALL PET AC")
    write_ct_series(paint_ct(BODY, ct, random), exam, folder / "CT", description="SMALL CT")
    return exam
