"""reference_objects: the files measure what expected.csv says, through the reader and by the formulas."""

import csv

import numpy as np
import pytest

from tests.dicom.object_checks import validity_errors
from uptake.dicom.exams.exam_reader import read_exams
from uptake.errors import OutputNotEmpty
from uptake.exam_preparation import prepare
from uptake.phantom.reference_objects import make_reference_objects, making
from uptake.phantom.reference_objects.nema import IMAGES, SPHERES_MM, nema_pet, recovery_at_centre, sphere_centres
from uptake.phantom.reference_objects.solids import prism, sphere
from uptake.phantom.reference_objects.uniform import variants


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference") / "objects"
    make_reference_objects(folder, seed=3)
    return folder


def expected(folder):
    with (folder / "expected.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def exams(made):
    """Every exam as the reader prepares it, by its folder."""
    prepared = {}
    for path in sorted(made.glob("*/*/PT")):
        (exam,) = read_exams(path.parent)
        prepared[path.parent.relative_to(made).as_posix()] = prepare(exam)
    return prepared


def measured(prepared, row):
    geometry = prepared.suv.geometry
    centre = np.array([float(row[name]) for name in ("x_mm", "y_mm", "z_mm")])
    if row["quantity"] == "suv_at_centre":
        return prepared.suv.array[tuple(np.rint(geometry.index(centre)).astype(int))]
    places = geometry.position_mm(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return prepared.suv.array[np.linalg.norm(places - centre, axis=-1) <= float(row["diameter_mm"]) / 2].mean()


def test_every_exam_measures_what_is_expected(made, exams):
    rows = expected(made)
    assert {row["exam"] for row in rows} == set(exams)
    assert len(exams) == len(variants()) + 3
    for row in rows:
        found = measured(exams[row["exam"]], row)
        assert found == pytest.approx(float(row["value"]), abs=float(row["tolerance"])), row


def test_no_voxel_of_a_uniform_cylinder_exceeds_one(exams):
    for variant in variants():
        suv = exams[f"uniform/{variant.name}"].suv
        assert suv.array.max() == pytest.approx(1.0, abs=2e-6)
        assert suv.array.sum() * suv.geometry.voxel_volume_ml == pytest.approx(np.pi * 10**2 * 20, rel=0.002)


def test_the_variants_take_every_branch_to_suv(exams):
    branches = {each.conversion.branch for each in exams.values()}
    for road in ("SeriesDateTime", "GE scan time", "frame mean time", "frame start", "DecayCorrectionDateTime",
                 "ADMIN", "NONE", "SUV scale factor", "activity concentration", "GML"):  # fmt: skip
        assert any(road in branch for branch in branches), road


def test_objects_are_valid(made):
    for variant in variants():
        if variant.protocol.transfer_syntax == "deflated":  # dciodvfy does not inflate
            continue
        first = [next((made / "uniform" / variant.name / kind).iterdir()) for kind in ("PT", "CT")]
        assert [error for path in first for error in validity_errors(path)] == []


def test_spheres_hold_the_activity_of_their_volume():
    suv = nema_pet(IMAGES[0], np.random.default_rng(0))
    for diameter_mm, centre_mm in sphere_centres():
        share = sphere(suv.geometry, centre_mm, diameter_mm)
        assert share.sum() * suv.geometry.voxel_volume_ml == pytest.approx(np.pi / 6e3 * diameter_mm**3, rel=0.005)
        inside = share == 1
        np.testing.assert_allclose(suv.array[inside], 4.0, atol=1e-6)
    assert len(SPHERES_MM) == 6


def test_a_blurred_sphere_recovers_what_the_integral_of_the_gaussian_says():
    radii = np.linspace(0, 5, 200_001)  # in units of sigma = 1 / 2.3548 mm
    density = np.sqrt(2 / np.pi) * radii**2 * np.exp(-(radii**2) / 2)  # Maxwell: share of the Gaussian at a radius
    for diameter in (0.5, 1.0, 2.5):
        reach = diameter / 2 * 2.354820045
        inside = radii <= reach
        assert recovery_at_centre(diameter, 1.0) == pytest.approx(
            np.trapezoid(density[inside], radii[inside]), abs=1e-4
        )


def test_noise_has_the_stated_spread_and_no_bias():
    noisy = nema_pet(IMAGES[2], np.random.default_rng(5))
    clean = nema_pet(IMAGES[1], np.random.default_rng(5)).array
    flat = np.abs(clean - 1.0) < 1e-4
    assert noisy.array[flat].std() == pytest.approx(0.1, rel=0.05)
    assert noisy.array[flat].mean() == pytest.approx(1.0, abs=0.003)


def test_prism_covers_the_share_of_each_voxel():
    geometry = nema_pet(IMAGES[0], np.random.default_rng(0)).geometry
    slab = prism(geometry, lambda x, y: (x <= 0.5) & (y <= 1e9), -10.0, 10.5)
    middle = np.rint(geometry.index((0.0, 0.0, 0.0))).astype(int)
    assert slab[tuple(middle)] == pytest.approx(0.75)  # from -1 to 0.5 of a voxel from -1 to 1
    assert slab[middle[0] + 5, middle[1], middle[2] - 3] == pytest.approx(0.75)  # z from 9 to 10.5 of 9 to 11
    assert slab[middle[0] + 6, middle[1], middle[2] - 3] == 0


def test_the_same_seed_gives_the_same_files(made, tmp_path, monkeypatch):
    monkeypatch.setattr(making, "variants", lambda: variants()[:3])
    make_reference_objects(tmp_path / "again", seed=3)
    make_reference_objects(tmp_path / "other", seed=4)
    paths = sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*.dcm"))
    assert len(paths) == 3 * 60 + 3 * 200
    assert all((made / path).read_bytes() == (tmp_path / "again" / path).read_bytes() for path in paths)
    assert all((made / path).read_bytes() != (tmp_path / "other" / path).read_bytes() for path in paths)


def test_a_folder_with_files_is_refused(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(OutputNotEmpty):
        make_reference_objects(tmp_path)
