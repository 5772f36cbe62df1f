import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.small_runs import quick_recipe, write_run
from tests.training.small_training import small_recipe, write_patients
from uptake.errors import BundleRefused, InputRefused
from uptake.evaluation.cohort_data import read_cohort
from uptake.evaluation.networks import networks_of_bundle, networks_of_run
from uptake.evaluation.patients import folds_that_test
from uptake.evaluation.predictions import AVERAGED, fold_labels
from uptake.training.run_folder import open_run
from uptake.training.to_bundle import to_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of digital patients and its bundle."""
    folder = tmp_path_factory.mktemp("networks")
    write_patients(folder / "data", 4)
    to_bundle(write_run(folder / "run", folder / "data", digital=True), folder / "models", "A licence.")
    return folder


def bundle(folder, said=None):
    return networks_of_bundle(folder / "models" / "small_test", "torch", (said or []).append)


def test_a_bundle_of_digital_patients_knows_its_folds(folder):
    found, of_run = bundle(folder), networks_of_run(folder / "run")
    assert found.run.folds == of_run.run.folds
    assert found.run.exams == of_run.run.exams
    assert found.recipe == of_run.recipe
    assert found.digital_patients_only
    assert found.folds == of_run.folds == (0, 1)


def test_bundle_and_run_give_the_same_labels(folder):
    exams = read_cohort(folder / "data", small_recipe(), folder / "cache").exams
    exam = exams[0]
    found, of_run = (
        fold_labels(each, (0, 1), exam)[AVERAGED] for each in (bundle(folder), networks_of_run(folder / "run"))
    )
    assert len(np.unique(found)) > 1
    assert np.mean(found == of_run) > 0.9999
    assert set(folds_that_test(bundle(folder), [each.prepared for each in exams]).values()) == {0, 1}


def test_who_real_patients_are_stays_in_the_run(folder, tmp_path):
    run = write_run(tmp_path / "run", folder / "data")
    models = tmp_path / "models"
    made = to_bundle(run, models, "A licence.")
    assert sorted(each.name for each in (made.folder / "configs").iterdir()) == ["metadata.json", "recipe.json"]
    found = networks_of_bundle(made.folder, "torch", print)
    assert found.run is None
    assert not found.digital_patients_only


def test_a_bundles_older_recipe_serves_where_it_fits(folder, tmp_path):
    home = tmp_path / "small_test"
    shutil.copytree(folder / "models" / "small_test", home)
    recipe = home / "configs" / "recipe.json"
    text = recipe.read_text()
    for name in ("folds.json", "exams.json"):
        (home / "configs" / name).unlink()
    recipe.rename(home / "configs" / "train_small.json")
    assert networks_of_bundle(home, "torch", print).recipe == quick_recipe()
    (home / "configs" / "train_small.json").write_text(text.replace("5.0,", "4.0,"))
    with pytest.raises(InputRefused, match="no recipe in configs/ that fits it"):
        networks_of_bundle(home, "torch", print)
    with pytest.raises(BundleRefused, match="no such folder"):
        networks_of_bundle(tmp_path / "absent", "torch", print)


def test_what_a_run_lacks_is_told(folder, tmp_path):
    write_run(tmp_path / "run", folder / "data", folds=())
    with pytest.raises(InputRefused, match="no fold of the run run is trained yet"):
        networks_of_run(tmp_path / "run")

    run = write_run(tmp_path / "other", folder / "data", folds=(0,))
    text = (run.folder / "recipe.json").read_text()
    (run.folder / "recipe.json").write_text(text.replace('"features": [\n    4,', '"features": [\n    6,'))
    assert open_run(run.folder).recipe != run.recipe
    with pytest.raises(InputRefused, match="weights of fold 0 of run other are not of its recipe's network"):
        networks_of_run(run.folder).load((0,))


def test_a_recipe_whose_words_do_not_fit_in_a_bundle_is_refused(folder, tmp_path):
    recipe = quick_recipe()
    wordy = replace(recipe, about=replace(recipe.about, task="long " * 100))
    run = write_run(tmp_path / "run", folder / "data", recipe=wordy)
    with pytest.raises(InputRefused, match=r"no bundle can be made of this run: at \$\.task"):
        to_bundle(run, tmp_path / "models", "A licence.")
    assert not (tmp_path / "models" / "small_test").exists()
