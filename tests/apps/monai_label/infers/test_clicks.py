"""Clicks from outside: their order, and everything that is no click."""

import numpy as np
import pytest

from apps.monai_label.infers.clicks import on_pet, read_clicks, require_tissue
from apps.monai_label.infers.infer_errors import ClickRefused
from tests.apps.monai_label.infers.exam_of_spheres import CT_GRID, GRID, exam_of, hot
from uptake.geometry import ImageGeometry


def test_a_click_is_x_first():
    assert read_clicks([[7, 8, 9], [0, 0, 0], [59.4, 48.6, 39]], GRID) == ((9, 8, 7), (0, 0, 0), (39, 49, 59))


def test_the_same_click_counts_once_and_none_is_none():
    assert read_clicks([[1, 2, 3], [1.2, 2, 3]], GRID) == ((3, 2, 1),)
    assert read_clicks(None, GRID) == read_clicks([], GRID) == ()


@pytest.mark.parametrize(
    "wrong",
    ["1,2,3", {"x": 1}, 5, [1, 2, 3], [[1, 2]], [[1, 2, 3, 4]], [["1", "2", "3"]], [[True, 1, 1]], [[None, 1, 1]],
     [[float("nan"), 1, 1]], [[float("inf"), 1, 1]], [[10**400, 1, 1]], [[-1, 0, 0]], [[60, 0, 0]], [[0, 50, 0]],
     [[0, 0, 40]], [[0, 0, -0.6]], [[1, 1, 1]] * 201],
)  # fmt: skip
def test_what_is_no_click_of_this_exam_is_refused(wrong):
    with pytest.raises(ClickRefused) as refusal:
        read_clicks(wrong, GRID)
    assert refusal.value.remedy


def test_the_grid_of_the_message_is_the_viewers():
    with pytest.raises(ClickRefused, match=r"\[60, 0, 0\] lies outside the series of 60 x 50 x 40 voxels"):
        read_clicks([[60, 0, 0]], GRID)


def test_a_click_on_the_ct_is_the_pet_voxel_it_lies_in():
    # Voxel (x 70, y 60, z 20) of the CT is at 1, 1, -13.5 mm: 29.75, 24.75 and 16.125 voxels along the PET.
    assert on_pet([(20, 60, 70)], CT_GRID, GRID) == ((16, 25, 30),)


def test_a_click_on_the_ct_beyond_the_pet_is_refused():
    with pytest.raises(ClickRefused, match="outside the PET"):
        on_pet([(20, 60, 0)], CT_GRID, GRID)  # at x = -139 mm, the PET ends at -120


def test_a_turned_series_keeps_its_own_order():
    turned = ImageGeometry((40, 50, 60), (4.0,) * 3, (0.0,) * 3, ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
    (found,) = read_clicks([[1, 2, 3]], turned)
    assert turned.position_mm(found).tolist() == [-12.0, 4.0, -8.0]


def test_air_is_no_place_for_a_click():
    suv = exam_of(hot(GRID)).suv
    require_tissue(suv, (20, 25, 30))
    with pytest.raises(ClickRefused, match=r"click \[0, 25, 20\] lies in air"):
        require_tissue(suv, (20, 25, 0))


def test_voxels_that_are_no_numbers_are_no_place_for_a_click():
    array = hot(GRID)
    array[20, 25, 30] = np.nan
    with pytest.raises(ClickRefused, match="not numbers"):
        require_tissue(exam_of(array).suv, (20, 25, 30))
