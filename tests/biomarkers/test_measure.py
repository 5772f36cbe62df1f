from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from tests.lesion_classes import NODE, PRIMARY, WEIGHTS
from uptake.biomarkers import measure, mtv_ml, suv_peak, tlg_g
from uptake.errors import InputRefused
from uptake.found_regions import FoundRegions
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap, SuvVolume

SHAPE = (12, 14, 16)
GEOMETRY = ImageGeometry(SHAPE, (5.0, 4.0, 2.0), (-10.0, 20.0, 300.0))


def exam(geometry=GEOMETRY):
    """Two boxes of known SUV: label 1 with 2 x 3 x 4 voxels of SUV 5 and one of 9, label 2 a single voxel of 7."""
    suv = np.full(SHAPE, 1.0, np.float32)
    labels = np.zeros(SHAPE, np.uint16)
    suv[4:6, 5:8, 6:10] = 5.0
    suv[5, 6, 7] = 9.0
    labels[4:6, 5:8, 6:10] = 1
    suv[11, 13, 0] = 7.0
    labels[11, 13, 0] = 2
    return SuvVolume(suv, geometry), LabelMap(labels, geometry)


def measured(suv, labels, sul_factor=0.75, **classes):
    numbers = count(1)
    regions = FoundRegions(labels, "fixed-4.0", ("said",), **classes)
    return measure(suv, regions, sul_factor=sul_factor, tracking_uid_maker=lambda: f"2.25.{next(numbers)}")


def test_uptake_and_volume_of_a_box():
    box, corner = measured(*exam()).lesions
    assert (box.label, box.tracking_id, box.tracking_uid, box.voxels) == (1, "Lesion 1", "2.25.1", 24)
    assert (box.suv_max, corner.suv_max) == (9.0, 7.0)
    assert box.suv_mean == pytest.approx((23 * 5 + 9) / 24)
    assert box.suv_sd == pytest.approx(np.std([5.0] * 23 + [9.0]))
    assert box.mtv_ml == pytest.approx(24 * 0.04)
    assert box.tlg_g == pytest.approx(0.04 * (23 * 5 + 9))
    assert (corner.suv_mean, corner.suv_sd, corner.voxels) == (7.0, 0.0, 1)
    assert 1.0 < corner.suv_peak < 7.0


def test_places_and_sizes_of_a_box():
    box = measured(*exam()).lesions[0]
    assert box.max_index == (5, 6, 7)
    assert box.max_position_mm == pytest.approx((-10 + 7 * 2, 20 + 6 * 4, 300 + 5 * 5))
    assert box.centroid_mm == pytest.approx((-10 + 7.5 * 2, 20 + 6 * 4, 300 + 4.5 * 5))
    assert box.extent_mm == pytest.approx((10.0, 12.0, 8.0))


def test_places_on_a_turned_grid_are_in_the_patient():
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
    turned = ImageGeometry(SHAPE, (5.0, 4.0, 2.0), (1.0, 2.0, 3.0), axes)
    box = measured(*exam(turned)).lesions[0]
    assert box.max_position_mm == pytest.approx((1 + 5 * 5, 2 + 6 * 4, 3 - 7 * 2))


def test_peaks_use_both_spheres_and_sul_follows():
    suv, labels = exam()
    box = measured(suv, labels).lesions[0]
    assert box.sul_peak == pytest.approx(0.75 * box.suv_peak)
    voxels = np.argwhere(labels.array == 1)
    assert box.suv_peak == suv_peak(suv.array, voxels, spacing_mm=GEOMETRY.spacing_mm)
    assert box.suv_peak_12mm == suv_peak(suv.array, voxels, spacing_mm=GEOMETRY.spacing_mm, diameter_mm=12.0)
    assert box.suv_peak_12mm > box.suv_peak > 1.0  # the smaller sphere holds less of the background
    without = measured(suv, labels, sul_factor=None)
    assert without.lesions[0].sul_peak is None
    assert without.totals.sul_peak is None


def test_totals_are_sums_and_maxima():
    findings = measured(*exam())
    box, corner = findings.lesions
    totals = findings.totals
    assert totals.lesions == 2
    assert totals.mtv_ml == pytest.approx(box.mtv_ml + corner.mtv_ml)
    assert totals.tlg_g == pytest.approx(box.tlg_g + corner.tlg_g)
    assert totals.suv_max == 9.0
    assert totals.suv_peak == max(box.suv_peak, corner.suv_peak)
    assert totals.sul_peak == max(box.sul_peak, corner.sul_peak)
    assert (findings.method, findings.caveats) == ("fixed-4.0", ("said",))


def test_each_class_has_its_own_totals_and_one_that_was_not_found_has_zeros():
    three = PRIMARY, NODE, replace(NODE, name="distant_metastasis")
    findings = measured(*exam(), classes=three, class_names=(NODE.name, PRIMARY.name), weights=WEIGHTS)
    box, corner = findings.lesions
    assert (box.class_name, corner.class_name) == ("lymph_node_metastasis", "primary_tumour")
    primary, node, distant = (each.totals for each in findings.by_class)
    assert (primary.mtv_ml, primary.tlg_g, primary.suv_max) == (corner.mtv_ml, corner.tlg_g, corner.suv_max)
    assert (node.lesions, node.suv_peak) == (1, box.suv_peak)
    assert (distant.lesions, distant.mtv_ml, distant.suv_max) == (0, 0.0, None)
    assert primary.mtv_ml + node.mtv_ml == pytest.approx(findings.totals.mtv_ml)
    assert [findings.class_of(lesion) for lesion in findings.lesions] == [NODE, PRIMARY]
    assert findings.weights is WEIGHTS


def test_a_threshold_region_has_no_class():
    findings = measured(*exam())
    assert [lesion.class_name for lesion in findings.lesions] == ["", ""]
    assert (findings.by_class, findings.class_of(findings.lesions[0])) == ((), None)


def test_regions_and_classes_that_do_not_fit_are_errors():
    with pytest.raises(ValueError, match="has no class"):
        measured(*exam(), classes=(PRIMARY,), class_names=("primary_tumour",))
    with pytest.raises(ValueError, match="does not have"):
        measured(*exam(), classes=(PRIMARY,), class_names=("primary_tumour", "other"))
    with pytest.raises(ValueError, match="same name"):
        measured(*exam(), classes=(PRIMARY, PRIMARY))


def test_no_region_gives_zeros_and_no_maxima():
    suv, _ = exam()
    findings = measured(suv, LabelMap(np.zeros(SHAPE, np.uint16), GEOMETRY))
    assert findings.lesions == ()
    assert (findings.totals.mtv_ml, findings.totals.tlg_g, findings.totals.lesions) == (0.0, 0.0, 0)
    assert (findings.totals.suv_max, findings.totals.suv_peak, findings.totals.sul_peak) == (None, None, None)


def test_numbers_that_are_missing_in_the_label_map_are_skipped():
    suv, labels = exam()
    findings = measured(suv, LabelMap(np.where(labels.array == 1, np.uint16(0), labels.array), GEOMETRY))
    assert [lesion.tracking_id for lesion in findings.lesions] == ["Lesion 2"]


def test_the_first_of_equal_maxima_is_named():
    suv, labels = exam()
    array = suv.array.copy()
    array[5, 7, 9] = 9.0
    assert measured(SuvVolume(array, GEOMETRY), labels).lesions[0].max_index == (5, 6, 7)


def test_a_mean_over_many_voxels_does_not_lose_precision():
    geometry = ImageGeometry((200, 100, 100), (1.0, 1.0, 1.0), (0, 0, 0))
    suv = SuvVolume(np.full(geometry.shape, 0.1, np.float32), geometry)
    found = measured(suv, LabelMap(np.ones(geometry.shape, np.uint16), geometry)).lesions[0]
    assert found.suv_mean == pytest.approx(float(np.float32(0.1)), rel=1e-12)
    assert found.suv_peak == pytest.approx(float(np.float32(0.1)), rel=1e-9)


def test_a_region_with_voxels_that_are_not_finite_is_refused():
    suv, labels = exam()
    array = suv.array.copy()
    array[4, 5, 6] = np.nan
    with pytest.raises(InputRefused, match="1 of the 24 voxels of region 1"):
        measured(SuvVolume(array, GEOMETRY), labels)


def test_grids_that_differ_are_refused():
    suv, labels = exam()
    moved = ImageGeometry(SHAPE, (5.0, 4.0, 2.0), (-10.0, 20.0, 301.0))
    with pytest.raises(ValueError, match="same grid"):
        measured(suv, LabelMap(labels.array, moved))


def test_volume_and_glycolysis():
    assert mtv_ml(250, GEOMETRY) == pytest.approx(10.0)
    assert tlg_g(10.0, 4.2) == pytest.approx(42.0)
