"""head_neck_field: bodies of boxes, any grid, and digital patients."""

from dataclasses import replace

import numpy as np
import pytest

from tests.phantom.coarse import coarse
from uptake.errors import InputRefused
from uptake.geometry import ImageGeometry
from uptake.inference.head_neck_field import field_box
from uptake.inference.model_store import FieldOfView
from uptake.phantom.disease.design import design_patient
from uptake.phantom.rendering.pet import render_pet
from uptake.regions.body_mask import body_mask
from uptake.volume import SuvVolume

STEP_MM = 5.0
HEAD_NECK = FieldOfView("head_neck")


def shown(suv, field=HEAD_NECK):
    return field_box(body_mask(suv), suv.geometry, field)


def body(*, planes=120, arms_up=False, lowest_mm=0.0, highest_mm=600.0):
    """Trunk to 300 mm, neck to 400 mm, head to 600 mm above the trunk's lower end; cut where asked."""
    z, y, x = np.indices((planes, 60, 100)) * STEP_MM
    x -= 247.5
    y -= 147.5
    inside = (z < 300) & (np.abs(x) < 200) & (np.abs(y) < 100)
    inside |= (z >= 300) & (z < 400) & (np.hypot(x, y) < 65)
    inside |= (z >= 400) & (z < 570) & (np.abs(x) < 75) & (np.abs(y) < 90)
    if arms_up:
        inside |= (z >= 250) & (np.abs(np.abs(x) - 140) < 40) & (np.abs(y) < 40)
    inside &= (z >= lowest_mm) & (z < highest_mm)
    array = np.where(inside, 1.0, 0.0).astype(np.float32)[int(lowest_mm / STEP_MM) : int(highest_mm / STEP_MM)]
    return SuvVolume(np.ascontiguousarray(array), ImageGeometry(array.shape, (STEP_MM,) * 3, (0.0, 0.0, 0.0)))


@pytest.mark.parametrize("arms_up", [False, True])
def test_head_and_neck_lie_between_the_vertex_and_below_the_shoulders(arms_up):
    box = shown(body(arms_up=arms_up))
    assert box.start[0] * STEP_MM == pytest.approx(300 - 110, abs=10)
    assert 565 <= box.stop[0] * STEP_MM <= 600
    assert box.start[1:] == (0, 0)
    assert box.stop[1:] == (60, 100)


def test_a_crop_of_head_and_neck_alone_is_taken_whole():
    box = shown(body(lowest_mm=320))
    assert box.start[0] == 0
    assert box.stop[0] * STEP_MM >= 570 - 320


@pytest.mark.parametrize("what", ["trunk", "legs", "trunk and legs", "air"])
def test_without_head_or_neck_it_is_refused(what):
    suv = body(highest_mm=300)
    array = suv.array.copy()
    if "legs" in what:
        legs = np.zeros((80, *array.shape[1:]), np.float32)
        legs[:, 15:45, 20:45] = legs[:, 15:45, 55:80] = 1.0
        array = np.concatenate([legs, array]) if "trunk" in what else legs
    if what == "air":
        array[:] = 0
    volume = SuvVolume(array, replace(suv.geometry, shape=array.shape))
    with pytest.raises(InputRefused, match="no head or neck in the field of view"):
        shown(volume)


def test_the_central_crop_is_never_larger_than_asked():
    suv = body()
    box = shown(suv, FieldOfView("whole", (162.0, 2000.0)))
    assert box.shape == (120, 32, 100)
    assert box.start[1] == 14
    with pytest.raises(ValueError, match="axial"):
        FieldOfView("neck")


@pytest.mark.parametrize("system", ["head-neck", "breast-pairs"])
def test_digital_patients_are_found_with_every_lesion_of_the_neck(system):
    found = render_pet(coarse(design_patient(system, 3).exams[0]))
    suv = found.noise_free
    box = shown(suv)
    height_mm = box.shape[0] * suv.geometry.spacing_mm[0]
    assert 250 <= height_mm <= 420
    if system == "head-neck":
        labels = found.lesions.array
        assert np.count_nonzero(labels[box.slices]) == np.count_nonzero(labels) > 0
