from dataclasses import replace

import numpy as np
import pytest

from tests.regions.digital_volumes import body_with_spheres, volume
from uptake.errors import InputRefused
from uptake.regions import PHYSIOLOGICAL_CAVEAT, segment
from uptake.settings import METHODS, SegmentationSettings

LIVER = {"liver_mean_sul": 1.6, "liver_sd_sul": 0.2}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_three_spheres_hottest_first(method):
    suv, _ = body_with_spheres(noise=0.02)
    labels = segment(suv, SegmentationSettings(method=method, **LIVER), sul_factor=0.75)
    found = labels.array
    assert (found[30, 25, 35], found[10, 30, 45], found[20, 35, 60]) == (1, 2, 3)
    assert np.bincount(found.ravel())[1:4] == pytest.approx([123, 123, 123], abs=5)
    assert labels.geometry is suv.geometry


@pytest.mark.parametrize("method", METHODS)
def test_the_same_input_gives_the_same_labels_and_flips_move_them(method):
    suv, _ = body_with_spheres(noise=0.02)
    settings = SegmentationSettings(method=method, **LIVER)
    labels = segment(suv, settings, sul_factor=0.75).array
    flipped = segment(volume(suv.array[::-1, :, ::-1]), settings, sul_factor=0.75).array
    np.testing.assert_array_equal(flipped[::-1, :, ::-1], labels)


def test_small_regions_are_dropped():
    suv, _ = body_with_spheres()
    settings = SegmentationSettings(minimum_volume_ml=123 * 0.064)
    assert segment(suv, settings).array.max() == 3
    assert segment(suv, replace(settings, minimum_volume_ml=124 * 0.064)).array.max() == 0


def test_hot_voxels_outside_the_body_are_not_regions():
    suv, _ = body_with_spheres()
    array = suv.array.copy()
    array[5:7, 3:5, 45:47] = 30.0
    assert segment(volume(array), SegmentationSettings(minimum_volume_ml=0.0)).array.max() == 3


def test_an_empty_field_of_view_has_no_regions():
    for method in METHODS:
        settings = SegmentationSettings(method=method, **LIVER)
        assert not segment(volume(np.zeros((6, 7, 8))), settings, sul_factor=0.7).array.any()


def test_percist_liver_without_sul_is_refused():
    suv, _ = body_with_spheres()
    with pytest.raises(InputRefused, match="SUL"):
        segment(suv, SegmentationSettings(method="percist-liver", **LIVER))


def test_voxels_that_are_not_finite_do_not_break_a_region():
    suv, _ = body_with_spheres()
    array = suv.array.copy()
    array[10, 30, 45] = np.nan
    labels = segment(volume(array), SegmentationSettings()).array
    assert labels[10, 30, 45] == 0
    assert labels[10, 30, 46] == 2


def test_the_caveat_names_physiological_uptake():
    assert "not excluded" in PHYSIOLOGICAL_CAVEAT


@pytest.mark.data
def test_a_real_exam_shows_its_hilar_mass(data_folder):
    pydicom = pytest.importorskip("pydicom")
    headers = [pydicom.dcmread(path) for path in (data_folder / "acrin_042" / "PT_AC").iterdir()]
    headers.sort(key=lambda header: float(header.ImagePositionPatient[2]))
    planes = [h.pixel_array * float(h.RescaleSlope) + float(h.RescaleIntercept) for h in headers]
    suv = volume(np.stack(planes) * 4.2111e-4, (3.27, 4.6875, 4.6875))
    labels = segment(suv, SegmentationSettings()).array
    mass = labels == labels[80, 58, 55]
    assert labels[80, 58, 55] > 0
    assert suv.array[mass].max() == pytest.approx(42.22, abs=0.05)
    assert 55 < mass.sum() * suv.geometry.voxel_volume_ml < 70
