import pytest

from apps.monai_label.learning.comparison import against, curves, last_against
from apps.monai_label.learning.rounds import FIRST, Opponent, Round


def rounds(seed, strategy, *dice_by_round, exams=("x", "y"), first=0.5):
    made = [Round(seed, FIRST, 0, ("a", "b"), exams, (first, first))]
    for number, dice in enumerate(dice_by_round, start=1):
        labelled = ("a", "b", *(f"{strategy} {each}" for each in range(number)))
        made.append(Round(seed, strategy, number, labelled, exams, dice))
    return made


def test_curves_are_means_over_seeds_and_begin_together():
    found = curves([*rounds(1, "random", (0.6, 0.8)), *rounds(2, "random", (0.8, 1.0), first=0.7)])
    assert [(each.labelled, round(each.mean, 6)) for each in found] == [(2, 0.6), (3, 0.8)]
    assert dict(found[1].by_seed) == pytest.approx({1: 0.7, 2: 0.9})


def test_a_difference_that_every_exam_and_seed_shows_is_one():
    made = [
        *rounds(1, "disagreement", (0.7, 0.8)),
        *rounds(1, "random", (0.6, 0.6)),
        *rounds(2, "disagreement", (0.7, 0.8)),
        *rounds(2, "random", (0.6, 0.7)),
        *rounds(3, "disagreement", (0.7, 0.7)),
        *rounds(3, "random", (0.6, 0.6)),
    ]
    found = against(made, "disagreement", "random")
    # exam x: 0.1 in all seeds; exam y: 0.2, 0.1 and 0.1
    assert found.mean == pytest.approx((0.1 + 0.4 / 3) / 2)
    assert found.by_seed == pytest.approx({1: 0.15, 2: 0.1, 3: 0.1})
    assert found.verdict == "better"
    assert against(made, "random", "disagreement").verdict == "worse"


def test_a_seed_of_the_other_sign_makes_it_no_clear_difference():
    made = [
        *rounds(1, "disagreement", (0.9, 0.9)),
        *rounds(1, "random", (0.6, 0.6)),
        *rounds(2, "disagreement", (0.6, 0.6)),
        *rounds(2, "random", (0.65, 0.65)),
        *rounds(3, "disagreement", (0.9, 0.9)),
        *rounds(3, "random", (0.6, 0.6)),
    ]
    assert against(made, "disagreement", "random").verdict == "no clear difference"


def test_rounds_with_the_same_labels_are_not_compared():
    one = Round(1, "disagreement", 1, ("a", "b"), ("x",), (0.9,))
    two = Round(1, "random", 1, ("b", "a"), ("x",), (0.1,))
    assert against([one, two], "disagreement", "random") is None


def test_the_last_round_meets_the_threshold_of_its_own_seed():
    made = [*rounds(1, "random", (0.1, 0.1), (0.8, 0.8)), *rounds(2, "random", (0.1, 0.1), (0.7, 0.7))]
    opponents = [Opponent(1, "fixed", "SUV 2", (0.7, 0.6)), Opponent(2, "fixed", "SUV 3", (0.6, 0.6))]
    found = last_against(made, opponents, "random")
    assert found.by_seed == pytest.approx({1: 0.15, 2: 0.1})
    assert found.verdict == "too few seeds to say"
