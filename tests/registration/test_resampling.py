"""Resampling keeps positions, values and label numbers, whatever the orientation."""

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.registration.resampling import from_sitk, resample_ct, resample_labels, resample_suv, to_sitk
from uptake.volume import AIR_HU, CtVolume, LabelMap, SuvVolume

TURN = np.deg2rad(20.0)
OBLIQUE = ((0.0, -np.sin(TURN), np.cos(TURN)), (0.0, np.cos(TURN), np.sin(TURN)), (1.0, 0.0, 0.0))
FEET_FIRST_PRONE = ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
FINE = ImageGeometry((30, 28, 26), (3.0, 2.0, 2.5), (-30.0, -25.0, -40.0))


def linear_field(geometry: ImageGeometry) -> np.ndarray:
    index = np.stack(np.meshgrid(*map(np.arange, geometry.shape), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(geometry.position_mm(index), -1, 0)
    return (2.0 * x - 3.0 * y + 0.5 * z + 7.0).astype(np.float32)


@pytest.mark.parametrize("axes", [FINE.axes, OBLIQUE, FEET_FIRST_PRONE])
def test_linear_field_is_reproduced_where_the_grids_meet(axes):
    # Linear interpolation is exact for a linear function of position: any misplaced axis shows.
    source = ImageGeometry(FINE.shape, FINE.spacing_mm, (-30.0, 20.0, 30.0), axes)
    centre = source.position_mm([14, 13, 12])
    target = ImageGeometry((5, 6, 7), (2.2, 2.9, 1.7), tuple(centre - 5.0))
    moved = resample_ct(CtVolume(linear_field(source), source), target)
    np.testing.assert_allclose(moved.array, linear_field(target), atol=2e-3)


def test_outside_is_air_for_ct_and_zero_for_suv_and_labels():
    far = ImageGeometry((2, 2, 2), (1.0, 1.0, 1.0), (5000.0, 0.0, 0.0))
    ones = np.ones(FINE.shape, np.float32)
    assert np.all(resample_ct(CtVolume(ones, FINE), far).array == AIR_HU)
    assert np.all(resample_suv(SuvVolume(ones.copy(), FINE), far).array == 0)
    assert np.all(resample_labels(LabelMap(ones.astype(np.uint16), FINE), far).array == 0)


def test_half_outside_keeps_the_inside():
    across = ImageGeometry((1, 1, 4), (1.0, 1.0, 5.0), (-40.0, -25.0, -40.0))
    values = resample_ct(CtVolume(np.full(FINE.shape, 50.0, np.float32), FINE), across).array
    np.testing.assert_array_equal(values.ravel(), [AIR_HU, AIR_HU, 50.0, 50.0])


def test_labels_are_never_mixed():
    rng = np.random.default_rng(1)
    labels = rng.choice(np.array([0, 3, 900], np.uint16), FINE.shape)
    target = ImageGeometry((40, 40, 40), (1.1, 1.3, 1.2), (-28.0, -24.0, -38.0))
    moved = resample_labels(LabelMap(labels, FINE), target).array
    assert moved.dtype == np.uint16
    assert set(np.unique(moved)) == {0, 3, 900}


def test_same_grid_changes_nothing():
    field = linear_field(FINE)
    np.testing.assert_allclose(resample_suv(SuvVolume(field, FINE), FINE).array, field, atol=1e-4)


@pytest.mark.parametrize("axes", [FINE.axes, OBLIQUE, FEET_FIRST_PRONE])
def test_simpleitk_agrees_on_positions_and_the_way_back(axes):
    geometry = ImageGeometry(FINE.shape, FINE.spacing_mm, FINE.origin_mm, axes)
    image = to_sitk(linear_field(geometry), geometry)
    place = image.TransformIndexToPhysicalPoint((4, 5, 6))
    np.testing.assert_allclose(place, geometry.position_mm([6, 5, 4]), atol=1e-6)
    array, back = from_sitk(image)
    assert back.same_grid(geometry, tolerance_mm=1e-6)
    np.testing.assert_array_equal(array, linear_field(geometry))


def test_array_must_fit_its_geometry():
    with pytest.raises(ValueError, match="shape"):
        to_sitk(np.zeros((2, 2, 2), np.float32), FINE)
