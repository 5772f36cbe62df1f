"""A lesion's planes show the right place, in the right direction, with and without CT."""

import numpy as np
import pytest

from tests.reporting.exam_factory import SPHERES, centred_geometry, make_result
from uptake.registration.resampling import resample_labels, resample_suv
from uptake.reporting.annotation import to_rgb
from uptake.reporting.lesion_views import _plane_grid, draw_lesion, lesion_caption

TURN = np.deg2rad(25.0)
OBLIQUE = ((0.0, -np.sin(TURN), np.cos(TURN)), (0.0, np.cos(TURN), np.sin(TURN)), (1.0, 0.0, 0.0))


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("axes", [None, OBLIQUE])
def test_planes_pass_through_the_hottest_voxel(plane, axes):
    result = make_result(geometry=centred_geometry(axes=axes))
    lesion = result.findings.lesions[1]
    grid = _plane_grid(lesion, plane, 70.0)
    middle = tuple((n - 1) // 2 for n in grid.shape)
    np.testing.assert_allclose(grid.position_mm(middle), lesion.max_position_mm, atol=1e-9)
    assert resample_suv(result.prepared.suv, grid).array[middle] == pytest.approx(lesion.suv_max, rel=1e-4)
    assert resample_labels(result.findings.labels, grid).array[middle] == lesion.label


def test_axial_view_has_the_front_on_top_and_the_right_on_the_left():
    # One lesion looks at another that lies to its front and right, hot enough to be the brightest thing there.
    spheres = (((0.0, 0.0, 0.0), 16.0, 5.0), ((-40.0, -40.0, 0.0), 12.0, 60.0))
    result = make_result(spheres, with_ct=False)
    axes = draw_lesion(result, result.findings.lesions[0]).axes[0]
    shown = np.asarray(axes.images[0].get_array()).sum(axis=2)
    left, right, bottom, top = axes.images[0].get_extent()
    row, column = (places.mean() for places in np.nonzero(shown == shown.max()))
    assert column / shown.shape[1] < 0.4
    assert left < right
    assert bottom < top
    # imshow's origin "upper" draws row 0 at the top.
    assert axes.images[0].origin == "upper"
    assert row / shown.shape[0] < 0.4


def test_with_and_without_ct():
    with_ct, alone = make_result(), make_result(with_ct=False)
    pictures = [draw_lesion(result, result.findings.lesions[0]) for result in (with_ct, alone)]
    words = [" ".join(text.get_text() for text in picture.texts) for picture in pictures]
    assert "PET over CT" in words[0]
    assert "no CT" in words[1]
    assert "no CT" in lesion_caption(alone, alone.findings.lesions[0])
    fused, bare = (np.asarray(picture.axes[0].images[0].get_array()) for picture in pictures)
    assert np.ptp(bare, axis=2).max() > 0.5  # hot colours
    corner = fused[-1, 0]
    assert np.ptp(corner) == 0  # CT alone is grey


def test_title_has_the_numbers_and_the_notice():
    result = make_result()
    figure = draw_lesion(result, result.findings.lesions[0])
    words = " ".join(text.get_text() for text in figure.texts)
    assert "Lesion 1:  SUVmax 8.84" in words
    assert "For research use only. Not for clinical use." in words


def test_a_lesion_at_the_edge_of_the_grid_and_a_scorching_one_can_be_drawn():
    result = make_result((((-190.0, 0.0, 236.0), 12.0, 1234.0), *SPHERES[1:]))
    picture = to_rgb(draw_lesion(result, result.findings.lesions[0]))
    assert picture.shape[2] == 3
    assert np.ptp(picture) == 255
