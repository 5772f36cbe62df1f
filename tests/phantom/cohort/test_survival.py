"""survival: follow-up times follow the stated hazard."""

import numpy as np
import pytest

from uptake.phantom.cohort.survival import Hazard, draw_follow_up


def rate_per_year(burden_ml, hazard, count=4000):
    """Events over time at risk, the maximum-likelihood estimate of a constant hazard under censoring."""
    random = np.random.default_rng(5)
    drawn = [draw_follow_up(burden_ml, hazard, random) for _ in range(count)]
    return sum(event for _, event in drawn) / sum(days for days, _ in drawn) * 365.25


def test_the_typical_burden_has_the_stated_hazard():
    assert rate_per_year(20.0, Hazard(per_year=0.25)) == pytest.approx(0.25, rel=0.06)


def test_four_times_the_burden_doubles_the_hazard():
    hazard = Hazard(exponent=0.5)
    assert rate_per_year(80.0, hazard) / rate_per_year(20.0, hazard) == pytest.approx(2.0, rel=0.08)


def test_without_an_exponent_the_burden_does_not_matter():
    hazard = Hazard(exponent=0.0)
    assert rate_per_year(500.0, hazard) == pytest.approx(rate_per_year(1.0, hazard))


def test_nobody_is_followed_longer_than_stated():
    random = np.random.default_rng(0)
    hazard = Hazard(per_year=0.01, shortest_days=100.0, longest_days=200.0)
    drawn = [draw_follow_up(20.0, hazard, random) for _ in range(500)]
    assert max(days for days, _ in drawn) <= 200.0
    assert min(days for days, event in drawn if not event) >= 100.0
