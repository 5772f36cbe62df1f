"""Axis by axis equals voxel by voxel, in scipy's and nnU-Net's own words, whatever the grids' shapes and directions."""

import numpy as np
import pytest
from scipy import ndimage

from uptake.geometry import ImageGeometry
from uptake.registration.axis_resampling import parallel, resample_axes

CASES = [
    ((11, 14, 9), (17, 10, 13)),
    ((23, 8, 31), (9, 8, 40)),
    ((1, 5, 2), (4, 3, 7)),
    ((70, 6, 7), (90, 7, 6)),
    ((40, 21, 5), (1, 33, 2)),
]
FLIPPED = ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
SAGITTAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, -1.0, 0.0))


def noise(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def stretched(shape, spacing, new_shape):
    """A grid, and another of the same extent."""
    source = ImageGeometry(shape, spacing, (-31.7, 12.4, 100.3))
    new_spacing = tuple(s * n / m for s, n, m in zip(spacing, shape, new_shape, strict=True))
    origin = source.position_mm([(n / m - 1) / 2 for n, m in zip(shape, new_shape, strict=True)])
    return source, ImageGeometry(new_shape, new_spacing, tuple(map(float, origin)))


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize(("shape", "new_shape"), CASES)
def test_equals_scipys_zoom_of_the_whole_array(shape, new_shape, order):
    source, target = stretched(shape, (3.0, 4.07, 2.3), new_shape)
    array = noise((2, *shape))
    result = resample_axes(array, source, target, orders=(order,) * 3, outside=None)
    for values, volume in zip(result, array, strict=True):
        factors = np.divide(new_shape, shape)
        zoomed = ndimage.zoom(volume.astype(float), factors, order=order, mode="nearest", grid_mode=True)
        np.testing.assert_allclose(values, zoomed.clip(volume.min(), volume.max()), atol=3e-6)


@pytest.mark.parametrize(
    ("spacing", "wanted"),
    [
        ((3.0, 4.07, 4.07), (4.0, 4.0, 4.0)),
        ((9.0, 2.0, 2.0), (4.0, 2.5, 3.1)),
        ((2.0, 2.0, 2.0), (8.0, 2.5, 1.7)),
        ((2.0, 7.0, 1.9), (2.2, 3.0, 2.5)),
        ((6.0, 6.0, 1.5), (2.0, 2.0, 2.0)),
    ],
)
@pytest.mark.parametrize(("order", "between"), [(3, 0), (3, 1), (1, 0)])
def test_equals_nnunets_resampling(spacing, wanted, order, between):
    peer = pytest.importorskip("nnunetv2.preprocessing.resampling.default_resampling")
    sampling = pytest.importorskip("uptake.inference.model_store.sampling")
    orders_for = pytest.importorskip("uptake.inference.network_grid").orders_for
    shape = (13, 22, 17)
    new_shape = tuple(peer.compute_new_shape(shape, spacing, wanted).tolist())
    array = noise((2, *shape))
    kwargs = {"is_seg": False, "order": order, "order_z": between, "force_separate_z": None}
    expected = peer.resample_data_or_seg_to_shape(array, new_shape, spacing, wanted, **kwargs)
    source, target = stretched(shape, spacing, new_shape)
    orders = orders_for(sampling.Resampling(order, between, None), spacing, wanted)
    result = resample_axes(array, source, target, orders=orders, outside=None)
    assert (len(set(orders)) > 1) == (peer.determine_do_sep_z_and_axis(None, spacing, wanted)[0])
    np.testing.assert_allclose(result, expected, atol=3e-6)


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("axes", [FLIPPED, SAGITTAL])
def test_the_direction_of_the_source_changes_no_bit(axes, order):
    source, target = stretched((12, 15, 9), (3.0, 2.0, 2.5), (10, 20, 11))
    array = noise(source.shape)
    plain = resample_axes(array, source, target, orders=(order,) * 3, outside=None)
    # The same voxels stored in another order.
    other = np.asarray(axes) @ np.asarray(source.axes).T
    along, sign = np.abs(other).argmax(axis=1), other.sum(axis=1)
    corner = [0, 0, 0]
    for axis, way in zip(along, sign, strict=True):
        corner[axis] = source.shape[axis] - 1 if way < 0 else 0
    stored = ImageGeometry(
        tuple(source.shape[a] for a in along),
        tuple(source.spacing_mm[a] for a in along),
        tuple(map(float, source.position_mm(corner))),
        axes,
    )
    turned = array.transpose(along)[tuple(slice(None, None, -1 if way < 0 else None) for way in sign)]
    result = resample_axes(turned, stored, target, orders=(order,) * 3, outside=None)
    assert np.array_equal(result, plain)
    there_and_back = resample_axes(array, source, stored, orders=(order,) * 3, outside=None)
    assert np.array_equal(there_and_back, turned)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_shifted_and_larger_grid_repeats_the_edge_or_takes_the_value_outside(order):
    source = ImageGeometry((8, 9, 10), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    target = ImageGeometry((14, 9, 10), (2.0, 2.0, 2.0), (0.0, 0.0, -6.0))
    array = noise(source.shape)
    repeated = resample_axes(array, source, target, orders=(order,) * 3, outside=None)
    filled = resample_axes(array, source, target, orders=(order,) * 3, outside=-1024.0)
    assert np.array_equal(repeated, np.pad(array, ((3, 3), (0, 0), (0, 0)), mode="edge"))
    assert np.array_equal(filled, np.pad(array, ((3, 3), (0, 0), (0, 0)), constant_values=-1024))


def test_the_extent_ends_half_a_voxel_beyond_the_last_centre():
    source = ImageGeometry((4, 4, 4), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))
    line = ImageGeometry((1, 1, 6), (4.0, 4.0, 1.0), (11.5, 4.0, 4.0))
    ones = np.ones(source.shape, np.float32)
    values = resample_axes(ones, source, line, orders=(1, 1, 1), outside=0.0)
    assert values.ravel().tolist() == [1, 1, 1, 0, 0, 0]  # 11.5 ... 13.5 mm; the extent ends at 14


def test_a_constant_stays_exactly_what_it_is():
    source, target = stretched((12, 15, 9), (3.0, 2.0, 2.5), (17, 20, 11))
    array = np.full(source.shape, 0.1, np.float32)
    for order in range(4):
        result = resample_axes(array, source, target, orders=(order,) * 3, outside=None)
        assert (result == np.float32(0.1)).all()


def test_grids_and_orders_that_do_not_fit_are_refused():
    source, target = stretched((12, 15, 9), (3.0, 2.0, 2.5), (17, 20, 11))
    turn = np.deg2rad(1.0)
    axes = ((0.0, 0.0, 1.0), (-np.sin(turn), np.cos(turn), 0.0), (np.cos(turn), np.sin(turn), 0.0))
    askew = ImageGeometry(target.shape, target.spacing_mm, target.origin_mm, axes)
    array = noise(source.shape)
    assert parallel(source, target)
    assert not parallel(source, askew)
    with pytest.raises(ValueError, match="not parallel"):
        resample_axes(array, source, askew, orders=(1, 1, 1), outside=None)
    with pytest.raises(ValueError, match="two are the same"):
        resample_axes(array, source, target, orders=(0, 1, 3), outside=None)
    with pytest.raises(ValueError, match="order must be"):
        resample_axes(array, source, target, orders=(4, 4, 4), outside=None)
    with pytest.raises(ValueError, match="float32"):
        resample_axes(array.astype(float), source, target, orders=(1, 1, 1), outside=None)
