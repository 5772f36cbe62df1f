from datetime import timedelta

import pytest

from tests.suv.acquisitions import HALF_LIFE_S, INJECTED, START, acquisition
from uptake.errors import SuvRefused
from uptake.suv.administration import dose_bq, half_life_s, injection_time, weight_kg


def test_weight_in_kilograms_is_taken_as_it_is():
    assert weight_kg(acquisition(weight=70.0)) == (70.0, ())


def test_weight_over_1000_is_in_grams():
    kilograms, warnings = weight_kg(acquisition(weight=70000.0))
    assert kilograms == 70.0
    assert "grams" in warnings[0]


@pytest.mark.parametrize("weight", [None, 0.0, -70.0, 0.1, 700.0])
def test_weight_that_is_none_is_refused(weight):
    with pytest.raises(SuvRefused) as caught:
        weight_kg(acquisition(weight=weight))
    assert "PatientWeight (0010,1030)" in str(caught.value)


def test_dose_under_ten_thousand_is_in_megabecquerels():
    becquerels, warnings = dose_bq(acquisition(dose=368.08), 70.0)
    assert becquerels == pytest.approx(368.08e6)
    assert "MBq" in warnings[0]
    assert dose_bq(acquisition(dose=368.08e6), 70.0) == (368.08e6, ())


@pytest.mark.parametrize(
    "dose",
    [
        None,
        0.0,
        -1.0,
        10.0,  # mCi, or 10 MBq for 70 kg: nobody can tell
        370000.0,  # kBq
        370.0e9,  # a milli too many
    ],
)
def test_dose_that_is_no_dose_is_refused(dose):
    with pytest.raises(SuvRefused) as caught:
        dose_bq(acquisition(dose=dose), 70.0)
    assert "RadionuclideTotalDose (0018,1074)" in str(caught.value)


@pytest.mark.parametrize("half_life", [None, 0.0, -6586.2, 109.77, 4063.0])
def test_half_life_must_be_there_and_that_of_the_nuclide(half_life):
    with pytest.raises(SuvRefused) as caught:
        half_life_s(acquisition(half_life_s=half_life))
    assert "RadionuclideHalfLife (0018,1075)" in str(caught.value)


def test_half_life_of_another_tracer_comes_from_the_header():
    assert half_life_s(acquisition(half_life_s=4062.0, nuclide="^68^Gallium")) == 4062.0
    assert half_life_s(acquisition(half_life_s=12345.0, nuclide="")) == 12345.0


def test_time_only_injection_before_midnight_is_dated_one_day_earlier():
    scanned = START.replace(hour=0, minute=30)
    late = acquisition(injected=START.replace(hour=23, minute=30), injected_time_only=True)
    injected, warnings = injection_time(late, scanned, HALF_LIFE_S)
    assert scanned - injected == timedelta(hours=1)
    assert "one day earlier" in warnings[0]


def test_time_only_injection_of_a_long_lived_tracer_cannot_be_dated():
    zirconium = acquisition(half_life_s=282276.0, nuclide="^89^Zirconium", injected_time_only=True)
    with pytest.raises(SuvRefused, match=r"half-life of 78\.4 h"):
        injection_time(zirconium, START, 282276.0)
    with pytest.raises(SuvRefused, match="time without a date"):
        injection_time(zirconium, START, 11.5 * 3600.0)
    assert injection_time(zirconium, START, 11.49 * 3600.0)[0] == INJECTED


def test_dated_injection_of_a_long_lived_tracer_is_days_ago():
    days_ago = START - timedelta(days=5)
    assert injection_time(acquisition(injected=days_ago), START, 282276.0) == (days_ago, ())


@pytest.mark.parametrize(
    ("injected", "time_only", "reason"),
    [
        (None, False, "absent or unreadable"),
        (START + timedelta(minutes=5), False, "falls after the scan"),
        (START + timedelta(minutes=5), True, "more than 10 half-lives"),
        (START - timedelta(days=1), False, "more than 10 half-lives"),
        (START, False, "coincide"),
        (START, True, "coincide"),
        (START - timedelta(seconds=0.1), True, "coincide"),
    ],
)
def test_injection_that_cannot_precede_the_scan_by_an_uptake_time_is_refused(injected, time_only, reason):
    with pytest.raises(SuvRefused, match=reason) as caught:
        injection_time(acquisition(injected=injected, injected_time_only=time_only), START, HALF_LIFE_S)
    assert "RadiopharmaceuticalStart" in caught.value.attribute
    assert caught.value.remedy
