"""fold_votes: confidence and disputed classes worked out by hand; labels are the same with and without."""

import numpy as np
import pytest

from tests.inference.exam_volumes import CT_GRID, PET_GRID
from tests.inference.seeded_predictors import SeededNetwork
from tests.inference.test_exam_labels import LINEAR, LOGITS, NNUNET, PROBABILITIES, bundle, exam
from uptake.errors import InferenceStopped
from uptake.fold_agreement import FoldAgreement
from uptake.geometry import ImageGeometry
from uptake.inference.exam_labels import LabelOptions, label_exam
from uptake.inference.fold_votes import FoldVotes
from uptake.volume import LabelMap

GRID = ImageGeometry((2, 1, 8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
NAMES = {1: "primary", 2: "node"}  # 3 is physiological
ENSEMBLE = np.array([[[1, 1, 1, 1, 0, 2, 2, 3]], [[0, 0, 0, 0, 0, 2, 2, 0]]], np.uint8)
REGIONS = np.array([[[1, 1, 1, 1, 0, 2, 2, 0]], [[0, 0, 0, 0, 0, 2, 2, 0]]], np.uint16)
OWN = np.array(
    [
        ENSEMBLE,
        [[[1, 1, 1, 0, 0, 1, 1, 3]], [[0, 0, 0, 0, 0, 1, 2, 0]]],  # 3/4 of 1; all of 2, most of it as primary
        [[[1, 0, 0, 0, 0, 2, 3, 3]], [[0, 0, 0, 0, 0, 2, 0, 0]]],  # 1/4 of 1; half of 2
    ],
    np.uint8,
)


def test_confidence_and_votes_by_hand():
    votes = FoldVotes(NAMES, GRID.shape)
    for z in (0, 1):  # slab by slab
        votes.add((slice(z, z + 1), slice(0, 1), slice(0, 8)), ENSEMBLE[z : z + 1], OWN[:, z : z + 1])
    first, second = votes.agreements(LabelMap(REGIONS, GRID))
    assert first == FoldAgreement(3, 2, (1 + 0.75 + 0.25) / 3, (("primary", 2),))
    assert not first.split
    assert second == FoldAgreement(3, 3, (1 + 1 + 0.5) / 3, (("node", 2), ("primary", 1)))
    assert second.split


def test_regions_that_were_dropped_do_not_count_and_unknown_ones_are_an_error():
    votes = FoldVotes(NAMES, GRID.shape)
    votes.add((slice(0, 2), slice(0, 1), slice(0, 8)), ENSEMBLE, OWN)
    only = np.where(REGIONS == 2, 1, 0).astype(np.uint16)
    assert len(votes.agreements(LabelMap(only, GRID))) == 1
    assert votes.agreements(LabelMap(np.zeros_like(only), GRID)) == ()
    with pytest.raises(ValueError, match="no fold was asked"):
        votes.agreements(LabelMap(np.ones_like(only), GRID))


@pytest.mark.parametrize(
    "wrong", [(1, 1, 1.0, (("a", 1),)), (3, 4, 1.0, ()), (3, 1, 1.1, (("a", 1),)), (3, 2, 0.5, (("a", 1),))]
)
def test_senseless_agreement_is_refused(wrong):
    with pytest.raises(ValueError, match="fold"):
        FoldAgreement(*wrong)


@pytest.mark.parametrize("tiling", [PROBABILITIES, LOGITS], ids=["probabilities", "logits"])
@pytest.mark.parametrize("preprocessing", [LINEAR, NNUNET], ids=["linear", "nnunet"])
@pytest.mark.parametrize("mirror", [False, True])
def test_asking_for_folds_and_for_a_second_grid_changes_no_label(preprocessing, tiling, mirror):
    made, networks = bundle(preprocessing, tiling), [SeededNetwork(1), SeededNetwork(3), SeededNetwork(4)]
    own = np.full((3, *PET_GRID.shape), 9, np.uint8)
    seen = np.full(PET_GRID.shape, 9, np.uint8)

    def hear(where, labels, each):
        seen[where] = labels
        own[(slice(None), *where)] = each

    plain = label_exam(made, networks, exam(), LabelOptions(mirror=mirror))
    on_ct = label_exam(made, networks, exam(), LabelOptions(CT_GRID, mirror=mirror))
    passes = [len(network.batches) for network in networks]
    both = label_exam(made, networks, exam(), LabelOptions(mirror=mirror, also=CT_GRID, own_classes=hear))
    assert [len(each.batches) - before for each, before in zip(networks, passes, strict=True)] == [
        passes[0] // 2
    ] * 3  # one pass for both grids and the folds
    assert both.labels.tobytes() == plain.labels.tobytes()
    assert both.also.tobytes() == on_ct.labels.tobytes()
    assert np.array_equal(seen[seen < 9], plain.labels[seen < 9])
    assert not plain.labels[seen == 9].any()
    for number, network in enumerate(networks):
        alone = label_exam(made, [network], exam(), LabelOptions(mirror=mirror)).labels
        assert np.array_equal(own[number][seen < 9], alone[seen < 9])


def test_a_second_grid_without_folds_and_one_that_misses_the_body():
    made, networks = bundle(), [SeededNetwork(1)]
    both = label_exam(made, networks, exam(), LabelOptions(also=CT_GRID))
    assert both.also.tobytes() == label_exam(made, networks, exam(), LabelOptions(CT_GRID)).labels.tobytes()
    far = ImageGeometry((3, 3, 3), (2.0, 2.0, 2.0), (900.0, 0.0, 0.0))
    apart = label_exam(made, networks, exam(), LabelOptions(also=far))
    assert apart.labels.tobytes() == both.labels.tobytes()
    assert not apart.also.any()


def test_it_can_be_stopped_between_networks():
    networks, asked = [SeededNetwork(1), SeededNetwork(3)], iter([False, False, True])
    with pytest.raises(InferenceStopped):
        label_exam(bundle(), networks, exam(), LabelOptions(own_classes=lambda *a: None), cancelled=lambda: next(asked))
    assert [len(each.batches) for each in networks] == [1, 0]
