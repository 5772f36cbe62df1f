"""The experiment on spheres: small, but every step of it."""

from dataclasses import replace

import pytest
import torch

from apps.monai_label.learning import rounds as rounds_module
from apps.monai_label.learning.design import Design
from apps.monai_label.learning.report import write_report
from apps.monai_label.learning.rounds import Experiment, read_rounds
from apps.monai_label.learning.thresholds import best_thresholds, suv_of
from tests.evaluation.small_runs import quick_recipe
from tests.training.small_training import write_patients
from uptake.errors import InputRefused
from uptake.inference.model_store import Normalisation
from uptake.training.cache import prepared
from uptake.training.exam_folder import find_exams
from uptake.training.world import World

HERE = World(0, 1, torch.device("cpu"))
SMALL = Design(start=2, add=1, rounds=1, aside=2, seconds=2.0, watch_share=0.0, seeds=(1,))


@pytest.fixture(scope="module")
def recipe():
    plain = quick_recipe()
    pet = replace(plain.inputs[0], normalisation=Normalisation("fixed", (0.0, 25.0), 0.0, 5.0))
    return replace(plain, inputs=(pet, plain.inputs[1]), fitting=replace(plain.fitting, epochs=1, patches_per_epoch=2))


@pytest.fixture(scope="module")
def exams(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("patients")
    write_patients(folder / "data", 6)
    return prepared(find_exams(folder / "data", recipe), recipe, folder / "cache")


@pytest.fixture(scope="module")
def done(recipe, exams, tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    Experiment(SMALL, recipe, exams, folder, HERE).run()
    return folder


def test_every_strategy_adds_to_the_same_first_exams_and_none_learns_from_those_kept_aside(done, exams):
    rounds, opponents = read_rounds(done)
    assert sorted(each.strategy for each in rounds) == ["disagreement", "diversity", "first", "random"]
    first = next(each for each in rounds if each.strategy == "first")
    for each in rounds:
        assert each.aside == first.aside
        assert each.labelled[:2] == first.labelled
        assert len(set(each.labelled)) == 2 + each.number
        assert not set(each.labelled) & set(each.aside)
    assert [each.kind for each in opponents] == ["fixed", "relative"]


def test_a_stopped_experiment_goes_on_and_nothing_is_trained_twice(done, recipe, exams, monkeypatch):
    def never(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(rounds_module, "train_folds", never)
    before = read_rounds(done)
    Experiment(SMALL, recipe, exams, done, HERE).run()
    assert read_rounds(done) == before
    (done / "seed-1" / "random" / "round-1" / "round.json").unlink()
    with pytest.raises(AssertionError, match="trained again"):
        Experiment(SMALL, recipe, exams, done, HERE).run()
    monkeypatch.undo()
    Experiment(SMALL, recipe, exams, done, HERE).run()
    assert len(read_rounds(done)[0]) == 4


def test_another_design_needs_another_folder(done, recipe, exams):
    with pytest.raises(InputRefused, match="another design"):
        Experiment(replace(SMALL, seconds=3.0), recipe, exams, done, HERE).run()


def test_two_exams_of_a_patient_are_refused(recipe, exams, tmp_path):
    twice = [*exams[1:], replace(exams[0], patient=exams[1].patient)]
    with pytest.raises(InputRefused, match="several exams"):
        Experiment(SMALL, recipe, twice, tmp_path, HERE).run()


def test_the_report_has_a_line_for_every_exam_and_says_what_was_compared(done):
    page = write_report(done).read_text()
    assert "Disagreement against random" in page or "nothing to compare" in page or "Diversity against random" in page
    assert "Last round by random against the best fixed threshold" in page
    assert "Best relative threshold" in page
    assert len((done / "learning.csv").read_text().splitlines()) == 1 + 2 * 4 + 2 * 2
    assert (done / "learning.png").stat().st_size > 1000


def test_the_best_threshold_of_spheres_of_known_suv(exams, recipe):
    # Spheres of SUV 12 and 7 in a body of 1 to 1.1: every level between separates them perfectly.
    found = best_thresholds(exams[:2], recipe)
    assert found["fixed"].mean == 1.0
    assert 1.1 < float(found["fixed"].name.removeprefix("SUV ")) <= 7.0
    assert suv_of(exams[0], recipe).max() == pytest.approx(12.0, rel=1e-3)


def test_a_pet_scaled_by_its_own_values_leads_not_back_to_suv(exams):
    with pytest.raises(InputRefused, match="min-max"):
        suv_of(exams[0], quick_recipe())
