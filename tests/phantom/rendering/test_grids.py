"""grids: the PET, its finer grid and the CT lie where they should."""

from dataclasses import replace

import numpy as np
import pytest

from uptake.phantom.disease.design import design_patient
from uptake.phantom.physics.scanners import scanner
from uptake.phantom.rendering.grids import body_mapping, ct_geometry, fine_geometry, pet_geometry


@pytest.fixture(scope="module", params=["breast-pairs", "head-neck"])
def exam(request):
    return design_patient(request.param, 1).exams[0]


def inside(geometry, points_mm):
    index = geometry.index(points_mm)
    return np.all((index >= 0) & (index <= np.asarray(geometry.shape) - 1), axis=1)


def test_body_parts_within_the_planned_field_are_scanned(exam):
    heights = (600.0, 700.0, 850.0, 950.0) if exam.field == "head-neck" else (-150.0, 80.0, 400.0, 700.0, 950.0)
    points = body_mapping(exam).to_patient([(x, 0.0, z) for z in heights for x in (-70.0, 0.0, 70.0)])
    assert inside(pet_geometry(exam), points).all()
    assert inside(fine_geometry(exam, pet_geometry(exam)), points).all()
    assert inside(ct_geometry(exam), points).all()


def test_a_head_and_neck_scan_stops_below_the_collar_bones(exam):
    navel = body_mapping(exam).to_patient([(0.0, 0.0, 300.0)])
    assert inside(pet_geometry(exam), navel).all() == (exam.field == "whole-body")


def test_eight_fine_voxels_make_one_voxel_of_the_pet(exam):
    pet = pet_geometry(exam)
    fine = fine_geometry(exam, pet)
    # The middle of the first eight is the middle of a PET voxel.
    index = pet.index(fine.position_mm((0.5, 0.5, 0.5)))
    assert index == pytest.approx(np.rint(index), abs=1e-6)
    assert np.asarray(fine.spacing_mm) * 2 == pytest.approx(np.asarray(pet.spacing_mm))
    assert all(count % 2 == 0 for count in fine.shape)


def test_the_ct_is_finer_and_starts_elsewhere(exam):
    pet, ct = pet_geometry(exam), ct_geometry(exam)
    assert max(ct.spacing_mm[1:]) <= 1.5
    assert not np.allclose(pet.origin_mm, ct.origin_mm, atol=0.5)


def test_raised_arms_are_scanned(exam):
    if exam.field == "whole-body":
        up, down = (pet_geometry(replace(exam, pose=replace(exam.pose, arms_up=up))) for up in (True, False))
        assert up.shape[0] > down.shape[0]


def test_the_grid_has_the_scanners_voxels(exam):
    other = replace(exam, scanner=scanner("cps-whole-body"))
    assert pet_geometry(other).spacing_mm == other.scanner.pet_spacing_mm
