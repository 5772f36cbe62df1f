from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.evaluation.small_runs import Constant, Hot, networks
from tests.training.small_training import small_recipe, write_patient
from uptake.evaluation.cohort_data import read_cohort
from uptake.evaluation.predictions import AVERAGED, NETWORK, NetworkLabels, fold_labels
from uptake.inference.exam_labels import window_of
from uptake.inference.sliding_window import predict
from uptake.networks.catalogue import network, settings_of
from uptake.training.validation import TrainedPredictor


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    write_patient(folder / "data" / "ann", seed=3)
    return read_cohort(folder / "data", small_recipe(), folder / "cache").exams[0]


def test_folds_are_averaged_as_probabilities(exam):
    # Two of three prefer class 1; the means are 0.05, (0.5 + 0.5 + 0.05) / 3 = 0.35 and (0.45 + 0.45 + 0.9) / 3 = 0.6.
    folds = Constant(0.05, 0.5, 0.45), Constant(0.05, 0.5, 0.45), Constant(0.05, 0.05, 0.9)
    found = fold_labels(networks(*folds), (0, 1, 2), exam)
    body = exam.prepared.body()
    assert {name: set(np.unique(labels[body])) for name, labels in found.items()} == {
        AVERAGED: {2},
        "fold 0": {1},
        "fold 1": {1},
        "fold 2": {2},
    }
    assert all(not labels[~body].any() for labels in found.values())
    assert not body.all()


def test_logits_are_averaged_where_the_bundle_says_so(exam):
    folds = Constant(1e-6, 0.55, 0.449999), Constant(0.9, 0.02, 0.08)
    plain = networks(*folds)
    logits = replace(plain, tiling=replace(plain.tiling, averaging="logits"))
    body = exam.prepared.body()
    assert set(np.unique(fold_labels(plain, (0, 1), exam)[AVERAGED][body])) == {0}  # 0.45, 0.285, 0.265
    assert set(np.unique(fold_labels(logits, (0, 1), exam)[AVERAGED][body])) == {2}  # roots of 9e-7, 0.011, 0.036


def test_labels_are_those_of_the_sliding_window(exam):
    recipe = small_recipe()
    settings = settings_of(recipe.network.name, recipe.network.settings)
    seeded = [TrainedPredictor(network(settings, seed=s), 3, torch.device("cpu"), bfloat16=False) for s in (1, 2)]
    image, body = exam.prepared.image().astype(np.float32), np.array(exam.prepared.body())

    expected = predict(image, body, seeded, window_of(recipe.tiling)).labels()
    found = fold_labels(networks(*seeded, recipe=recipe), (0, 1), exam)

    assert np.mean(expected == found[AVERAGED]) > 0.9999
    assert len(np.unique(expected)) > 1


def test_one_fold_alone_is_told_once(exam):
    assert fold_labels(networks(Hot(0.3)), (0,), exam).keys() == {AVERAGED}


def test_titles_and_keys(exam):
    both = networks(Hot(0.3), Hot(0.6))
    one = NetworkLabels(NETWORK, both, {exam.name: (0,)})
    all_folds = NetworkLabels(NETWORK, both, {exam.name: (0, 1)})
    assert one.methods == {AVERAGED: "network"}
    assert all_folds.methods == {AVERAGED: "network", "fold 0": "fold 0", "fold 1": "fold 1"}
    assert replace(all_folds, maker="plain").methods["fold 1"] == "plain, fold 1"
    assert one.classes == ("primary_tumour", "lymph_node_metastasis")
    assert not NetworkLabels(NETWORK, both, {}).applies(exam)

    other_weights = replace(both, weights={0: "hash 0", 1: "new"})
    other_tiles = replace(both, tiling=replace(both.tiling, overlap=(0.5, 0.5, 0.5)))
    makers = [
        one,
        all_folds,
        replace(all_folds, networks=other_weights),
        replace(one, networks=other_tiles),
        replace(one, networks=replace(both, engine="openvino-int8")),
    ]
    assert len({maker.key(exam) for maker in makers}) == len(makers)
    assert replace(one, networks=other_weights).key(exam) == one.key(exam)  # fold 0 is as it was
