import numpy as np
import pytest
from scipy import ndimage

from tests.regions.digital_volumes import ellipsoid
from uptake.errors import InputRefused
from uptake.regions.thresholds import (
    adaptive_threshold,
    fixed_threshold,
    percent_of_maximum,
    percist_liver_threshold,
)


def line(*values):
    return np.array(values, dtype=np.float32).reshape(1, 1, -1)


def percent(*values, fraction=0.41, floor_suv=2.5):
    return percent_of_maximum(line(*values), fraction=fraction, floor_suv=floor_suv).ravel().tolist()


def test_a_fixed_threshold_includes_its_own_value():
    assert fixed_threshold(line(4.0, 3.99, 5.0), threshold_suv=4.0).ravel().tolist() == [1, 0, 2]


@pytest.mark.parametrize(("connectivity", "regions"), [(6, 3), (18, 2), (26, 1)])
def test_connectivity_of_a_fixed_threshold(connectivity, regions):
    suv = np.zeros((3, 3, 4), np.float32)
    suv[0, 0, 0] = suv[1, 1, 0] = suv[2, 2, 1] = 5.0
    assert fixed_threshold(suv, threshold_suv=4.0, connectivity=connectivity).max() == regions


def test_percist_threshold_is_turned_from_sul_to_suv():
    found = percist_liver_threshold(liver_mean_sul=1.6, liver_sd_sul=0.2, sul_factor=0.7)
    assert found == pytest.approx((1.5 * 1.6 + 0.4) / 0.7)


def test_percist_threshold_without_sul_is_refused():
    with pytest.raises(InputRefused, match="SUL"):
        percist_liver_threshold(liver_mean_sul=1.6, liver_sd_sul=0.2, sul_factor=None)


@pytest.mark.parametrize("fraction", [0.41, 0.45, 0.50])
def test_percent_takes_exactly_the_voxels_above_its_share_of_the_maximum(fraction):
    grid = np.indices((21, 21, 21)) - 10.0
    suv = (8.0 * np.exp(-(grid**2).sum(axis=0) / 40.0)).astype(np.float32)
    found = percent_of_maximum(suv, fraction=fraction, floor_suv=2.5)
    np.testing.assert_array_equal(found > 0, suv >= fraction * 8.0)


def test_percent_reaches_below_the_floor_around_a_lone_candidate():
    assert percent(0.5, 1.3, 1.7, 4.0, 1.7, 0.5) == [0, 0, 1, 1, 1, 0]


def test_percent_ends_at_the_floor_where_it_would_reach_another_candidate():
    assert percent(3.0, 1.5, 2.6, 1.5, 0.1) == [1, 0, 2, 0, 0]
    assert percent(3.0, 1.5, 2.6, fraction=0.6) == [1, 0, 2]


def test_percent_keeps_only_the_hotter_of_two_peaks_in_one_candidate():
    assert percent(10.0, 3.0, 3.5) == [1, 0, 0]


def test_below_the_floor_the_hotter_candidate_takes_first():
    # Limits 1.85 and 1.68: the 1.9 would be within both, but the 4.4 comes first.
    assert percent(4.4, 1.9, 1.7, 4.0, fraction=0.42) == [1, 1, 2, 2]


def blurred_sphere(radius_mm, background, spacing=2.0):
    shape = (41, 41, 41)
    truth = ellipsoid(shape, (20, 20, 20), radius_mm / spacing)
    sharp = np.where(truth, 8.0, background)
    return ndimage.gaussian_filter(sharp, 6.0 / 2.355 / spacing).astype(np.float32), truth


@pytest.mark.parametrize("background", [0.5, 2.0, 3.0])
@pytest.mark.parametrize("radius_mm", [10.0, 16.0])
def test_adaptive_volume_is_near_the_truth_whatever_the_background(radius_mm, background):
    suv, truth = blurred_sphere(radius_mm, background)
    found = adaptive_threshold(suv, spacing_mm=(2.0, 2.0, 2.0), floor_suv=2.5)
    region = found == found[20, 20, 20]
    assert found[20, 20, 20] > 0
    assert np.count_nonzero(region) / np.count_nonzero(truth) == pytest.approx(1.0, abs=0.25)


def test_adaptive_threshold_is_background_plus_41_percent_of_the_contrast():
    suv, _ = blurred_sphere(16.0, 2.0)
    region = adaptive_threshold(suv, spacing_mm=(2.0, 2.0, 2.0), floor_suv=2.5) > 0
    expected = 2.0 + 0.41 * (float(suv.max()) - 2.0)
    assert suv[region].min() >= expected
    assert suv[~region].max() == pytest.approx(expected, abs=0.5)


def test_adaptive_ignores_air_in_the_background():
    suv, _ = blurred_sphere(10.0, 2.0)
    whole = adaptive_threshold(suv, spacing_mm=(2.0, 2.0, 2.0), floor_suv=2.5)
    suv[:, :, 30:] = -np.inf  # the body ends 10 voxels from the centre
    np.testing.assert_array_equal(adaptive_threshold(suv, spacing_mm=(2.0, 2.0, 2.0), floor_suv=2.5), whole)


def test_adaptive_without_background_voxels_takes_41_percent():
    found = adaptive_threshold(line(8.0, 3.3, 3.2), spacing_mm=(1.0, 1.0, 1.0), floor_suv=2.5)
    assert found.ravel().tolist() == [1, 1, 0]


def test_adaptive_has_no_region_where_the_surroundings_are_hotter():
    distance_mm = 2.5 * np.sqrt(sum((axis - 20.0) ** 2 for axis in np.indices((41, 41, 41))))
    suv = np.where((distance_mm >= 8.0) & (distance_mm < 14.0), 9.0, 1.0).astype(np.float32)
    suv[20, 20, 20] = 4.1
    found = adaptive_threshold(suv, spacing_mm=(2.5, 2.5, 2.5), floor_suv=4.0)
    assert found[20, 20, 20] == 0
    assert np.count_nonzero(found) > 0
