import numpy as np

from tests.regions.digital_volumes import body_with_spheres, ellipsoid, volume
from uptake.geometry import ImageGeometry
from uptake.regions import body_mask
from uptake.volume import SuvVolume


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def test_trunk_and_arms_are_kept_and_noisy_air_is_not():
    suv, truth = body_with_spheres(noise=0.04)
    mask = body_mask(suv)
    assert dice(mask, truth) > 0.93
    assert (mask & truth).sum() == truth.sum()
    assert mask[:, 30, 8].all()
    assert not mask[:, 2, 2].any()


def test_a_speck_and_a_thin_table_are_left_out():
    suv, _ = body_with_spheres()
    array = suv.array.copy()
    array[5:7, 3:5, 45:47] = 3.0
    array[:, 57, 20:70] = 0.12
    mask = body_mask(volume(array))
    assert not mask[5:7, 3:5, 45:47].any()
    assert not mask[:, 57].any()


def test_cold_lungs_inside_the_trunk_are_body():
    suv, truth = body_with_spheres()
    array = suv.array.copy()
    array[ellipsoid(array.shape, (20, 30, 45), (12, 8, 8))] = 0.0
    assert body_mask(volume(array))[truth].all()


def test_holes_are_filled_across_the_patients_axis_even_when_slices_are_sagittal():
    suv, truth = body_with_spheres()
    array = suv.array.copy()
    array[:, 25:35, 40:50] = 0.0  # a tube from end to end: open along z, closed in every axial plane
    turned = np.ascontiguousarray(array.transpose(2, 1, 0))
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
    sagittal = SuvVolume(turned, ImageGeometry(turned.shape, (4.0, 4.0, 4.0), (0, 0, 0), axes))
    assert body_mask(sagittal)[truth.transpose(2, 1, 0)].all()


def test_a_crop_that_is_all_tissue_is_all_body():
    assert body_mask(volume(np.full((13, 14, 15), 0.5, np.float32))).all()


def test_nothing_in_the_field_of_view_gives_an_empty_mask():
    assert not body_mask(volume(np.full((10, 10, 10), 0.01, np.float32))).any()


def test_voxels_that_are_not_finite_are_never_body():
    array = np.full((12, 12, 12), 0.8, np.float32)
    array[6, 6, 6] = np.nan
    array[3, 3, 3] = np.inf
    mask = body_mask(volume(array))
    assert mask.sum() == array.size - 2
    assert not mask[6, 6, 6]
