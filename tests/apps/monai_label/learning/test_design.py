import pytest

from apps.monai_label.learning.design import Design, drawn
from uptake.errors import InputRefused

NAMES = [f"exam {number:02}" for number in range(24)]


def test_every_exam_has_one_part_and_a_seed_draws_the_same_again():
    draw = drawn(NAMES, Design(), 1)
    assert (len(draw.aside), len(draw.first), len(draw.pool)) == (8, 4, 12)
    assert sorted([*draw.aside, *draw.first, *draw.pool]) == NAMES
    assert drawn(NAMES[::-1], Design(), 1) == draw
    assert drawn(NAMES, Design(), 2).aside != draw.aside


def test_labels_grow_by_round():
    assert [Design().labelled(number) for number in range(5)] == [4, 7, 10, 13, 16]


def test_too_few_exams_are_told():
    with pytest.raises(InputRefused, match="23 exams, and the experiment needs 24"):
        drawn(NAMES[1:], Design(), 1)


@pytest.mark.parametrize(
    "changes", [{"start": 1}, {"folds": 1}, {"seconds": 0.0}, {"seeds": (1, 1)}, {"strategies": ("best",)}, {"add": 0}]
)
def test_impossible_designs(changes):
    with pytest.raises(ValueError, match="must be"):
        Design(**changes)
