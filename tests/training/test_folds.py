from pathlib import Path

import pytest

from uptake.errors import InputRefused
from uptake.training.cache import PreparedTraining
from uptake.training.folds import Fold, Folds, folds_of, split
from uptake.training.recipe import Splits


def exams(*pairs):
    return [PreparedTraining(f"exam-{i}", patient, True, pixels, Path()) for i, (patient, pixels) in enumerate(pairs)]


def test_sixty_patients_are_split_as_published():
    data = exams(*[(f"p{i % 60}", f"h{i}") for i in range(75)])

    folds = split(data, Splits()).folds

    assert [(len(f.train), len(f.validation), len(f.test)) for f in folds] == [(38, 10, 12)] * 5
    assert sorted(p for fold in folds for p in fold.test) == sorted({e.patient for e in data})
    assert folds == split(list(reversed(data)), Splits()).folds
    assert folds != split(data, Splits(seed=2)).folds


def test_further_patients_are_trained_on_in_every_fold_and_tested_in_none():
    data, further = exams(*[(f"p{i}", f"h{i}") for i in range(6)]), exams(("a", "x"), ("a", "y"), ("b", "z"))
    drawn = split([*data, *further], Splits(folds=3), {"a", "b"})
    for fold, alone in zip(drawn.folds, split(data, Splits(folds=3)).folds, strict=True):
        assert set(fold.train) == {*alone.train, "a", "b"}
        assert (fold.validation, fold.test) == (alone.validation, alone.test)
    assert folds_of(drawn.to_json()) == drawn


def test_the_same_images_among_the_further_patients_are_refused():
    with pytest.raises(InputRefused, match="exam-1 and exam-3 have the same PET"):
        split(exams(("a", "x"), ("b", "y"), ("c", "z"), ("d", "y")), Splits(folds=3), {"d"})


def test_folds_read_back_what_they_write():
    folds = split(exams(*[(f"p{i}", f"h{i}") for i in range(6)]), Splits(folds=3))
    assert folds_of(folds.to_json()) == folds


def test_the_same_images_under_two_patients_are_refused():
    with pytest.raises(InputRefused, match="exam-0 and exam-2 have the same PET"):
        split(exams(("a", "x"), ("b", "y"), ("c", "x"), ("d", "z")), Splits(folds=2))
    split(exams(("a", "x"), ("b", "y"), ("a", "x"), ("d", "z")), Splits(folds=2))  # the same patient's may be


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        ([Fold(("a",), ("b",), ("c", "a"))], "two parts of fold 0"),
        ([Fold(("a",), (), ("b", "c")), Fold(("a", "b"), (), ("c",))], "tested in two folds"),
        ([Fold(("a",), (), ("b",)), Fold(("b",), (), ("a", "c"))], "fold 0 has other patients"),
        ([Fold(("a", "x"), (), ("b",)), Fold(("b",), ("x",), ("a",))], "fold 0 has other patients"),
    ],
)
def test_folds_that_leak_are_refused(folds, words):
    with pytest.raises(InputRefused, match=words):
        Folds(tuple(folds))


def test_too_few_patients_are_refused():
    with pytest.raises(InputRefused, match="cannot be split in 5 folds"):
        split(exams(("a", "x"), ("b", "y")), Splits())
