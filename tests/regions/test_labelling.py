import numpy as np
import pytest

from uptake.errors import InputRefused
from uptake.regions.labelling import hottest_first, region_peaks


def ordered(regions, suv, minimum_volume_ml=0.0):
    return hottest_first(
        np.array([[regions]], dtype=np.int32),
        np.array([[suv]], dtype=np.float32),
        voxel_volume_ml=0.1,
        minimum_volume_ml=minimum_volume_ml,
    ).ravel()


def test_labels_follow_falling_maximum_and_ties_follow_the_index():
    assert ordered([7, 7, 0, 3, 0, 9], [2, 5, 9, 6, 9, 5]).tolist() == [2, 2, 0, 1, 0, 3]


def test_the_first_of_equal_voxels_is_the_maximum():
    numbers, seeds = region_peaks(np.array([[[2, 2, 0, 1]]], np.int32), np.array([[[4, 4, 8, 3]]], np.float32))
    assert (numbers.tolist(), seeds.tolist()) == ([2, 1], [0, 3])


def test_a_region_of_exactly_the_minimum_volume_stays():
    assert ordered([1, 1, 1, 2, 2], [1, 2, 3, 8, 9], minimum_volume_ml=0.3).tolist() == [1, 1, 1, 0, 0]


def test_no_region_at_all():
    assert ordered([0, 0], [1, 2]).tolist() == [0, 0]


def test_more_regions_than_a_label_map_can_number_are_refused():
    regions = np.arange(70000, dtype=np.int32)
    with pytest.raises(InputRefused, match="69999 regions"):
        ordered(regions, np.ones(70000))
