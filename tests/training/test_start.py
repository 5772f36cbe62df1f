from dataclasses import replace

import pytest
import safetensors.torch
import torch

from tests.training.small_training import small_recipe, write_patient, write_patients
from uptake.errors import InputRefused
from uptake.evaluation.networks import networks_of_run
from uptake.evaluation.patients import require_unseen
from uptake.training.cache import prepared
from uptake.training.exam_folder import find_exams
from uptake.training.fitting import Optimiser
from uptake.training.progress_state import load_progress
from uptake.training.recipe import Splits
from uptake.training.run import RunOptions, train
from uptake.training.run_folder import open_run
from uptake.training.to_bundle import run_of_bundle, to_bundle
from uptake.training.world import World

ALONE = World(0, 1, torch.device("cpu"))
STILL = {"epochs": 1, "patches_per_epoch": 2, "averaging": 0.0, "optimiser": Optimiser("adamw", 1e-9)}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A run of one fold, and the folder with its data and cache beside it."""
    folder = tmp_path_factory.mktemp("before")
    write_patients(folder / "data", 4)
    train(small_recipe(epochs=1), RunOptions(folder / "data", folder / "run", folder / "cache", (0,)), ALONE)
    return folder / "run"


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    folder = tmp_path_factory.mktemp("others")
    for number in range(4):
        write_patient(folder / f"other-{number}", seed=100 + number)
    return folder


def weights(run, fold=0):
    return safetensors.torch.load_file(run / f"fold_{fold}" / "weights.safetensors")


def far_apart(first, second):
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def test_every_fold_starts_from_the_weights_of_the_one_before(before, others, tmp_path):
    train(small_recipe(**STILL), RunOptions(others, tmp_path / "run", start=before), ALONE)
    for fold in (0, 1):
        assert far_apart(weights(before), weights(tmp_path / "run", fold)) < 1e-6
    train(small_recipe(**STILL), RunOptions(others, tmp_path / "by-chance", tmp_path / "run" / "cache", (0,)), ALONE)
    assert far_apart(weights(before), weights(tmp_path / "by-chance")) > 1e-2


def test_what_is_kept_may_lie_between_the_start_and_what_was_trained(before, others, tmp_path):
    moving = {**STILL, "optimiser": Optimiser("adamw", 1e-2), "epochs": 2}
    options = RunOptions(others, tmp_path / "whole", tmp_path / "cache", (0,), start=before)
    train(small_recipe(**moving), options, ALONE)
    half = replace(options, out=tmp_path / "half")
    train(small_recipe(**moving, start_shares=(0.5,)), half, ALONE)
    start, whole = weights(before), weights(tmp_path / "whole")
    assert far_apart(start, whole) > 1e-2
    middle = {name: (start[name] + whole[name]) / 2 for name in start}
    assert far_apart(weights(tmp_path / "half"), middle) < 1e-6
    train(small_recipe(**moving, start_shares=(0.5,)), replace(half, resume=True), ALONE)
    assert far_apart(weights(tmp_path / "half"), middle) < 1e-6


def test_of_several_shares_the_one_that_validates_best_is_kept(before, others, tmp_path):
    moving = {**STILL, "optimiser": Optimiser("adamw", 1e-2), "epochs": 2, "validate_every": 5}
    options = RunOptions(others, tmp_path / "whole", tmp_path / "cache", (0,), start=before)
    scores = {}
    for share in (0.0, 0.3, 0.6, 0.9):
        # Twice the same, as a share alone is taken unasked.
        run = train(
            small_recipe(**moving, start_shares=(share, share)), replace(options, out=tmp_path / str(share)), ALONE
        )
        scores[share] = load_progress(run.fold(0)).best_score
    assert len(set(scores.values())) == len(scores)
    best = max(scores, key=scores.get)
    chosen = train(small_recipe(**moving, start_shares=tuple(scores)), options, ALONE)
    last = load_progress(chosen.fold(0)).history[-1]
    assert (last["start_share"], last["score"]) == (best, scores[best])
    assert far_apart(weights(tmp_path / str(best)), weights(chosen.folder)) == 0.0


def test_a_bundle_starts_as_its_run_does_and_says_so(before, others, tmp_path):
    to_bundle(open_run(before), tmp_path, "A licence.")
    options = RunOptions(others, tmp_path / "run", tmp_path / "cache", (0,), start=tmp_path / "small_test")
    run = train(small_recipe(**STILL), options, ALONE)
    assert far_apart(weights(before), weights(tmp_path / "run")) < 1e-6
    assert run.start.name == "small_test 1.0.0"
    assert run.start.patients is None  # the patients are not digital: the bundle keeps them to itself
    made = to_bundle(run, tmp_path, "A licence.", name="next")
    assert "started from small_test 1.0.0 (4 exams of 4 patients, 1 of 2 folds)" in made.training.description
    assert "started from small_test" in (tmp_path / "next" / "docs" / "README.md").read_text()


def test_a_patient_seen_by_the_weights_is_not_tested_on(before, others, tmp_path):
    data = before.parent / "data"
    recipe = replace(small_recipe(**STILL), splits=Splits(2, 0.34, seed=5))
    with pytest.raises(InputRefused, match=r"whom fold \d is tested on had a part in the weights of run"):
        train(recipe, RunOptions(data, tmp_path / "run", before.parent / "cache", start=before), ALONE)
    assert not (tmp_path / "run").exists()

    train(small_recipe(**STILL), RunOptions(others, tmp_path / "next", tmp_path / "cache", (0,), start=before), ALONE)
    recipe = small_recipe()
    exams = prepared(find_exams(data, recipe), recipe, before.parent / "cache")
    with pytest.raises(InputRefused, match="among those that run next was trained on"):
        require_unseen(networks_of_run(tmp_path / "next"), exams)


def test_one_real_patient_before_is_enough(before, others, tmp_path):
    run = open_run(before)
    digital = tuple(each | {"digital": True} for each in run.exams)
    assert not run.digital_patients_only
    assert replace(run, exams=digital).digital_patients_only
    train(small_recipe(**STILL), RunOptions(others, tmp_path / "run", start=before, folds=(0,)), ALONE)
    started = open_run(tmp_path / "run")
    assert not replace(started, exams=digital).digital_patients_only
    assert run_of_bundle(before) is None


def test_weights_that_do_not_fit_are_refused(before, others, tmp_path):
    recipe = small_recipe()
    wider = replace(recipe, network=replace(recipe.network, settings={**recipe.network.settings, "features": [4, 12]}))
    with pytest.raises(InputRefused, match="not of the recipe's network"):
        train(wider, RunOptions(others, tmp_path / "run", start=before), ALONE)
    with pytest.raises(InputRefused, match="no folder of a training run"):
        train(recipe, RunOptions(others, tmp_path / "run", start=others), ALONE)


def test_a_run_keeps_its_start(before, others, tmp_path):
    recipe, out = small_recipe(**STILL), tmp_path / "run"
    train(recipe, RunOptions(others, out, tmp_path / "cache", (0,), start=before), ALONE)
    train(small_recipe(epochs=1), RunOptions(others, tmp_path / "third", tmp_path / "cache", (0,)), ALONE)
    with pytest.raises(InputRefused, match="begun from other weights"):
        train(recipe, RunOptions(others, out, tmp_path / "cache", (0,), resume=True, start=tmp_path / "third"), ALONE)
    (out / "fold_1" / "start.safetensors").unlink()
    with pytest.raises(InputRefused, match="--from"):
        train(recipe, RunOptions(others, out, tmp_path / "cache", (1,), resume=True), ALONE)
    train(recipe, RunOptions(others, out, tmp_path / "cache", (1,), resume=True, start=before), ALONE)
    assert far_apart(weights(before), weights(out, 1)) < 1e-6
