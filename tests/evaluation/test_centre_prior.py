from types import SimpleNamespace

import numpy as np
import pytest

from uptake.evaluation.centre_prior import CentrePrior, mean_place, stretched


def labels(shape, low, high):
    made = np.zeros(shape, np.uint8)
    made[tuple(slice(round(n * low), round(n * high)) for n in shape)] = 1
    return made


def exam(name, array):
    prepared = SimpleNamespace(labels=lambda: array, folder=SimpleNamespace(name=f"folder of {name}"))
    return SimpleNamespace(name=name, prepared=prepared)


def test_the_middle_of_others_is_the_answer_whatever_the_shape():
    exams = [exam("a", labels((20, 24, 24), 0.25, 0.75)), exam("b", labels((40, 12, 24), 0.25, 0.75))]
    prior = CentrePrior(exams, {"a": 0, "b": 1})
    found = prior.make(exams[0], lambda done, total: None)["centre-prior"]
    truth = exams[0].prepared.labels()
    assert found.shape == truth.shape
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.9


def test_patients_of_the_same_fold_have_no_say():
    corner, middle = labels((16, 16, 16), 0.0, 0.25), labels((16, 16, 16), 0.25, 0.75)
    exams = [exam("a", corner), exam("b", corner), exam("c", middle)]
    prior = CentrePrior(exams, {"a": 0, "b": 0, "c": 1})
    found = prior.make(exams[0], lambda done, total: None)["centre-prior"]
    assert found[8, 8, 8] == 1
    assert found[1, 1, 1] == 0
    assert prior.key(exams[0]) != CentrePrior(exams, {"a": 0, "b": 1, "c": 1}).key(exams[0])


def test_enough_is_what_serves_those_patients_best():
    # Three of four agree: where at least three have a lesion is right for three, Dice 0.75; all places give 0.67.
    small, other = labels((48, 48, 48), 0.25, 0.5), labels((48, 48, 48), 0.5, 0.75)
    share, enough = mean_place([small, small, small, other])
    assert share[18, 18, 18] == pytest.approx(3 / 4)
    assert 1 / 4 < enough <= 3 / 4


def test_stretching_keeps_the_extent():
    array = np.zeros((4, 4, 4), bool)
    array[:2] = True
    assert stretched(array, (8, 4, 4)).sum() == pytest.approx(64)
