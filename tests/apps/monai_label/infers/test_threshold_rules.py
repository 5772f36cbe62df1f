"""PERCIST's threshold at a click, worked out by hand; and the rules that are there."""

import numpy as np
import pytest

from apps.monai_label.infers.infer_errors import ClickRefused, RequestRefused
from apps.monai_label.infers.threshold_rules import RULES, LiverSul, liver_at, threshold_suv
from tests.apps.monai_label.infers.exam_of_spheres import GRID, exam_of, hot, voxel
from uptake.errors import InputRefused

PERCIST = RULES[-1]


def test_the_six_thresholds_are_there():
    assert [(rule.fraction, rule.suv) for rule in RULES] == [
        (0.41, None), (0.45, None), (0.50, None), (None, 2.5), (None, 4.0), (None, None)
    ]  # fmt: skip


def test_the_liver_of_an_even_exam():
    exam = exam_of(hot(GRID, tissue=2.0))
    liver = liver_at(exam, voxel((0, 0, 0)))
    assert (liver.mean, liver.sd) == (pytest.approx(1.5), pytest.approx(0.0))
    # 1.5 x 1.5 + 2 x 0 = 2.25 as SUL, and SUL = 0.75 SUV.
    assert threshold_suv(PERCIST, exam, liver) == pytest.approx(3.0)


def test_the_spread_of_the_liver_counts_twice():
    assert threshold_suv(PERCIST, exam_of(hot(GRID)), LiverSul(2.0, 0.3)) == pytest.approx((3.0 + 0.6) / 0.75)


def test_the_sphere_is_three_centimetres_wide():
    array = hot(GRID, tissue=2.0)
    array[voxel((14, 2, 2))] = 100.0  # 12 mm from the click's voxel at 2, 2, 2
    array[voxel((2, 18, 2))] = 100.0  # 16 mm from it: outside
    values = 4.0 * 4.0 * 4.0
    inside = round(4 / 3 * np.pi * 15**3 / values)
    liver = liver_at(exam_of(array, sul_factor=1.0), voxel((2, 2, 2)))
    assert liver.mean == pytest.approx(2.0 + 98.0 / inside, rel=0.05)


def test_what_is_no_liver_is_refused():
    with pytest.raises(ClickRefused, match="which is no liver's"):
        liver_at(exam_of(hot(GRID, tissue=12.0)), voxel((0, 0, 0)))
    with pytest.raises(ClickRefused, match="leaves the exam"):
        liver_at(exam_of(hot(GRID, tissue=2.0)), voxel((0, 0, -74)))


def test_without_a_sul_or_a_liver_there_is_no_percist():
    with pytest.raises(InputRefused, match="PatientSize"):
        liver_at(exam_of(hot(GRID, tissue=2.0), sul_factor=None), voxel((0, 0, 0)))
    with pytest.raises(InputRefused, match="this exam has none"):
        threshold_suv(PERCIST, exam_of(hot(GRID), sul_factor=None), LiverSul(2.0, 0.3))
    with pytest.raises(RequestRefused, match="needs the liver") as refusal:
        threshold_suv(PERCIST, exam_of(hot(GRID)), None)
    assert "liver_reference" in refusal.value.remedy


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 0.1), (-1.0, 0.1), (2.0, -0.1), (float("nan"), 0.0), (50.0, 0.0)])
def test_impossible_livers_are_refused(mean, sd):
    with pytest.raises(RequestRefused):
        LiverSul(mean, sd)
