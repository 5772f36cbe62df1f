import numpy as np
import pytest

from apps.monai_label.labels.mask_prints import MaskPrint, all_known, print_labels, print_mask, prints_given_out
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

GRID = ImageGeometry((10, 12, 14), (3.0, 2.0, 2.0), (-14.0, -12.0, 100.0))


def drawn(at=(2, 3, 4)):
    mask = np.zeros(GRID.shape, bool)
    mask[at[0] : at[0] + 2, at[1] : at[1] + 3, at[2] : at[2] + 2] = True
    mask[at] = False
    return mask


def test_the_same_voxels_give_the_same_print_on_a_part_of_the_grid_and_turned():
    whole = print_mask(drawn(), GRID)
    # Corner of the box: x = -14 + 4*2, y = -12 + 3*2, z = 100 + 2*3.
    assert whole.corner_mm == (-6.0, -6.0, 106.0)
    part = ImageGeometry((4, 12, 14), GRID.spacing_mm, (-14.0, -12.0, 103.0))
    assert print_mask(drawn()[1:5], part).same(whole)
    turned = ImageGeometry(
        GRID.shape, GRID.spacing_mm, (-14.0, -12.0 + 11 * 2, 100.0 + 9 * 3), ((0, 0, -1), (0, -1, 0), (1, 0, 0))
    )
    assert print_mask(drawn()[::-1, ::-1], turned).same(whole)


@pytest.mark.parametrize("change", ["voxel", "place", "spacing"])
def test_other_voxels_or_another_place_are_not_the_same(change):
    whole, mask, grid = print_mask(drawn(), GRID), drawn(), GRID
    if change == "voxel":
        mask[3, 5, 5] = False
    elif change == "place":
        mask = drawn((3, 3, 4))
    else:
        grid = ImageGeometry(GRID.shape, (3.0, 2.1, 2.0), GRID.origin_mm)
    assert not print_mask(mask, grid).same(whole)


def test_an_empty_mask_has_no_print():
    assert print_mask(np.zeros(GRID.shape, bool), GRID) is None
    assert prints_given_out(LabelMap(np.zeros(GRID.shape, np.uint16), GRID)) == []


def test_classes_and_their_sum_are_told_again():
    array = np.zeros(GRID.shape, np.uint16)
    array[drawn()], array[drawn((6, 3, 4))] = 1, 2
    labels = LabelMap(array, GRID)
    given = prints_given_out(labels)
    assert len(given) == 3
    assert all_known([print_mask(array > 0, GRID)], given)
    assert all_known(print_labels(labels, {1: "a", 2: "b"}).values(), given)
    assert not all_known([print_mask(array > 0, GRID), print_mask(drawn((1, 1, 1)), GRID)], given)
    assert not all_known([], given)


def test_a_print_survives_json():
    whole = print_mask(drawn(), GRID)
    assert MaskPrint.from_json(whole.to_json()).same(whole)
