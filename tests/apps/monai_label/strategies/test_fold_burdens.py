import numpy as np
import pytest

from apps.monai_label.strategies.fold_burdens import FoldBurdens, OwnDoubt

SUV = np.array([[[2.0, 4.0, 6.0, 8.0]]], np.float32)
VOXEL_ML = 10.0
WHOLE = (slice(0, 1), slice(0, 1), slice(0, 4))


def line(*values):
    return np.array([[values]], np.uint8)


def burdens(labels, *own, boxes=(WHOLE,)):
    found = FoldBurdens(SUV, VOXEL_ML, (1, 2))
    for box in boxes:
        found.add(box, labels[box], np.stack(own)[(slice(None), *box)])
    return found


def test_disagreement_is_one_minus_the_mean_dice_of_pairs_of_folds():
    # 20 ml, 20 ml, 10 ml; shared 10 (first two), 10 (first and third), 0; one millilitre is added above and below.
    found = burdens(line(0, 1, 1, 0), line(1, 1, 0, 0), line(0, 1, 2, 0), line(1, 0, 0, 0))
    expected = np.mean([21 / 41, 21 / 31, 1 / 31])
    assert found.disagreement == pytest.approx(1 - expected)


def test_the_expected_change_is_the_folds_mean_distance_from_the_ensembles_glycolysis():
    # Ensemble: (4 + 6) * 10 = 100 g; folds 60 g, 180 g.
    found = burdens(line(0, 1, 1, 0), line(1, 1, 0, 0), line(0, 1, 1, 2))
    assert found.glycolysis_g == pytest.approx(100)
    assert found.volume_ml == pytest.approx(20)
    assert found.burden_change_g == pytest.approx((40 + 80) / 2)


def test_slabs_add_up_to_the_whole():
    arguments = line(0, 1, 1, 0), line(1, 1, 0, 0), line(0, 1, 2, 0)
    parts = [(slice(0, 1), slice(0, 1), slice(start, start + 2)) for start in (0, 2)]
    one, two = burdens(*arguments), burdens(*arguments, boxes=parts)
    assert (one.disagreement, one.burden_change_g) == pytest.approx((two.disagreement, two.burden_change_g))


def test_folds_that_agree_and_a_class_that_is_no_lesion():
    organ = line(3, 3, 0, 0)
    assert burdens(organ, organ, organ).disagreement == 0.0
    assert burdens(line(1, 1, 0, 0), line(1, 1, 0, 0), line(2, 1, 0, 0)).disagreement == pytest.approx(0.0)


def test_nothing_at_all_is_no_dispute():
    empty = FoldBurdens(SUV, VOXEL_ML, (1,))
    assert (empty.disagreement, empty.burden_change_g, empty.volume_ml) == (0.0, 0.0, 0.0)


def test_one_network_doubts_by_its_own_probabilities():
    lesion = np.array([[[1.0, 0.75, 0.25, 0.0]]], np.float32)
    found = OwnDoubt(SUV, VOXEL_ML, (1,))
    found.add(WHOLE, np.stack([1 - lesion, lesion]))
    # said 20 ml, expected 20 ml, both 17.5 ml
    assert found.disagreement == pytest.approx(1 - (2 * 17.5 + 1) / (40 + 1))
    assert found.burden_change_g == pytest.approx((0.25 * 4 + 0.25 * 6) * 10)
    assert found.glycolysis_g == pytest.approx(60)
