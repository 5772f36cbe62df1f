import csv
import json
import multiprocessing
import os
import signal
from dataclasses import replace

import pytest
import safetensors.torch
import torch

from tests.training.small_training import small_recipe, write_patient, write_patients
from uptake.errors import InputRefused, OutputNotEmpty
from uptake.inference.model_store import load_bundle, load_network
from uptake.inference.model_store.building import build_network
from uptake.training.run import RunOptions, Watcher, train
from uptake.training.run_folder import open_run
from uptake.training.to_bundle import to_bundle
from uptake.training.world import World

ALONE = World(0, 1, torch.device("cpu"))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Sums over several threads are rounded in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_patients(folder, 5)
    return folder


@pytest.fixture(scope="module")
def whole(one_thread, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    train(small_recipe(), RunOptions(data, out, data.parent / "cache", folds=(0,)), ALONE)
    return out


def weights(run, fold=0):
    return safetensors.torch.load_file(run / f"fold_{fold}" / "weights.safetensors")


def killed_after_two_epochs(data, out):
    """Train in a process of its own until it kills itself, as a machine that loses power would."""
    torch.set_num_threads(1)

    def at_epoch(fold, row):
        if row["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    train(small_recipe(), RunOptions(data, out, data.parent / "cache", (0,)), ALONE, Watcher(epoch=at_epoch))


def test_a_killed_training_goes_on_to_the_same_weights(data, whole, tmp_path):
    process = multiprocessing.get_context("spawn").Process(
        target=killed_after_two_epochs, args=(data, tmp_path / "run")
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with pytest.raises(OutputNotEmpty, match="--resume"):
        train(small_recipe(), RunOptions(data, tmp_path / "run"), ALONE)

    seen = []
    options = RunOptions(data, tmp_path / "run", data.parent / "cache", (0,), resume=True)
    train(small_recipe(), options, ALONE, Watcher(epoch=lambda fold, row: seen.append(row["epoch"])))

    assert seen == [3, 4]
    expected, found = weights(whole), weights(tmp_path / "run")
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_run_leaves_a_log_curves_and_folds(whole):
    rows = list(csv.DictReader((whole / "fold_0" / "log.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert {"dice_primary_tumour", "dice_lymph_node_metastasis", "dice_union", "score"} <= rows[0].keys()
    assert (whole / "fold_0" / "curves.png").stat().st_size > 5000
    text = "".join(path.read_text() for path in whole.glob("*.json"))
    assert json.loads((whole / "folds.json").read_text())["folds"]
    assert '"patient-1"' in text  # the exam's name, but no patient's ID beside a key
    assert not open_run(whole).digital_patients_only


def test_another_seed_gives_other_weights(data, whole, tmp_path):
    recipe = small_recipe(epochs=1, seed=2)
    train(recipe, RunOptions(data, tmp_path / "run", data.parent / "cache", (0,)), ALONE)
    first, second = weights(whole), weights(tmp_path / "run")
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_training_learns_and_stops_without_gain(data, tmp_path):
    recipe = small_recipe(epochs=24, patches_per_epoch=16, averaging=0.0, patience=12, validate_every=6)
    rows = []
    options = RunOptions(data, tmp_path / "run", data.parent / "cache", (1,))
    train(recipe, options, ALONE, Watcher(epoch=lambda fold, row: rows.append(row)))
    assert max(row.get("dice_union", 0.0) for row in rows) > 0.8


def test_the_last_epoch_of_a_training_bounded_by_time_is_validated(data, tmp_path):
    rows = []
    options = RunOptions(data, tmp_path / "run", data.parent / "cache", (0,))
    recipe = small_recipe(epochs=50, validate_every=50, seconds=0.001)
    train(recipe, options, ALONE, Watcher(epoch=lambda fold, row: rows.append(row)))
    assert len(rows) == 1
    assert "score" in rows[0]


def test_a_bundle_of_a_run_loads_and_answers(whole, tmp_path):
    made = to_bundle(open_run(whole), tmp_path, "A licence.")

    bundle = load_bundle(tmp_path / "small_test")
    network = load_network(bundle, 0, build_network)

    assert bundle == made
    assert bundle.folds == (0,)
    assert not bundle.training.digital_patients_only
    assert bundle.network.flops_per_patch > 0
    assert {each.class_name for each in bundle.metrics} >= {"", "primary_tumour"}
    assert network(torch.zeros(1, 2, 8, 16, 16)).shape == (1, 3, 8, 16, 16)
    assert "Free choices" in (bundle.folder / "docs" / "README.md").read_text()


def test_a_folder_with_a_leak_is_refused_before_training(tmp_path):
    write_patients(tmp_path / "data", 3)
    write_patient(tmp_path / "data" / "patient-9", seed=1)  # patient-1 again
    with pytest.raises(InputRefused, match="have the same PET but belong to two patients"):
        train(small_recipe(), RunOptions(tmp_path / "data", tmp_path / "run"), ALONE)
    assert not (tmp_path / "run" / "folds.json").exists()


def test_runs_are_not_mixed(data, whole, tmp_path):
    options = RunOptions(data, whole, data.parent / "cache", (0,), resume=True)
    with pytest.raises(OutputNotEmpty, match="another recipe"):
        train(small_recipe(seed=5), options, ALONE)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputNotEmpty, match="something else"):
        train(small_recipe(), replace(options, out=tmp_path), ALONE)
    with pytest.raises(InputRefused, match="there is no fold 7"):
        train(small_recipe(), replace(options, folds=(7,)), ALONE)
    with pytest.raises(InputRefused, match="no folder of a training run"):
        open_run(tmp_path)
