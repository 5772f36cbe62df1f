"""The grid's own arithmetic: positions, orientation, canonical turning."""

import numpy as np
import pytest

from uptake.geometry import IDENTITY_AXES, ImageGeometry

FEET_FIRST = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
CORONAL = ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0))


def grid(axes=IDENTITY_AXES, **changes):
    values = {"shape": (4, 5, 6), "spacing_mm": (3.0, 2.0, 1.0), "origin_mm": (10.0, 20.0, 30.0), "axes": axes}
    return ImageGeometry(**(values | changes))


def test_position_of_a_voxel_is_origin_plus_steps_in_lps():
    assert grid().position_mm((1, 2, 3)) == pytest.approx((10 + 3, 20 + 4, 30 + 3))


def test_index_undoes_position_also_for_oblique_axes():
    c, s = np.cos(0.3), np.sin(0.3)
    oblique = grid(axes=((0.0, -s, c), (0.0, c, s), (1.0, 0.0, 0.0)))
    indices = np.array([(0, 0, 0), (3, 4, 5), (1.5, 2.25, 0.5)])
    assert oblique.index(oblique.position_mm(indices)) == pytest.approx(indices)


def test_voxel_volume_is_in_millilitres():
    assert grid().voxel_volume_ml == pytest.approx(0.006)


@pytest.mark.parametrize("axes", [IDENTITY_AXES, FEET_FIRST, ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))])
def test_canonical_turning_keeps_every_voxel_where_it_is(axes):
    geometry = grid(axes)
    order, flipped = geometry.to_canonical()
    positions = geometry.position_mm(np.stack(np.meshgrid(*map(np.arange, geometry.shape), indexing="ij"), axis=-1))
    turned = positions.transpose(*order, 3)
    for axis, flip in enumerate(flipped):
        turned = np.flip(turned, axis) if flip else turned
    canonical = geometry.canonical()
    expected = canonical.position_mm(np.stack(np.meshgrid(*map(np.arange, canonical.shape), indexing="ij"), axis=-1))
    assert turned == pytest.approx(expected)
    assert np.diag(np.asarray(canonical.axes)[:, ::-1]) == pytest.approx(1.0)


def test_coronal_slices_turn_into_axial_order():
    order, _ = grid(CORONAL).to_canonical()
    assert order == (1, 0, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": (0, 5, 6)},
        {"spacing_mm": (3.0, -2.0, 1.0)},
        {"spacing_mm": (3.0, float("nan"), 1.0)},
        {"axes": ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))},
        {"axes": ((0.0, 0.0, 1.0), (0.0, 0.9, 0.0), (1.0, 0.0, 0.0))},
    ],
)
def test_impossible_grids_cannot_be_built(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        grid(**wrong)


def test_same_grid_compares_positions_within_a_hundredth_of_a_millimetre():
    assert grid().same_grid(grid(origin_mm=(10.005, 20.0, 30.0)))
    assert not grid().same_grid(grid(origin_mm=(10.05, 20.0, 30.0)))
    assert not grid().same_grid(grid(shape=(4, 5, 7)))
