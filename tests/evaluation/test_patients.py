from dataclasses import replace

import pytest

from tests.evaluation.small_runs import networks, write_run
from tests.training.small_training import small_recipe, write_patient, write_patients
from uptake.errors import InputRefused
from uptake.evaluation.cohort_data import read_cohort
from uptake.evaluation.patients import folds_that_test, require_unseen


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    write_patients(folder / "data", 4)
    run = write_run(folder / "run", folder / "data", folds=())
    return run, _prepared(folder / "data"), folder


def _prepared(data):
    return [each.prepared for each in read_cohort(data, small_recipe(), data.parent / "cache").exams]


def test_each_patient_goes_to_the_fold_that_tests_it(trained):
    run, exams, _ = trained
    found = folds_that_test(networks(run=run), exams)
    for exam in exams:
        fold = run.folds.folds[found[exam.name]]
        assert exam.patient in fold.test
        assert exam.patient not in (*fold.train, *fold.validation)
    assert sorted(found.values()) == [0, 0, 1, 1]


def test_an_unknown_patient_is_refused_with_the_remedy(trained, tmp_path):
    run, exams, _ = trained
    write_patient(tmp_path / "data" / "stranger", seed=77)
    with pytest.raises(InputRefused, match=r"exam stranger is in no fold's test part of by hand.*--external"):
        folds_that_test(networks(run=run), [*exams, *_prepared(tmp_path / "data")])
    with pytest.raises(InputRefused, match=r"does not say who is tested.*--run"):
        folds_that_test(networks(), exams)


def test_an_external_patient_that_was_trained_on_is_refused(trained, tmp_path):
    run, exams, _ = trained
    with pytest.raises(InputRefused, match="among those that by hand was trained on"):
        require_unseen(networks(run=run), exams[:1])
    write_patient(tmp_path / "data" / "stranger", seed=77)
    require_unseen(networks(run=run), _prepared(tmp_path / "data"))
    require_unseen(networks(), exams)  # nothing is known


def test_the_same_images_under_another_name_are_refused(trained, tmp_path):
    run, _, _ = trained
    write_patient(tmp_path / "data" / "renamed", seed=2)  # patient-2 of the training
    renamed = _prepared(tmp_path / "data")
    with pytest.raises(InputRefused, match="renamed has the same PET as exam patient-2"):
        require_unseen(networks(run=run), renamed)
    moved = [replace(renamed[0], patient=run.folds.folds[0].test[0])]
    with pytest.raises(InputRefused, match="same PET"):
        folds_that_test(networks(run=run), [replace(moved[0], pixels=_other_pixels(run, moved[0].patient))])


def _other_pixels(run, patient):
    return next(each["pixels"] for each in run.exams if each["patient"] != patient)
