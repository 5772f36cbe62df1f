import numpy as np
import pytest

from tests.inference.exam_volumes import AXES, PET_GRID, stored_otherwise
from uptake.geometry import IDENTITY_AXES, ImageGeometry
from uptake.inference.model_store import Preprocessing
from uptake.inference.model_store.sampling import Resampling
from uptake.inference.network_grid import (
    cropped_geometry,
    network_geometry,
    orders_for,
    turned_geometry,
    turning,
)


def corners_mm(grid):
    """Outer corners of the grid's extent."""
    return grid.position_mm([[-0.5] * 3, [n - 0.5 for n in grid.shape]])


@pytest.mark.parametrize("orientation", ["LPS", "RAS"])
@pytest.mark.parametrize("axes", [IDENTITY_AXES, *AXES.values()])
def test_turned_arrays_lie_where_they_lay_and_run_as_wanted(axes, orientation):
    field = np.arange(np.prod(PET_GRID.shape)).reshape(PET_GRID.shape)
    array, grid = stored_otherwise(field, PET_GRID, axes)
    turn = turning(grid, orientation)
    turned, onto = turn.turn(array), turned_geometry(grid, turn)
    assert np.array_equal(turned, field if orientation == "LPS" else field[:, ::-1, ::-1])
    assert np.array_equal(turn.back(turned), array)
    np.testing.assert_allclose(
        np.diag(np.asarray(onto.axes)[:, ::-1]), [1, 1, 1] if orientation == "LPS" else [1, -1, -1]
    )
    for index in ((0, 0, 0), (3, 5, 7), (26, 24, 28)):
        before = tuple(np.rint(i).astype(int) for i in grid.index(onto.position_mm(index)))
        assert array[before] == turned[index]


def test_a_box_of_the_turned_array_is_found_in_the_one_before():
    array, grid = stored_otherwise(
        np.arange(np.prod(PET_GRID.shape)).reshape(PET_GRID.shape), PET_GRID, AXES["sagittal"]
    )
    turn = turning(grid, "LPS")
    where = (slice(3, 9), slice(1, 2), slice(5, 25))
    before = turn.slices_back(where, grid.shape)
    assert np.array_equal(turn.back(turn.turn(array)[where]), array[before])


def test_voxels_of_exactly_the_spacing_about_the_same_centre():
    grid = network_geometry(PET_GRID, Preprocessing((4.0, 5.0, 4.0)))
    assert grid.spacing_mm == (4.0, 5.0, 4.0)
    assert grid.shape == (round(27 * 3 / 4), round(25 * 4.07 / 5), round(29 * 4.07 / 4))
    np.testing.assert_allclose(corners_mm(grid).mean(axis=0), corners_mm(PET_GRID).mean(axis=0))
    assert (np.abs(corners_mm(grid) - corners_mm(PET_GRID)) <= 2.5).all()


@pytest.mark.parametrize("axes", [IDENTITY_AXES, AXES["feet first"]])
def test_voxels_stretched_to_the_extent(axes):
    pet = stored_otherwise(np.zeros(PET_GRID.shape), PET_GRID, axes)[1]
    grid = network_geometry(pet, Preprocessing((4.0, 5.0, 4.0), grid="extent"))
    assert grid.shape == (20, 20, 30)
    np.testing.assert_allclose(corners_mm(grid), corners_mm(PET_GRID))


def test_the_number_of_voxels_is_nnunets():
    peer = pytest.importorskip("nnunetv2.preprocessing.resampling.default_resampling")
    random = np.random.default_rng(0)
    for _ in range(100):
        shape = tuple(random.integers(1, 400, 3).tolist())
        spacing, wanted = (tuple(random.choice([0.977, 1.5, 2.0, 3.0, 3.27, 4.07, 5.0], 3).tolist()) for _ in range(2))
        ours = network_geometry(ImageGeometry(shape, spacing, (0, 0, 0)), Preprocessing(wanted, grid="extent")).shape
        theirs = peer.compute_new_shape(shape, spacing, wanted)
        assert ours == tuple(np.maximum(theirs, 1).tolist())


def test_a_crop_keeps_its_voxels_in_place():
    crop = cropped_geometry(PET_GRID, (slice(2, 20), slice(0, 25), slice(4, 9)))
    assert crop.shape == (18, 25, 5)
    np.testing.assert_allclose(crop.position_mm([1, 2, 3]), PET_GRID.position_mm([3, 2, 7]))


@pytest.mark.parametrize(
    ("separate", "current", "wanted", "orders"),
    [
        (None, (3.0, 4.07, 4.07), (4.0, 4.0, 4.0), (3, 3, 3)),
        (None, (6.0, 2.0, 2.0), (4.0, 4.0, 4.0), (3, 3, 3)),  # three times is not more than three times
        (None, (6.1, 2.0, 2.0), (4.0, 4.0, 4.0), (0, 3, 3)),
        (None, (2.0, 2.0, 2.0), (2.0, 2.0, 7.0), (3, 3, 0)),
        (None, (9.0, 1.0, 9.0), (4.0, 4.0, 4.0), (3, 3, 3)),  # two long axes
        (None, (9.0, 1.0, 9.0), (1.0, 9.0, 1.0), (3, 3, 3)),
        (False, (9.0, 1.0, 1.0), (1.0, 1.0, 1.0), (3, 3, 3)),
        (True, (3.0, 3.0, 3.1), (1.0, 1.0, 1.0), (3, 3, 0)),
        (True, (3.0, 3.0, 3.0), (9.0, 1.0, 1.0), (3, 3, 3)),
    ],
)
def test_slices_are_resampled_on_their_own_by_nnunets_rule(separate, current, wanted, orders):
    assert orders_for(Resampling(3, 0, separate), current, wanted) == orders
