import numpy as np
import pytest
from scipy import ndimage

from uptake.biomarkers.suv_peak import MOREAU_DIAMETER_MM, ONE_ML_DIAMETER_MM, sphere_weights, suv_peak

SPACINGS = [(4.0, 4.0, 4.0), (3.27, 4.6875, 4.6875), (5.0, 2.0, 1.0), (1.0, 1.0, 1.0), (20.0, 20.0, 20.0)]


def everywhere(array):
    return np.argwhere(np.ones(array.shape, bool))


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize(("diameter_mm", "volume_mm3"), [(ONE_ML_DIAMETER_MM, 1000.0), (MOREAU_DIAMETER_MM, 904.779)])
def test_weights_sum_to_the_spheres_volume_and_none_exceeds_a_voxel(spacing_mm, diameter_mm, volume_mm3):
    weights = sphere_weights(spacing_mm, diameter_mm)
    assert weights.sum() == pytest.approx(volume_mm3, rel=1e-3)
    assert weights.max() <= np.prod(spacing_mm) * (1 + 1e-12)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights, weights[::-1, ::-1, ::-1], rtol=1e-9, atol=1e-9)


def test_weights_are_overlaps_as_found_by_throwing_points():
    spacing = np.array([3.0, 4.0, 5.0])
    weights = sphere_weights(tuple(spacing), ONE_ML_DIAMETER_MM)
    radius = ONE_ML_DIAMETER_MM / 2
    points = np.random.default_rng(1).uniform(-radius, radius, (2_000_000, 3))
    points = points[(points**2).sum(axis=1) <= radius**2]
    index = np.rint(points / spacing).astype(int) + np.array(weights.shape) // 2
    hits = np.bincount(np.ravel_multi_index(tuple(index.T), weights.shape), minlength=weights.size)
    np.testing.assert_allclose(hits.reshape(weights.shape) / len(points) * 1000.0, weights, atol=1.0)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
def test_a_constant_volume_peaks_at_its_constant_border_included(spacing_mm):
    suv = np.full((5, 6, 7), 3.7, np.float32)
    assert suv_peak(suv, everywhere(suv), spacing_mm=spacing_mm) == pytest.approx(float(np.float32(3.7)), rel=1e-12)


def sphere_image(radius_mm, spacing_mm, shift_mm):
    """Mean SUV per voxel of a sphere of SUV 10 in SUV 0, by its exact overlaps."""
    fine = 5
    shape = [2 * int(np.ceil((radius_mm + 10) / s)) + 1 for s in spacing_mm]
    axes = [
        (np.arange(n * fine) - (n * fine - 1) / 2) * s / fine - d
        for n, s, d in zip(shape, spacing_mm, shift_mm, strict=True)
    ]
    inside = sum(a**2 for a in np.meshgrid(*axes, indexing="ij")) <= radius_mm**2
    blocks = inside.reshape(shape[0], fine, shape[1], fine, shape[2], fine)
    return (10.0 * blocks.mean(axis=(1, 3, 5))).astype(np.float32)


@pytest.mark.parametrize("spacing_mm", [(4.0, 4.0, 4.0), (3.27, 4.6875, 4.6875), (5.0, 2.0, 2.0)])
@pytest.mark.parametrize("shift_mm", [(0, 0, 0), (1.1, -0.7, 1.9)])
def test_a_large_uniform_sphere_peaks_at_its_uptake(spacing_mm, shift_mm):
    suv = sphere_image(15.0, spacing_mm, shift_mm)
    assert suv_peak(suv, np.argwhere(suv > 4), spacing_mm=spacing_mm) == pytest.approx(10.0, rel=1e-6)


def test_a_sphere_of_half_a_millilitre_in_air_peaks_at_half_its_uptake():
    suv = sphere_image(ONE_ML_DIAMETER_MM / 2 / 2 ** (1 / 3), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    assert suv_peak(suv, np.argwhere(suv > 4), spacing_mm=(1.0, 1.0, 1.0)) == pytest.approx(5.0, rel=0.01)


def test_a_single_hot_voxel_counts_by_its_share_of_the_sphere():
    suv = np.zeros((9, 9, 9), np.float32)
    suv[4, 4, 4] = 8.0
    found = suv_peak(suv, np.array([[4, 4, 4]]), spacing_mm=(4.0, 4.0, 4.0))
    assert found == pytest.approx(8.0 * 0.064, rel=1e-4)  # the 0.064 ml voxel lies wholly inside the 1 ml sphere


def test_only_the_lesions_voxels_are_centres_but_the_sphere_may_leave_it():
    suv = np.zeros((9, 9, 30), np.float32)
    suv[4, 4, 4] = 8.0
    suv[4, 4, 6] = 100.0  # one voxel past the lesion's neighbour, within the sphere's reach of voxel 5 alone
    suv[4, 4, 20] = 1000.0
    lesion = np.array([[4, 4, 4], [4, 4, 5]])
    share = sphere_weights((4.0, 4.0, 4.0), ONE_ML_DIAMETER_MM)[2, 2, 1] / 1000.0
    assert suv_peak(suv, lesion, spacing_mm=(4.0, 4.0, 4.0)) == pytest.approx(108.0 * share, rel=1e-3)


def test_at_the_border_the_mean_is_over_the_part_inside():
    suv = np.zeros((9, 9, 9), np.float32)
    suv[0] = 4.0
    spacing = (20.0, 20.0, 20.0)
    assert suv_peak(suv, np.array([[0, 4, 4]]), spacing_mm=spacing) == pytest.approx(4.0)
    weights = sphere_weights((4.0, 4.0, 4.0), ONE_ML_DIAMETER_MM)
    expected = 4.0 * weights[2].sum() / weights[2:].sum()
    assert suv_peak(suv, np.array([[0, 4, 4]]), spacing_mm=(4.0, 4.0, 4.0)) == pytest.approx(expected, rel=1e-9)


def test_voxels_that_are_not_finite_are_left_out_of_the_mean():
    suv = np.full((9, 9, 9), 2.0, np.float32)
    suv[4, 4, 5] = np.nan
    suv[4, 5, 4] = np.inf
    assert suv_peak(suv, np.array([[4, 4, 4]]), spacing_mm=(4.0, 4.0, 4.0)) == pytest.approx(2.0)
    nothing = np.full((3, 3, 3), np.nan, np.float32)
    assert np.isnan(suv_peak(nothing, np.array([[1, 1, 1]]), spacing_mm=(4.0, 4.0, 4.0)))


@pytest.mark.parametrize("diameter_mm", [ONE_ML_DIAMETER_MM, MOREAU_DIAMETER_MM])
@pytest.mark.parametrize("voxels", [20, 4000])  # few are summed directly, many by FFT
def test_equals_a_correlation_of_the_whole_volume(voxels, diameter_mm):
    rng = np.random.default_rng(2)
    suv = rng.gamma(2.0, 2.0, (24, 26, 28)).astype(np.float32)
    spacing = (2.0, 1.7, 1.5)
    weights = sphere_weights(spacing, diameter_mm)
    ones = ndimage.correlate(np.ones(suv.shape), weights, mode="constant")
    whole = ndimage.correlate(suv.astype(float), weights, mode="constant") / ones
    lesion = np.sort(rng.choice(suv.size, voxels, replace=False))
    centres = np.stack(np.unravel_index(lesion, suv.shape), axis=1)
    found = suv_peak(suv, centres, spacing_mm=spacing, diameter_mm=diameter_mm)
    assert found == pytest.approx(whole.ravel()[lesion].max(), rel=1e-9)


def test_flips_and_turns_do_not_matter():
    suv = np.random.default_rng(4).gamma(2.0, 2.0, (12, 13, 14)).astype(np.float32)
    lesion = suv > 6
    spacing = (3.0, 2.0, 4.0)
    found = suv_peak(suv, np.argwhere(lesion), spacing_mm=spacing)
    flipped = suv_peak(suv[::-1, :, ::-1], np.argwhere(lesion[::-1, :, ::-1]), spacing_mm=spacing)
    turned = suv_peak(suv.transpose(2, 0, 1), np.argwhere(lesion.transpose(2, 0, 1)), spacing_mm=(4.0, 3.0, 2.0))
    assert flipped == pytest.approx(found, rel=1e-9)
    assert turned == pytest.approx(found, rel=1e-4)
