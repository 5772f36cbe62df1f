import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.regions.class_regions import class_regions
from uptake.volume import SuvVolume

GRID = ImageGeometry((6, 8, 10), (2.0, 5.0, 5.0), (0.0, 0.0, 0.0))  # 0.05 ml a voxel
NAMES = {1: "primary", 2: "node"}


def found(classes, suv, minimum_volume_ml=0.0, names=NAMES):
    volume = SuvVolume(suv.astype(np.float32), GRID)
    labels, of_region = class_regions(classes, volume, names, minimum_volume_ml=minimum_volume_ml)
    return labels.array, of_region


def empty():
    return np.zeros(GRID.shape, np.uint8), np.ones(GRID.shape, np.float32)


def test_classes_that_touch_stay_apart_and_all_are_numbered_by_falling_maximum():
    classes, suv = empty()
    classes[1, 1:3, 1], classes[1, 1:3, 2], classes[4, 6, 6:9] = 1, 2, 1
    suv[1, 1, 1], suv[1, 2, 2], suv[4, 6, 7] = 5.0, 9.0, 7.0
    labels, names = found(classes, suv)
    assert names == ("node", "primary", "primary")
    assert [np.argwhere(labels == n).tolist() for n in (1, 2, 3)] == [
        [[1, 1, 2], [1, 2, 2]],
        [[4, 6, 6], [4, 6, 7], [4, 6, 8]],
        [[1, 1, 1], [1, 2, 1]],
    ]


def test_corners_connect():
    classes, suv = empty()
    classes[1, 1, 1] = classes[2, 2, 2] = 1
    labels, names = found(classes, suv)
    assert (names, labels[2, 2, 2]) == (("primary",), 1)


def test_regions_under_the_smallest_volume_are_dropped_and_one_of_exactly_it_is_kept():
    classes, suv = empty()
    classes[1, 1, 1], classes[4, 4, 4:6] = 2, 1
    suv[1, 1, 1] = 9.0
    labels, names = found(classes, suv, minimum_volume_ml=0.1)
    assert names == ("primary",)
    assert labels[1, 1, 1] == 0
    assert (labels > 0).sum() == 2


def test_classes_without_a_name_are_background():
    classes, suv = empty()
    classes[1, 1, 1], classes[3] = 2, 7
    labels, names = found(classes, suv)
    assert (names, (labels > 0).sum()) == (("node",), 1)


def test_of_equal_maxima_the_first_voxel_counts_wherever_the_box_begins():
    classes, suv = empty()
    classes[2, 3, 8], classes[2, 4, 1] = 1, 2
    assert found(classes, suv)[1] == ("primary", "node")


def test_nothing_found_and_another_grid():
    classes, suv = empty()
    labels, names = found(classes, suv)
    assert (labels.any(), names) == (False, ())
    with pytest.raises(ValueError, match="shape"):
        found(classes[1:], suv)
