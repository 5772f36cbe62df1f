from dataclasses import replace

import pytest
import torch

from tests.training.small_training import small_recipe, write_patient
from uptake.errors import InputRefused
from uptake.evaluation.networks import networks_of_run
from uptake.evaluation.patients import folds_that_test, require_unseen
from uptake.training.cache import prepared
from uptake.training.exam_folder import find_exams, require_apart
from uptake.training.exams import TrainingExam
from uptake.training.run import RunOptions, fold_task, train
from uptake.training.run_folder import described
from uptake.training.world import World

ALONE = World(0, 1, torch.device("cpu"))
RECIPE = small_recipe(epochs=1, patches_per_epoch=2)


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """A run of one fold on four patients, and two further ones."""
    folder = tmp_path_factory.mktemp("also")
    for name, seeds in (("data", range(4)), ("further", range(10, 12))):
        for seed in seeds:
            write_patient(folder / name / f"patient-{seed}", seed=seed)
    options = RunOptions(folder / "data", folder / "run", folder / "cache", (0,), also=folder / "further")
    train(RECIPE, options, ALONE)
    return options


def exams_of(folder, cache):
    return prepared(find_exams(folder, RECIPE), RECIPE, cache)


def test_every_fold_trains_on_the_further_patients_and_none_tests_them(options):
    networks = networks_of_run(options.out)
    data, further = exams_of(options.data, options.cache), exams_of(options.also, options.cache)
    patients = {exam.patient for exam in further}
    for number, fold in enumerate(networks.run.folds.folds):
        task = fold_task(networks.run, (*data, *further), number)
        assert patients <= {exam.patient for exam in task.train}
        assert not patients & {*fold.validation, *fold.test, *(exam.patient for exam in task.validation)}
    assert set(folds_that_test(networks, data)) == {exam.name for exam in data}
    with pytest.raises(InputRefused, match="is in no fold's test part"):
        folds_that_test(networks, further)
    with pytest.raises(InputRefused, match="among those that run run was trained on"):
        require_unseen(networks, further)
    assert described(networks.run).startswith("6 exams of 6 patients, 1 of 2 folds")


def test_a_run_goes_on_with_the_same_further_patients_only(options):
    with pytest.raises(InputRefused, match="training data are not those"):
        train(RECIPE, replace(options, resume=True, also=None), ALONE)
    run = train(RECIPE, replace(options, resume=True, folds=(1,)), ALONE)
    assert run.trained == (0, 1)


def test_a_patient_to_be_split_and_only_to_be_trained_on_is_refused(options, tmp_path):
    both = replace(options, out=tmp_path / "run", also=options.data)
    with pytest.raises(InputRefused, match=r"patient of exam patient-\d is among those to split"):
        train(RECIPE, both, ALONE)
    assert not both.out.exists()


def test_two_exams_of_one_name_in_two_folders_are_refused():
    exams = [TrainingExam("exam-1", patient, patient, True, lambda: None) for patient in ("a", "b")]
    with pytest.raises(InputRefused, match="several exams are called exam-1"):
        require_apart(exams[:1], exams[1:])
