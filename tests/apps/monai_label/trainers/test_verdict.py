import numpy as np
import pytest

from apps.monai_label.trainers.verdict import Scores, exam_dice, verdict


def test_dice_of_an_exam_is_the_mean_of_the_classes_that_occur():
    truth = np.array([[[1, 1, 2, 0]]], np.uint8)
    answer = np.array([[[1, 0, 2, 2]]], np.uint8)
    # class 1: 2 * 1 / (2 + 1); class 2: 2 * 1 / (1 + 2); class 3 in neither
    assert exam_dice(truth, answer, 4) == pytest.approx(2 / 3)


def test_rightly_nothing_is_one_and_a_false_alarm_nothing():
    empty, found = np.zeros((1, 2, 2), np.uint8), np.ones((1, 2, 2), np.uint8)
    assert exam_dice(empty, empty, 2) == 1.0
    assert exam_dice(empty, found, 2) == 0.0


def test_a_worse_version_is_not_promoted_and_why_is_said():
    found = verdict(Scores((0.8, 0.6)), Scores((0.9, 0.4)), ("version 1", "version 2"))
    assert not found.promoted
    assert "2 exam(s)" in found.why
    assert "version 2 0.650, version 1 0.700; worse, so it is not used" in found.why


def test_an_equal_version_is_promoted():
    assert verdict(Scores((0.5, 0.7)), Scores((0.7, 0.5))).promoted


def test_versions_are_compared_on_the_same_exams():
    with pytest.raises(ValueError, match="same exams"):
        verdict(Scores((0.5,)), Scores((0.7, 0.5)))


@pytest.mark.parametrize("values", [(), (float("nan"),), (1.2,), (-0.1,)])
def test_scores_are_dice_values(values):
    with pytest.raises(ValueError, match="Dice values"):
        Scores(values)
