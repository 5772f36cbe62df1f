import numpy as np
import pytest
from scipy import ndimage

from uptake.inference.tiling import NIKULIN_FWHM, NNUNET_FWHM, spread, tile_starts, weights


@pytest.mark.parametrize("placing", ["regular", "even"])
@pytest.mark.parametrize("patch", [1, 4, 7, 8])
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("length", [1, 3, 8, 9, 15, 16, 31])
def test_tiles_cover_the_axis_with_the_overlap_asked_for(length, overlap, patch, placing):
    starts = spread((0, length), length, patch, overlap, placing)
    covered = np.zeros(length, int)
    for start in starts:
        covered[max(start, 0) : start + patch] += 1
    assert covered.min() == 1
    assert list(starts) == sorted(set(starts))
    if length >= patch:
        assert starts[0] == 0
        assert starts[-1] + patch == length
        # Neighbours share at least the overlap, but for the voxel between two ends that even placing rounds apart; a
        # step is never under one voxel.
        rounding = 1.0 if placing == "even" else 0.0
        assert max(np.diff(starts), default=0) <= max(patch * (1 - overlap) + 1e-6 + rounding, 1)


def test_regular_and_even_placing_by_hand():
    assert spread((0, 110), 110, 64, 0.5, "regular") == (0, 32, 46)
    assert spread((0, 110), 110, 64, 0.5, "even") == (0, 23, 46)  # the example in nnU-Net's source
    assert spread((0, 100), 100, 20, 0.8, "regular")[:3] == (0, 4, 8)


def test_an_axis_shorter_than_the_patch_is_centred():
    assert spread((0, 5), 5, 8, 0.5, "regular") == (-1,)
    assert tile_starts((5, 8, 4), (8, 8, 8), 0.5) == [(-1, 0, -2)]


@pytest.mark.parametrize(
    ("covered", "start"), [((40, 44), 38), ((0, 4), 0), ((96, 100), 92), ((40, 48), 40), ((41, 46), 40)]
)
def test_a_short_range_has_one_tile_around_it_within_the_axis(covered, start):
    assert spread(covered, 100, 8, 0.5, "regular") == (start,)


def test_tiles_run_along_x_first_and_the_overlap_may_differ_by_axis():
    tiles = tile_starts((8, 8, 8), (4, 4, 4), (0.0, 0.5, 0.75))
    assert len(tiles) == 2 * 3 * 5
    assert tiles == sorted(tiles)
    assert tiles[:2] == [(0, 0, 0), (0, 0, 1)]


@pytest.mark.parametrize("overlap", [-0.1, 1.0, float("nan"), (0.5, 0.5)])
def test_a_wrong_overlap_is_named(overlap):
    with pytest.raises(ValueError, match="overlap"):
        tile_starts((8, 8, 8), (4, 4, 4), overlap)


def test_gaussian_weights_are_half_at_half_the_width_from_the_centre():
    profile = weights((1, 1, 65), fwhm=NIKULIN_FWHM)[0, 0]
    assert profile[32] == 1.0
    assert profile[0] == pytest.approx(2 ** -((64 / 65) ** 2), rel=1e-6)  # 32 of 32.5 voxels from the centre
    sigma = 64 / 8
    narrow = weights((1, 1, 64), fwhm=NNUNET_FWHM, floor=1e-12)[0, 0]
    assert narrow[40] / narrow[31] == pytest.approx(np.exp((0.5**2 - 8.5**2) / (2 * sigma**2)), rel=1e-5)


def test_nnunets_window_has_its_peak_at_a_voxel():
    side, sigma = (6, 9, 16), 1 / 8
    peak = np.zeros(side)
    peak[tuple(each // 2 for each in side)] = 1.0
    theirs = ndimage.gaussian_filter(peak, [each * sigma for each in side], mode="constant", truncate=8.0)
    ours = weights(side, fwhm=NNUNET_FWHM, floor=1e-7, centre="voxel")
    np.testing.assert_allclose(ours, theirs / theirs.max(), atol=2e-2)
    assert ours[3, 4, 8] == 1.0


def test_weights_are_a_product_symmetric_and_never_zero():
    array = weights((4, 6, 5), fwhm=0.05, floor=1e-6)
    assert array.dtype == np.float32
    assert array.min() == np.float32(1e-6)
    assert np.array_equal(array, array[::-1, ::-1, ::-1])
    wide = weights((4, 6, 5))
    product = wide[:, 3:4, 2:3] * wide[2:3, :, 2:3] * wide[2:3, 3:4, :]
    np.testing.assert_allclose(wide, product / wide[2, 3, 2] ** 2, rtol=1e-6)
    assert (weights((4, 6, 5), "constant") == 1).all()


@pytest.mark.parametrize("wrong", [{"fwhm": 0.0}, {"floor": 0.0}, {"floor": 1e-60}, {"kind": "flat"}])
def test_weights_that_could_vanish_are_refused(wrong):
    with pytest.raises(ValueError, match=r"fwhm|floor|kind|constant"):
        weights((4, 4, 4), **wrong)
