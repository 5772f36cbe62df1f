from itertools import product

import numpy as np
import pytest

from uptake.regions.incremental_components import incremental_components


def reference(suv, floor_suv, connectivity, fraction=0.45):
    """The rule word by word, without union-find: regions are sets that are united when they meet."""
    reach = {6: 1, 18: 2, 26: 3}[connectivity]
    steps = [s for s in product((-1, 0, 1), repeat=3) if 0 < sum(map(abs, s)) <= reach]
    order = sorted(np.ndindex(suv.shape), key=lambda i: (-float(suv[i]), i))
    visited, region_of, peak = set(), {}, {}
    for here in order:
        value = float(suv[here])
        if value < fraction * floor_suv:
            break
        near = [n for s in steps if (n := tuple(a + b for a, b in zip(here, s, strict=True))) in visited]
        open_regions = {region_of[n] for n in near if n in region_of and value >= fraction * peak[region_of[n]]}
        visited.add(here)
        if open_regions:
            winner = min(open_regions)
            for voxel, owner in region_of.items():
                if owner in open_regions:
                    region_of[voxel] = winner
            region_of[here] = winner
        elif not near and value >= floor_suv:
            number = len(peak) + 1
            peak[number] = value
            region_of[here] = number
    result = np.zeros(suv.shape, dtype=np.int32)
    for voxel, owner in region_of.items():
        result[voxel] = owner
    return result


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("seed", range(6))
def test_equals_the_plain_reference_on_random_volumes(connectivity, seed):
    rng = np.random.default_rng(seed)
    suv = rng.gamma(1.5, 1.2, (7, 8, 9)).astype(np.float32)
    if seed % 2:
        suv = np.round(suv * 2) / 2  # many ties
    if seed > 3:
        suv[rng.random(suv.shape) < 0.2] = -np.inf
    found = incremental_components(suv, floor_suv=1.0, connectivity=connectivity)
    np.testing.assert_array_equal(found, reference(suv, 1.0, connectivity))


@pytest.mark.parametrize("fraction", [0.2, 0.45, 0.9, 1.0])
def test_equals_the_plain_reference_for_other_fractions_and_floors(fraction):
    suv = np.random.default_rng(3).gamma(1.5, 1.2, (8, 8, 8)).astype(np.float32)
    found = incremental_components(suv, floor_suv=2.5, fraction=fraction)
    np.testing.assert_array_equal(found, reference(suv, 2.5, 26, fraction))


def line(*values):
    return np.array(values, dtype=np.float32).reshape(1, 1, -1)


def grown(*values, floor_suv=1.0):
    return incremental_components(line(*values), floor_suv=floor_suv).ravel().tolist()


def test_a_region_grows_to_45_percent_of_its_maximum_and_below_the_floor():
    assert grown(0.1, 0.5, 0.9, 1.2, 0.6, 0.53) == [0, 0, 1, 1, 1, 0]


def test_a_shallow_valley_joins_the_lower_peak_to_the_higher():
    assert grown(10, 4.5, 8) == [1, 1, 1]


def test_a_deep_valley_keeps_both_and_goes_to_the_lower_peak():
    assert grown(10, 6, 4.4, 8, 3) == [1, 1, 2, 2, 0]


def test_the_shoulder_of_a_hot_region_seeds_nothing():
    assert grown(20, 8, 5, 3) == [1, 0, 0, 0]


def test_a_peak_below_the_floor_seeds_nothing():
    assert grown(0.9, 0.5, 0.2) == [0, 0, 0]
    assert grown(3.9, 0.5, 4.1, floor_suv=4.0) == [0, 0, 2 - 1]


def test_a_merged_region_keeps_the_higher_peaks_limit():
    # 8 joins 10 at 5; from then on the limit is 4.5, so the 4 beside the former peak of 8 stays out.
    assert grown(10, 5, 8, 4) == [1, 1, 1, 0]


def test_equal_peaks_join_under_the_lower_index():
    assert grown(5, 3, 5) == [1, 1, 1]
    assert grown(5, 1, 5) == [1, 0, 2]


def test_connectivity_decides_over_a_corner_contact():
    suv = np.zeros((2, 2, 2), np.float32)
    suv[0, 0, 0] = suv[1, 1, 1] = 5.0
    assert incremental_components(suv, floor_suv=1.0, connectivity=26).max() == 1
    assert incremental_components(suv, floor_suv=1.0, connectivity=18).max() == 2


@pytest.mark.parametrize(("floor_suv", "fraction"), [(0.0, 0.45), (-1.0, 0.45), (1.0, 0.0), (1.0, 1.1)])
def test_senseless_parameters_are_refused(floor_suv, fraction):
    with pytest.raises(ValueError, match="positive"):
        incremental_components(line(1, 2), floor_suv=floor_suv, fraction=fraction)
