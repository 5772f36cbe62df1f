"""Regions at a click, against the whole volume's and against numbers worked out by hand."""

import numpy as np
import pytest
from scipy import ndimage

from apps.monai_label.infers import growing
from apps.monai_label.infers.growing import connected, region_at_or_above, region_of_maximum
from apps.monai_label.infers.infer_errors import ClickRefused, RegionLeaks
from tests.apps.monai_label.infers.exam_of_spheres import GRID, exam_of, hot, voxel
from uptake.geometry import ImageGeometry
from uptake.volume import SuvVolume

FINE = ImageGeometry((120, 130, 140), (2.0, 2.0, 2.0), (-139.0, -129.0, -119.0))


def whole(part, grid):
    array = np.zeros(grid.shape, bool)
    array[part.box] = part.mask
    return array


def line(values):
    """SUV along x, one voxel thick, 2 mm apart."""
    array = np.asarray(values, np.float32)[None, None]
    return SuvVolume(array, ImageGeometry(array.shape, (2.0, 2.0, 2.0), (0.0, 0.0, 0.0)))


@pytest.mark.parametrize(("fraction", "kept"), [(0.41, 7), (0.45, 5), (0.50, 3)])
def test_a_share_of_the_maximum_along_a_line(fraction, kept):
    suv = line([1, 1, 4.2, 4.7, 6, 10, 6, 4.7, 4.2, 1, 1])
    mask = whole(region_of_maximum(suv, (0, 0, 4), fraction), suv.geometry)
    assert mask.sum() == kept
    assert mask[0, 0, 5]


def test_the_maximum_is_the_lesions_not_the_clicks():
    suv = line([1, 1, 4.2, 4.7, 6, 10, 6, 4.7, 4.2, 1, 1])
    for at in range(2, 9):
        assert whole(region_of_maximum(suv, (0, 0, at), 0.41), suv.geometry).sum() == 7


def test_noise_does_not_split_a_lesion():
    suv = line([1, 1, 6, 8, 7.5, 10, 9, 9.5, 6, 1, 1])
    assert whole(region_of_maximum(suv, (0, 0, 3), 0.5), suv.geometry)[0, 0].nonzero()[0].tolist() == list(range(2, 9))


def test_a_lesion_beside_the_bladder_stays_a_lesion():
    # The valley of 3 is above 41 % of 6 (2.46) and below 41 % of 40 (16.4): the plain isocontour would leak.
    suv = line([1, 1, 4, 6, 4, 3, 20, 40, 40, 20, 1, 1])
    mask = whole(region_of_maximum(suv, (0, 0, 3), 0.41), suv.geometry)
    assert mask[0, 0].nonzero()[0].tolist() == [2, 3, 4, 5]
    bladder = whole(region_of_maximum(suv, (0, 0, 8), 0.41), suv.geometry)
    assert bladder[0, 0].nonzero()[0].tolist() == [6, 7, 8, 9]


def test_a_near_miss_finds_the_lesion():
    suv = exam_of(hot(GRID, [((0, 0, 0), 12, 9.0)])).suv
    mask = whole(region_of_maximum(suv, voxel((14, 0, 0)), 0.41), GRID)
    assert np.array_equal(mask, suv.array > 5)


@pytest.mark.parametrize("radius_mm", [8, 17, 35, 70])
def test_a_wider_box_gives_what_the_whole_volume_gives(radius_mm):
    suv = SuvVolume(hot(FINE, [((5, -3, 10), radius_mm, 8.0)], edge_mm=1), FINE)
    plain = ndimage.label(suv.array >= 4.0, np.ones((3, 3, 3)))[0]
    at = voxel((5, -3, 10), FINE)
    assert np.array_equal(whole(region_at_or_above(suv, at, 4.0), FINE), plain == plain[at])
    level = ndimage.label(suv.array >= 0.5 * suv.array.max(), np.ones((3, 3, 3)))[0]
    assert np.array_equal(whole(region_of_maximum(suv, at, 0.5), FINE), level == level[at])


def test_only_the_connected_voxels_are_taken():
    suv = exam_of(hot(GRID, [((-30, 0, 0), 12, 9.0), ((30, 0, 0), 12, 9.0)])).suv
    mask = whole(region_at_or_above(suv, voxel((-30, 0, 0)), 2.5), GRID)
    assert mask[voxel((-30, 0, 0))]
    assert not mask[voxel((30, 0, 0))]


def test_a_voxel_of_the_threshold_itself_is_in():
    suv = line([1, 2.5, 3, 2.5, 2.4999, 3])
    assert whole(region_at_or_above(suv, (0, 0, 2), 2.5), suv.geometry)[0, 0].nonzero()[0].tolist() == [1, 2, 3]


def test_a_click_on_cold_tissue_is_refused_by_a_fixed_threshold():
    suv = exam_of(hot(GRID)).suv
    with pytest.raises(ClickRefused, match=r"the SUV is 1\.00, below the threshold of 2\.50"):
        region_at_or_above(suv, voxel((0, 0, 0)), 2.5)


def test_a_cold_click_that_would_take_the_body_is_refused():
    noise = 0.05 * np.random.default_rng(1).standard_normal(FINE.shape, np.float32)
    suv = SuvVolume(hot(FINE) * (1 + noise), FINE)
    with pytest.raises(RegionLeaks, match="nothing parts it from the tissue") as refusal:
        region_of_maximum(suv, voxel((0, 0, 0), FINE), 0.41)
    assert "background clicks" in refusal.value.remedy
    with pytest.raises(RegionLeaks):
        region_at_or_above(suv, voxel((0, 0, 0), FINE), 0.8)


def test_the_bound_is_of_volume(monkeypatch):
    suv = exam_of(hot(GRID, [((0, 0, 0), 12, 9.0)])).suv
    volume_ml = float((suv.array > 5).sum()) * 0.064
    monkeypatch.setattr(growing, "MOST_ML", volume_ml)
    assert region_at_or_above(suv, voxel((0, 0, 0)), 4.0).mask.sum() == (suv.array > 5).sum()
    monkeypatch.setattr(growing, "MOST_ML", volume_ml - 0.01)
    with pytest.raises(RegionLeaks, match="takes"):
        region_at_or_above(suv, voxel((0, 0, 0)), 4.0)


def test_voxels_that_are_no_numbers_are_in_no_region():
    array = hot(GRID, [((0, 0, 0), 12, 9.0)])
    array[voxel((2, 2, 2))] = np.nan
    for at in ((6, 2, 2), (2, 2, 2)):
        mask = whole(region_at_or_above(SuvVolume(array, GRID), voxel(at), 4.0), GRID)
        assert not mask[voxel((2, 2, 2))]
        assert mask.sum() == (array > 5).sum()


def test_beyond_the_last_reach_there_is_no_region():
    mask = np.ones(GRID.shape, bool)
    assert connected(lambda box: mask[box], (20, 25, 30), GRID, (8.0, 16.0)) is None
    everything = connected(lambda box: mask[box], (20, 25, 30), GRID, (8.0, 500.0))
    assert everything.mask.all()
    assert everything.mask.shape == GRID.shape
