"""The same patient gives the same projection, however the grid lies."""

import numpy as np
import pytest

from tests.reporting.exam_factory import SPHERES, centred_geometry, make_result
from uptake.reporting.projections import project

FEET_FIRST = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
PRONE = ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))
CORONAL_SLICES = ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))
USUAL = centred_geometry()
GRIDS = {
    "feet first": centred_geometry(axes=FEET_FIRST),
    "prone": centred_geometry(axes=PRONE),
    "coronal slices": centred_geometry((44, 60, 48), axes=CORONAL_SLICES),
}


@pytest.mark.parametrize("view", ["coronal", "sagittal"])
@pytest.mark.parametrize("grid", GRIDS)
def test_any_orientation_gives_the_same_picture(grid, view):
    expected, turned = project(make_result(), view), project(make_result(geometry=GRIDS[grid]), view)
    np.testing.assert_allclose(turned.image, expected.image, atol=1e-5)
    assert turned.pixel_mm == expected.pixel_mm
    for left, right in zip(turned.shadows, expected.shadows, strict=True):
        assert (left.label, left.corner) == (right.label, right.corner)
        np.testing.assert_array_equal(left.mask, right.mask)


def test_patients_right_is_on_the_left_and_the_head_on_top():
    coronal = project(make_result(SPHERES[:1]), "coronal")  # on the patient's right, above the middle
    width, height = coronal.size_mm
    across, up = coronal.shadows[0].hottest_mm
    assert across < width / 2 < height / 2 < up
    row, column = np.unravel_index(np.argmax(coronal.image), coronal.image.shape)
    assert column < coronal.image.shape[1] / 2
    assert row > coronal.image.shape[0] / 2


def test_front_is_on_the_left_of_the_sagittal_view():
    sagittal = project(make_result(SPHERES[:1]), "sagittal")  # the sphere lies in front
    assert sagittal.shadows[0].hottest_mm[0] < sagittal.size_mm[0] / 2


def test_image_is_the_maximum_and_shadows_are_the_labels():
    result = make_result()
    coronal = project(result, "coronal")
    np.testing.assert_array_equal(coronal.image, result.prepared.suv.array.max(axis=1))
    for shadow in coronal.shadows:
        whole = np.zeros(np.add(coronal.image.shape, 2), bool)
        row, column = (start + 1 for start in shadow.corner)
        whole[row : row + shadow.mask.shape[0], column : column + shadow.mask.shape[1]] = shadow.mask
        np.testing.assert_array_equal(whole[1:-1, 1:-1], (result.findings.labels.array == shadow.label).any(axis=1))


def test_shadow_at_the_edge_is_closed():
    edge = project(make_result((((-190.0, 0.0, 236.0), 12.0, 8.0),)), "coronal").shadows[0]
    assert not edge.mask[[0, -1]].any()
    assert not edge.mask[:, [0, -1]].any()
