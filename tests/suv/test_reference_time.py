from dataclasses import replace
from datetime import timedelta

import pytest

from tests.suv.acquisitions import FRAME_STARTS_S, HALF_LIFE_S, START, acquisition, timings
from uptake.errors import SuvRefused
from uptake.suv.reference_time import start_reference

LATER = START + timedelta(hours=2)


def seconds_from_start(found):
    return [(time - START).total_seconds() for time in found.times]


def test_series_time_is_used_unless_it_is_later_than_the_acquisition():
    early = START - timedelta(seconds=30)
    assert start_reference(acquisition(series_start=early), HALF_LIFE_S).times == (early, early)
    found = start_reference(acquisition(series_start=START), HALF_LIFE_S)
    assert found.road == "SeriesDateTime"
    assert "SeriesTime" in found.used


def test_a_fraction_of_a_second_does_not_make_a_series_time_later():
    found = start_reference(acquisition(series_start=START + timedelta(seconds=0.4)), HALF_LIFE_S)
    assert found.road == "SeriesDateTime"


def test_ge_scan_time_is_used_when_the_series_time_is_one_of_post_processing():
    found = start_reference(acquisition(series_start=LATER, ge_scan_start=START), HALF_LIFE_S)
    assert found.times == (START, START)
    assert found.road.startswith("GE")


def test_ge_scan_time_days_from_the_standard_one_is_not_used_but_reported():
    away = START - timedelta(days=23)
    found = start_reference(acquisition(series_start=LATER, ge_scan_start=away), HALF_LIFE_S)
    assert "frame mean time" in found.road
    assert "23.0 days" in found.warnings[0]
    usual = start_reference(acquisition(ge_scan_start=away), HALF_LIFE_S)
    assert usual.road == "SeriesDateTime"
    assert "23.0 days" in usual.warnings[0]


def test_ge_scan_time_after_the_acquisition_is_not_a_start():
    found = start_reference(acquisition(series_start=LATER, ge_scan_start=LATER), HALF_LIFE_S)
    assert "frame mean time" in found.road


@pytest.mark.parametrize("series_start", [LATER, None])
def test_frame_times_lead_back_to_the_start_of_the_series(series_start):
    found = start_reference(acquisition(series_start=series_start), HALF_LIFE_S)
    assert seconds_from_start(found) == pytest.approx([0.0, 0.0], abs=1e-5)


def test_frame_times_counted_to_the_frames_start_lead_back_to_the_start_of_the_series():
    slices = timings(reference_s=FRAME_STARTS_S)
    found = start_reference(acquisition(series_start=LATER, slices=slices), HALF_LIFE_S)
    assert seconds_from_start(found) == pytest.approx([0.0, 0.0], abs=1e-5)
    assert "frame start" in found.road


def test_each_slice_may_have_its_own_reference_which_is_said():
    slices = timings(starts_s=(0.0, 180.0), reference_s=(59.8, 59.8))
    found = start_reference(acquisition(series_start=LATER, slices=slices), HALF_LIFE_S)
    assert seconds_from_start(found) == pytest.approx([0.0, 180.0], abs=0.2)
    assert "180 s apart" in found.warnings[0]


def test_one_start_with_several_frame_times_is_a_contradiction():
    slices = timings(starts_s=(0.0, 0.0), reference_s=(0.0, 180.0))
    with pytest.raises(SuvRefused, match="180 s open"):
        start_reference(acquisition(series_start=LATER, slices=slices), HALF_LIFE_S)


@pytest.mark.parametrize("reference_s", [0.0, None])
def test_without_frame_times_the_one_acquisition_time_is_the_reference(reference_s):
    slices = timings(starts_s=(0.0, 0.0), reference_s=(reference_s, reference_s))
    found = start_reference(acquisition(series_start=LATER, slices=slices), HALF_LIFE_S)
    assert found.times == (START, START)


def test_without_frame_times_several_acquisition_times_leave_the_reference_open():
    slices = timings(reference_s=(0.0, 0.0))
    with pytest.raises(SuvRefused, match="180 s open"):
        start_reference(acquisition(series_start=LATER, slices=slices), HALF_LIFE_S)


@pytest.mark.parametrize(
    ("missing", "attribute"),
    [
        ({"acquired": None}, "AcquisitionTime"),
        ({"frame_reference_time_s": None}, "FrameReferenceTime"),
        ({"frame_duration_s": None}, "ActualFrameDuration"),
        ({"frame_duration_s": 0.0}, "ActualFrameDuration"),
    ],
)
def test_a_frame_time_that_is_needed_and_absent_is_named(missing, attribute):
    first, second = timings()
    with pytest.raises(SuvRefused) as caught:
        start_reference(acquisition(series_start=LATER, slices=(first, replace(second, **missing))), HALF_LIFE_S)
    assert attribute in caught.value.attribute


def test_without_any_acquisition_time_the_series_time_is_not_trusted():
    slices = tuple(replace(timing, acquired=None) for timing in timings())
    with pytest.raises(SuvRefused, match="post-processing"):
        start_reference(acquisition(slices=slices), HALF_LIFE_S)


def test_enhanced_pet_names_its_reference_or_is_refused():
    found = start_reference(acquisition(enhanced=True, decay_reference=START), HALF_LIFE_S)
    assert found.times == (START, START)
    with pytest.raises(SuvRefused, match="DecayCorrectionDateTime"):
        start_reference(acquisition(enhanced=True), HALF_LIFE_S)


def test_a_series_date_shifted_from_the_acquisition_date_is_refused():
    with pytest.raises(SuvRefused, match="SeriesDate"):
        start_reference(acquisition(series_start=START - timedelta(days=23)), HALF_LIFE_S)
