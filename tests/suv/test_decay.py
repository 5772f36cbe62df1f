import math

import numpy as np
import pytest

from uptake.suv.decay import HALF_LIVES_S, frame_decay_correction, mean_count_time_s, remaining_fraction


def test_half_is_left_after_a_half_life():
    assert remaining_fraction(6586.2, 6586.2) == 0.5
    assert remaining_fraction(-6586.2, 6586.2) == 2.0


def test_activity_at_mean_count_time_is_the_frames_mean_activity():
    half_life, duration = 1221.8, 600.0
    times = np.linspace(0.0, duration, 200_001)
    mean = np.trapezoid(np.exp2(-times / half_life), times) / duration
    assert remaining_fraction(mean_count_time_s(duration, half_life), half_life) == pytest.approx(mean, rel=1e-9)
    assert 1.0 / frame_decay_correction(duration, half_life) == pytest.approx(mean, rel=1e-9)


def test_mean_count_time_of_a_long_lived_tracer_is_the_frames_middle():
    assert mean_count_time_s(120.0, HALF_LIVES_S["^89^Zirconium"]) == pytest.approx(60.0, abs=0.01)


def test_a_frame_without_duration_needs_no_correction():
    assert mean_count_time_s(0.0, 6586.2) == 0.0
    assert frame_decay_correction(0.0, 6586.2) == 1.0


def test_half_lives_are_in_seconds():
    assert HALF_LIVES_S["^18^Fluorine"] / 60 == pytest.approx(109.77, abs=0.01)
    assert all(math.isfinite(value) and value > 60 for value in HALF_LIVES_S.values())
