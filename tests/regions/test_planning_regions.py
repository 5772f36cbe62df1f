"""planning_regions: PET regions on a finer grid, one number a lesion."""

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.regions.planning_regions import class_regions_on, nearest_regions, planning_caveats, planning_volumes_ml
from uptake.volume import LabelMap

PET = ImageGeometry((6, 10, 10), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))
# Three voxels in each PET voxel, the middle one at its centre.
CT = ImageGeometry((18, 30, 30), (4 / 3, 4 / 3, 4 / 3), (-4 / 3, -4 / 3, -4 / 3))


def regions():
    labels = np.zeros(PET.shape, dtype=np.uint16)
    labels[2:4, 2:5, 2:5] = 1
    labels[2:4, 2:5, 6:8] = 2
    labels[4, 8, 8] = 3
    return LabelMap(labels, PET)


def whole(found, onto):
    """The cropped map at its place in the grid."""
    array = np.zeros(onto.shape, dtype=np.uint16)
    z, y, x = np.rint(onto.index(found.geometry.origin_mm)).astype(int)
    d, h, w = found.array.shape
    array[z : z + d, y : y + h, x : x + w] = found.array
    return array


def test_each_voxel_is_of_the_pet_voxel_in_which_it_lies():
    found = nearest_regions(regions(), CT)
    expected = regions().array.repeat(3, 0).repeat(3, 1).repeat(3, 2)
    assert np.array_equal(whole(found, CT), expected)
    assert found.array.shape == (9, 21, 21)  # no larger than the regions
    assert nearest_regions(LabelMap(np.zeros(PET.shape, np.uint16), PET), CT).array.any() == False  # noqa: E712


def test_a_ct_that_runs_the_other_way_and_ends_early():
    ct = ImageGeometry((18, 30, 12), CT.spacing_mm, tuple(CT.position_mm((17, 29, 0))),
                       ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0)))  # fmt: skip
    expected = regions().array.repeat(3, 0).repeat(3, 1).repeat(3, 2)[::-1, ::-1, :12]
    assert np.array_equal(whole(nearest_regions(regions(), ct), ct), expected)


def test_classes_chosen_on_the_ct_go_to_the_nearest_region_of_their_class():
    classes = np.zeros(CT.shape, dtype=np.uint8)
    classes[6:12, 6:15, 6:17] = 1  # region 1 and two voxels more to the left
    classes[6:12, 6:15, 17:24] = 2  # region 2, and its way up to region 1
    classes[0:2, 27:29, 0:2] = 1  # a speck that was too small to be a region
    found = whole(class_regions_on(regions(), [1, 2, 1], classes, CT), CT)
    assert np.array_equal(found == 1, (classes == 1) & (np.arange(30)[:, None] < 20))
    assert np.array_equal(found == 2, classes == 2)
    assert not (found == 3).any()


def test_two_regions_of_a_class_that_grew_together_are_parted_half_way():
    classes = np.zeros(CT.shape, dtype=np.uint8)
    classes[6:12, 6:15, 6:24] = 1
    found = whole(class_regions_on(regions(), [1, 1, 1], classes, CT), CT)
    row = found[8, 9]
    # Region 1 ends with voxel 14, region 2 begins with 18: 15 is nearer to one, 17 to the other.
    assert row[6:16].tolist() == [1] * 10
    assert row[17:24].tolist() == [2] * 7


def test_classes_of_another_grid_are_refused():
    with pytest.raises(ValueError, match="shape"):
        class_regions_on(regions(), [1, 1, 1], np.zeros((2, 2, 2), np.uint8), CT)


def test_what_is_missing_or_cut_off_is_told():
    whole_ct = nearest_regions(regions(), CT)
    (volume,) = planning_caveats(regions(), whole_ct, CT)
    # 18 + 12 + 1 voxels of 4 mm, and the same space in voxels a third as long.
    assert volume == "RT Structure Set: 1.98 ml on the CT's grid, 1.98 ml measured on the PET's."
    assert planning_volumes_ml(regions(), whole_ct) == pytest.approx({1: 1.152, 2: 0.768, 3: 0.064})
    narrow = ImageGeometry((18, 30, 12), CT.spacing_mm, CT.origin_mm)  # ends at 14.7 mm: in the last column of region 1
    _, missing, cut = planning_caveats(regions(), nearest_regions(regions(), narrow), narrow)
    assert missing.startswith("Lesions 2, 3 have no voxel on the CT's grid")
    assert cut.startswith("Lesions 1 reach beyond the CT")
