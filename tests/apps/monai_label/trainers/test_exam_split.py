import pytest

from apps.monai_label.trainers.exam_split import Part, fold_parts, judging_patients
from apps.monai_label.trainers.training_errors import TrainingRefused

TEN = [f"patient {number}" for number in range(10)]


def test_a_fifth_of_the_patients_judges_and_stays_when_others_come():
    first = judging_patients(TEN, (), (), 0.2)
    assert len(first) == 2
    later = judging_patients([*TEN, *(f"late {number}" for number in range(10))], first, set(TEN) - set(first), 0.2)
    assert len(later) == 4
    assert set(first) < set(later)
    assert not set(later) & (set(TEN) - set(first))  # those were learned from


def test_it_does_not_matter_in_which_order_patients_come():
    assert judging_patients(TEN[::-1], (), (), 0.2) == judging_patients(TEN, (), (), 0.2)


def test_three_patients_are_the_least():
    assert len(judging_patients(TEN[:3], (), (), 0.5)) == 1  # two are left, to learn from and to watch with
    with pytest.raises(TrainingRefused, match="2 patient"):
        judging_patients(TEN[:2], (), (), 0.2)


def test_nobody_who_was_learned_from_judges():
    with pytest.raises(TrainingRefused, match="nobody is left"):
        judging_patients(TEN, (), TEN, 0.2)
    with pytest.raises(TrainingRefused, match="nobody is left"):
        judging_patients(TEN, TEN[:2], TEN, 0.2)


def test_a_judge_whose_truth_was_withdrawn_is_replaced():
    first = judging_patients(TEN, (), (), 0.1)
    rest = [each for each in TEN if each not in first]
    assert len(judging_patients(rest, first, (), 0.1)) == 1


def test_each_fold_is_watched_with_some_and_trained_on_the_others():
    for part in fold_parts(TEN, 5, 0.2):
        assert set(part.train) | set(part.watch) == set(TEN)
        assert 1 <= len(part.watch) <= 5
        assert not set(part.train) & set(part.watch)


def test_patients_who_come_later_move_nobody_from_training_to_watching():
    many = [f"patient {number}" for number in range(60)]
    few, more = fold_parts(many[:30], 5, 0.2), fold_parts(many, 5, 0.2)
    for early, late in zip(few, more, strict=True):
        assert not set(late.watch) & set(early.train)
        assert 6 <= len(late.watch) <= 18  # a fifth of 60 is 12


def test_two_patients_are_enough_for_many_folds():
    assert all(len(part.train) == len(part.watch) == 1 for part in fold_parts(TEN[:2], 5, 0.2))


def test_without_a_share_all_are_trained_on():
    assert fold_parts(TEN, 2, 0.0) == (Part(tuple(sorted(TEN)), ()),) * 2


@pytest.mark.parametrize(
    ("patients", "folds", "share"), [(TEN[:1], 1, 0.2), (TEN, 0, 0.2), (TEN, 2, 0.6), ([], 1, 0.0)]
)
def test_too_few_patients_or_folds(patients, folds, share):
    with pytest.raises(ValueError, match="folds need"):
        fold_parts(patients, folds, share)
