"""demo_patient and demo_body: the digital patient holds what its truth says."""

import numpy as np
import pydicom
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom import DemoTruth, Organ, Sphere, make_demo_patient
from uptake.phantom.demo_body import DEMO_BODY, paint_ct, paint_suv


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, make_demo_patient(folder)


def test_files_are_one_pet_and_one_ct_of_a_patient_that_is_called_digital(demo):
    folder, truth = demo
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.glob("*/*.dcm"))]
    assert {header.Modality for header in headers} == {"CT", "PT"}
    assert {str(header.PatientName) for header in headers} == {"Digital^Patient"}
    assert {header.PatientID for header in headers} == {"UPTAKE-DIGITAL-1"}
    assert len({header.SOPInstanceUID for header in headers}) == len(headers)
    assert len({header.FrameOfReferenceUID for header in headers}) == 1
    assert all("DIGITAL PATIENT" in header.SeriesDescription for header in headers)
    assert len(truth.spheres) == 6


def test_other_seed_is_another_patient(demo, tmp_path):
    folder, _ = demo
    make_demo_patient(tmp_path, seed=2)
    mine, other = (pydicom.dcmread(next((f / "PT").iterdir()), stop_before_pixels=True) for f in (folder, tmp_path))
    assert mine.StudyInstanceUID != other.StudyInstanceUID
    assert mine.PatientID != other.PatientID


def test_spheres_have_their_volume_and_suv_where_the_truth_says():
    geometry = ImageGeometry((40, 40, 40), (4.0, 4.0, 4.0), (-78.0, -78.0, -78.0))
    truth = DemoTruth(spheres=(Sphere("one", (3.0, -5.0, 7.0), 40.0, 6.0),), organs=())
    random = np.random.default_rng(0)
    suv = paint_suv(truth, geometry, random, noise=0.0).array
    integral = suv.sum() * geometry.voxel_volume_ml
    assert integral == pytest.approx(6.0 * np.pi / 6 * 4.0**3, rel=0.01)
    weights = suv / suv.sum()
    centre = [float((geometry.position_mm(np.argwhere(suv >= 0))[:, i] * weights.ravel()).sum()) for i in range(3)]
    assert centre == pytest.approx([3.0, -5.0, 7.0], abs=0.05)
    assert suv.max() == pytest.approx(6.0, rel=0.01)


def test_later_organs_replace_earlier_ones():
    geometry = ImageGeometry((20, 20, 20), (4.0, 4.0, 4.0), (-38.0, -38.0, -38.0))
    organs = (Organ("outer", (0, 0, 0), (36, 36, 36), 1.0, 40), Organ("inner", (0, 0, 0), (16, 16, 16), 3.0, -800))
    ct = paint_ct(DemoTruth((), organs), geometry, np.random.default_rng(0)).array
    assert ct[10, 10, 10] == pytest.approx(-800, abs=60)
    assert ct[10, 10, 2] == pytest.approx(40, abs=60)
    assert ct[0, 0, 0] == pytest.approx(-1000, abs=60)


def test_noise_grows_with_uptake():
    geometry = ImageGeometry((30, 60, 30), (4.0, 4.0, 4.0), (-58.0, -118.0, -58.0))
    organs = tuple(Organ(name, (0, y, 0), (50, 50, 50), suv, 0, 8) for name, y, suv in (("a", -60, 1), ("b", 60, 9)))
    suv = paint_suv(DemoTruth((), organs), geometry, np.random.default_rng(3)).array
    cold, hot = suv[8:22, 8:22, 8:22], suv[8:22, 38:52, 8:22]
    assert hot.std() / cold.std() == pytest.approx(3.0, rel=0.1)


def test_body_holds_physiological_uptake_and_cold_lungs():
    organs = {organ.name: organ for organ in DEMO_BODY.organs}
    assert organs["brain"].suv > 4
    assert organs["bladder"].suv > 4
    assert organs["left lung"].hu < -600
