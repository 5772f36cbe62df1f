import numpy as np
import pytest

from apps.monai_label.strategies.choosing import farthest_first, highest
from apps.monai_label.strategies.exam_features import COUNT, exam_features


def test_the_highest_scores_first_and_equal_ones_by_name():
    scores = {"a": 1.0, "b": 3.0, "c": 3.0, "d": 9.0}
    assert highest(scores, ["c", "b", "a", "unscored"], 3) == ["b", "c", "a"]
    with pytest.raises(ValueError, match="finite"):
        highest({"a": float("nan")}, ["a"])


LINE = {"a": (0.0,), "b": (1.0,), "c": (2.0,), "d": (10.0,)}


def test_the_farthest_from_all_that_are_chosen_one_after_the_other():
    assert farthest_first(LINE, ["a"], ["b", "c", "d"], 2) == ["d", "c"]  # then c is 2 from a and 8 from d
    assert farthest_first(LINE, ["a", "d"], ["b", "c"]) == ["c"]


def test_the_first_of_all_is_the_one_nearest_to_the_mean():
    assert farthest_first(LINE, [], ["a", "b", "c", "d"]) == ["c"]  # the mean is 3.25


def test_features_of_another_scale_count_the_same_and_constant_ones_nothing():
    features = {"a": (0.0, 0.0, 5.0), "b": (0.0, 1e-3, 5.0), "c": (1e6, 0.0, 5.0), "d": (1e6, 1e-3, 5.0)}
    assert farthest_first(features, ["a"], ["b", "c", "d"]) == ["d"]


def test_exams_without_features_are_left_out():
    assert farthest_first(LINE, ["x"], ["x", "y"]) == []
    assert farthest_first({}, [], ["a"]) == []


def test_features_are_logarithms_of_known_numbers():
    suv = np.zeros((2, 3, 4), np.float32)
    body = np.ones(suv.shape, bool)
    lesions = np.zeros(suv.shape, bool)
    lesions[1, 1, 1:3] = True
    suv[1, 1, 1], suv[1, 1, 2] = 3.0, 7.0
    found = np.expm1(exam_features(suv, body, lesions, (5.0, 4.0, 2.0)))
    assert len(found) == COUNT
    assert found[6] == pytest.approx(7.0)  # the greatest SUV in the body
    assert found[7:10] == pytest.approx([10.0, 12.0, 8.0])  # its extent
    assert found[10:13] == pytest.approx([0.08, 7.0, 5.0])
    assert found[13] == pytest.approx(np.sqrt(5**2 + 4**2 + 4**2))


def test_an_exam_with_nothing_has_features_too():
    empty = np.zeros((2, 2, 2), bool)
    assert exam_features(np.ones((2, 2, 2), np.float32), empty, empty, (1.0, 1.0, 1.0)) == (0.0,) * COUNT
