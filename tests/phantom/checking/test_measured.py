"""measured: volumes, peaks and reference regions of images whose numbers are known."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest

from tests.phantom.checking.hand_made import EXAM, lesion_plan
from uptake.geometry import ImageGeometry
from uptake.phantom.checking.anatomy import numbers_of, numbers_of_group, sites, structures
from uptake.phantom.checking.measured import lean_body_mass_kg, measure_exam
from uptake.phantom.checking.peak import peak
from uptake.volume import LabelMap, SuvVolume

GRID = ImageGeometry(shape=(60, 50, 60), spacing_mm=(4.0, 4.0, 4.0), origin_mm=(-120.0, -100.0, 300.0))


def box(array, value, z, y, x):
    array[slice(*z), slice(*y), slice(*x)] = value


@pytest.fixture
def scene():
    """Liver below, lungs above, the aorta as a hind rod and, in front of it, its ascending part."""
    structures_ = np.zeros(GRID.shape, np.uint16)
    suv = np.full(GRID.shape, 0.4, np.float32)
    lungs, liver, aorta = numbers_of("lung_right", "lung_left"), numbers_of("liver")[0], numbers_of("aorta")[0]
    for number, x in zip(lungs, ((5, 25), (35, 55)), strict=True):
        box(structures_, number, (25, 58), (5, 45), x)
    box(structures_, liver, (0, 25), (5, 45), (5, 45))
    box(suv, 2.0, (0, 25), (5, 45), (5, 45))
    for y, value in (((34, 41), 1.5), ((10, 17), 9.0)):
        box(structures_, aorta, (20, 50), y, (27, 34))
        box(suv, value, (20, 50), y, (27, 34))
    return suv, structures_


def measure(suv, structures_, labels, *lesions):
    plan = replace(EXAM, lesions=lesions)
    return measure_exam(SuvVolume(suv, GRID), LabelMap(labels, GRID), LabelMap(structures_, GRID), plan)


def test_a_peak_counts_each_voxel_with_its_share_of_one_millilitre():
    values = np.zeros((15, 15, 15), np.float32)
    values[7, 7, 7] = 100.0
    # A 4 mm voxel lies within the sphere of 6.2 mm radius whole: it is 64 of 1000 mm3.
    assert peak(values, np.array([[7, 7, 7]]), (4.0, 4.0, 4.0)) == pytest.approx(6.4, rel=0.01)
    # The best centre need not be the hottest voxel: seen from a neighbour that is lesion too, nothing changes ...
    assert peak(values, np.array([[7, 7, 8], [7, 7, 7]]), (4.0, 4.0, 4.0)) == pytest.approx(6.4, rel=0.01)
    # ... and from 12 mm away the hot voxel is out of reach.
    assert peak(values, np.array([[7, 7, 10]]), (4.0, 4.0, 4.0)) == 0.0


def test_a_peak_of_a_sphere_larger_than_a_millilitre_is_its_value_at_any_spacing():
    for spacing in ((4.0, 4.0, 4.0), (3.27, 3.65, 3.65), (5.0, 2.0, 2.5)):
        z, y, x = (np.arange(-12, 13) * step for step in spacing)
        inside = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2 < 15**2
        values = np.where(inside, 7.0, 1.0).astype(np.float32)
        assert peak(values, np.argwhere(inside), spacing) == pytest.approx(7.0, rel=1e-6)


def test_a_peak_of_a_slope_is_the_value_at_its_highest_centre():
    values = np.broadcast_to(np.arange(20, dtype=np.float32), (20, 20, 20)).copy()
    inside = np.argwhere(np.ones((2, 2, 5))) + np.array([9, 9, 6])
    assert peak(values, inside, (3.0, 3.0, 3.0)) == pytest.approx(10.0, rel=1e-4)
    assert peak(values, np.array([[9, 9, 19]]), (3.0, 3.0, 3.0)) < 19.0  # what is beyond the image does not count


def test_lesion_numbers_are_those_of_the_plans_order(scene):
    suv, structures_ = scene
    labels = np.zeros(GRID.shape, np.uint16)
    box(labels, 1, (40, 45), (20, 25), (10, 15))
    box(suv, 6.0, (40, 45), (20, 25), (10, 15))
    box(labels, 3, (50, 52), (20, 22), (40, 42))
    suv[50, 20, 40] = 11.0
    plans = (lesion_plan("a", site="lung_right", kind="lung"), lesion_plan("b"), lesion_plan("c", site="t5"))
    first, lost, third = measure(suv, structures_, labels, *plans).lesions
    assert (first.identity, first.mitnm, first.in_thorax) == ("a", "M1c", True)
    assert first.mtv_ml == pytest.approx(125 * 0.064)
    assert first.tlg_g == pytest.approx(6.0 * 8.0)
    assert first.suv_peak == pytest.approx(6.0)
    assert (lost.mtv_ml, lost.suv_max, lost.in_thorax) == (0.0, 0.0, False)
    assert third.suv_max == pytest.approx(11.0)
    assert third.suv_mean == pytest.approx((11 + 7 * 0.4) / 8)
    ratio = 9270 / (8780 + 244 * 70 / 1.65**2)
    assert first.sul_peak == pytest.approx(6.0 * ratio)


def test_the_liver_sphere_lies_in_the_right_lobe_away_from_lesions(scene):
    suv, structures_ = scene
    labels = np.zeros(GRID.shape, np.uint16)
    suv[:, :, 25:45] += np.float32(0.5) * (structures_[:, :, 25:45] == numbers_of("liver")[0])
    clean = measure(suv.copy(), structures_.copy(), labels.copy()).liver
    assert clean.mean == pytest.approx(2.0)  # the left half would say 2.5
    assert clean.voxels * 0.064 == pytest.approx(4 / 3 * pi * 1.5**3, rel=0.15)
    # A lesion in the lobe's middle, with its blur around it, is avoided.
    box(labels, 1, (10, 15), (14, 20), (14, 18))
    box(suv, 6.0, (8, 17), (12, 22), (12, 20))
    found = measure(suv, structures_, labels, lesion_plan("a", site="liver", kind="liver"))
    assert found.liver.mean == pytest.approx(2.0)
    assert found.liver_ml == pytest.approx((structures_ == numbers_of("liver")[0]).sum() * 0.064)


def test_a_liver_full_of_disease_gives_no_reference(scene):
    suv, structures_ = scene
    labels = (structures_ == numbers_of("liver")[0]).astype(np.uint16)
    assert measure(suv, structures_, labels, lesion_plan("a", site="liver", kind="liver")).liver is None


def test_the_blood_pool_is_the_descending_aorta(scene):
    suv, structures_ = scene
    found = measure(suv, structures_, np.zeros(GRID.shape, np.uint16)).blood_pool
    assert (found.mean, found.sd) == (pytest.approx(1.5), pytest.approx(0.0, abs=1e-6))
    assert found.voxels * 0.064 == pytest.approx(pi * 0.5**2 * 2.0, rel=0.25)


def test_an_image_without_the_organs_has_no_references():
    nothing = np.zeros(GRID.shape, np.uint16)
    found = measure(np.ones(GRID.shape, np.float32), nothing, nothing)
    assert (found.liver, found.blood_pool, found.parotid_suv, found.spleen_suv) == (None,) * 4
    assert found.bone_ml == 0.0


def test_organ_means_leave_out_the_rim(scene):
    suv, structures_ = scene
    box(structures_, numbers_of("spleen")[0], (0, 12), (20, 32), (47, 59))
    box(suv, 1.0, (0, 12), (20, 32), (47, 59))
    box(suv, 3.0, (2, 10), (22, 30), (49, 57))
    assert measure(suv, structures_, np.zeros(GRID.shape, np.uint16)).spleen_suv == pytest.approx(3.0)


def test_bone_volume_counts_every_bone_and_nothing_else(scene):
    suv, structures_ = scene
    for offset, number in enumerate(numbers_of_group("bone")):
        structures_[59, 0, offset] = number
    assert measure(suv, structures_, np.zeros(GRID.shape, np.uint16)).bone_ml == pytest.approx(36 * 0.064)


def test_lean_body_mass():
    # By hand: 9270 x 80 / (6680 + 216 x 24.69) and 9270 x 60 / (8780 + 244 x 22.04).
    assert lean_body_mass_kg(replace(EXAM.body, sex="M", weight_kg=80, height_m=1.80)) == pytest.approx(61.7, abs=0.1)
    assert lean_body_mass_kg(replace(EXAM.body, sex="F", weight_kg=60, height_m=1.65)) == pytest.approx(39.3, abs=0.1)


def test_other_grids_and_unplanned_labels_are_errors(scene):
    suv, structures_ = scene
    labels = np.zeros(GRID.shape, np.uint16)
    other = replace(GRID, origin_mm=(0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="one grid"):
        measure_exam(SuvVolume(suv, GRID), LabelMap(labels.copy(), other), LabelMap(structures_, GRID), EXAM)
    labels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="planned"):
        measure(suv, structures_, labels)


def test_every_site_and_structure_is_known():
    assert len({row.number for row in structures().values()}) == len(structures()) == 93
    assert {row.mitnm for row in sites().values()} <= {"T", "N", "M1a", "M1b", "M1c", "-"}
    assert sites()["hilar_left"].in_thorax
    assert not sites()["l3"].in_thorax
