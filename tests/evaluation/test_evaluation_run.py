"""A whole evaluation, from folders to files."""

import csv
import json
from dataclasses import replace

import pytest

from tests.evaluation.small_runs import Constant, Hot, networks, write_fold, write_run
from tests.training.small_training import small_recipe, write_patient, write_patients
from uptake.errors import InputRefused, OutputNotEmpty
from uptake.evaluation import predictions, run
from uptake.evaluation.delineation import overlap_rows
from uptake.evaluation.networks import networks_of_run
from uptake.evaluation.run import EvaluationSettings, Watcher, evaluate


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Four patients of a training, three others, and the training's run."""
    folder = tmp_path_factory.mktemp("evaluation")
    write_patients(folder / "data", 4)
    for number in (11, 12, 13):
        write_patient(folder / "others" / f"other-{number}", seed=number)
    write_run(folder / "run", folder / "data")
    return folder


def settings(folders, out, **changes):
    fields = {"data": folders / "data", "external": folders / "others", "thresholds": (), "cache": folders / "cache"}
    return EvaluationSettings(out, **(fields | changes))


def union(scores):
    return overlap_rows(scores)[-1].cohort


@pytest.fixture(autouse=True)
def no_report(request, monkeypatch):
    """Figures take seconds; one test is enough."""
    if "files" not in request.function.__name__:
        monkeypatch.setattr(run, "write_report", lambda made, folder: None)


@pytest.fixture
def counted(monkeypatch):
    """Names of exams that networks really label."""
    seen = []
    plain = predictions.fold_labels

    def count(found, folds, exam, progress):
        seen.append((exam.name, tuple(folds)))
        return plain(found, folds, exam, progress)

    monkeypatch.setattr(predictions, "fold_labels", count)
    return seen


def test_scores_of_answers_known_by_hand(folders, tmp_path):
    """Both spheres are above 0.4 of the PET's range, that of SUV 12 alone is above 0.8."""
    origin = networks_of_run(folders / "run").run
    both = networks(Hot(0.4), Hot(0.4), run=origin)
    one = networks(Hot(0.8), Constant(0.9, 0.05, 0.05), run=origin)

    made = evaluate(both, {"half": one}, settings(folders, tmp_path / "out", thresholds=("fixed-4.0",))).evaluation

    assert made.method == "hands"
    for name, number in (("cross_validation", 4), ("external", 3)):
        scores = made.cohorts[name]
        assert len(scores.patients) == number
        assert union(scores) == pytest.approx(1.0)
        assert overlap_rows(scores)[1].cohort == 0.0  # all that is found is called primary
        assert union(made.further[name]["threshold fixed-4.0"]) == pytest.approx(1.0)
    assert made.further["external"].keys() == {
        *("fold 0", "fold 1", "half", "half, fold 0", "half, fold 1"),
        *("threshold fixed-4.0", "threshold fixed-4.0 at lesions"),
    }
    hot = [patient.truth_ml[0] for patient in made.external.patients]
    alone = made.further["external"]["half, fold 0"]
    assert [patient.found_ml[0] for patient in alone.patients] == pytest.approx(hot)
    assert sum(patient.found_ml[-1] for patient in made.further["external"]["half, fold 1"].patients) == 0
    assert "the best of 1 thresholds, all regions counted: threshold fixed-4.0 (cohort Dice 1.000)" in made.notes[0]


def test_an_evaluation_leaves_files_that_say_what_it_was(folders, tmp_path):
    outcome = evaluate(networks_of_run(folders / "run"), {}, settings(folders, tmp_path / "out"))

    page = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert page["status"] == "done"
    assert page["files"] == list(outcome.files)
    assert {"report.md", "scores.json", "table1.csv", "burden.csv"} <= set(outcome.files)
    assert not any(each.startswith(("labels", "cache")) for each in outcome.files)
    assert page["weights"] == "run run, folds 0, 1"
    assert len(set(page["sha256"].values())) == 2
    rows = list(csv.DictReader((tmp_path / "out" / "burden.csv").read_text().splitlines()))
    assert len(rows) == 7


def test_an_interrupted_evaluation_goes_on(folders, tmp_path, counted):
    class Stopped(Exception):
        pass

    def stop(text, done, total):
        if "External" in text and "labelling" in text and done > 2:
            raise Stopped

    tested, chosen = networks_of_run(folders / "run"), settings(folders, tmp_path / "out")
    with pytest.raises(Stopped):
        evaluate(tested, {}, chosen, Watcher(step=stop))
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["status"] == "unfinished"
    assert len(counted) == 7  # four of the cross-validation, two external ones, and the one it was stopped in

    evaluate(tested, {}, chosen)
    assert counted[7:] == [counted[6]]
    evaluate(tested, {}, chosen)
    assert len(counted) == 8


def test_labels_of_other_weights_are_not_used(folders, tmp_path, counted):
    write_run(tmp_path / "run", folders / "data")
    chosen = settings(folders, tmp_path / "out")
    first = evaluate(networks_of_run(tmp_path / "run"), {}, chosen).evaluation
    counted.clear()

    write_fold(networks_of_run(tmp_path / "run").run, 1, seed=9)
    second = evaluate(networks_of_run(tmp_path / "run"), {}, chosen).evaluation

    assert sorted(len(folds) for _, folds in counted) == [1, 1, 2, 2, 2]  # fold 1's two test patients, all external
    assert {folds for _, folds in counted} == {(1,), (0, 1)}
    before, after = (made.further["external"]["fold 1"].patients for made in (first, second))
    assert [each.found_ml for each in before] != [each.found_ml for each in after]
    untouched = [made.further["external"]["fold 0"].patients for made in (first, second)]
    assert untouched[0] == untouched[1]


def test_folds_without_weights(folders, tmp_path):
    write_run(tmp_path / "run", folders / "data", folds=(0,))
    tested = networks_of_run(tmp_path / "run")
    with pytest.raises(InputRefused, match="fold 1 of run run, which tests some of the patients, has no weights"):
        evaluate(tested, {}, settings(folders, tmp_path / "out"))
    assert not (tmp_path / "out" / "labels").exists()
    with pytest.raises(InputRefused, match=r"has no weights of fold 1.*choose among: 0"):
        evaluate(tested, {}, settings(folders, tmp_path / "out", folds=(1,)))

    made = evaluate(tested, {}, settings(folders, tmp_path / "out", folds=(0,))).evaluation

    assert len(made.cross_validation.patients) == 2
    assert "2 exam(s) of folds that were not named are left out" in " ".join(made.notes)
    assert made.further["external"] == {}


def test_a_compared_run_is_scored_where_it_may_be(folders, tmp_path):
    write_run(tmp_path / "plain", folders / "data", folds=(0,), seed=5)
    plain = networks_of_run(tmp_path / "plain")
    made = evaluate(networks_of_run(folders / "run"), {"plain": plain}, settings(folders, tmp_path / "out")).evaluation
    tested = {each.name for each in made.further["cross_validation"]["plain"].patients}
    assert len(tested) == 2
    assert tested < {each.name for each in made.cross_validation.patients}
    assert {"plain", "fold 0", "fold 1"} == made.further["external"].keys()

    recipe = small_recipe()
    network = replace(recipe.network, settings={**recipe.network.settings, "classes": 2})
    other = replace(plain, recipe=replace(recipe, classes=recipe.classes[:2], network=network))
    with pytest.raises(InputRefused, match="plain cannot be compared"):
        evaluate(networks_of_run(folders / "run"), {"plain": other}, settings(folders, tmp_path / "out"))


def test_without_follow_up_survival_is_not_evaluable_and_says_why(folders, tmp_path):
    tested = networks_of_run(folders / "run")
    made = evaluate(tested, {}, settings(folders, tmp_path / "out", external=None)).evaluation
    assert not made.survival["cross_validation"].evaluable
    assert made.survival["cross_validation"].reasons
    assert any("no follow-up is known; give a table with --survival" in note for note in made.notes)

    table = tmp_path / "follow-up.csv"
    lines = [f"patient-{number},{500 + number},{number % 2}" for number in range(4)]
    table.write_text("\n".join(["patient_id,follow_up_days,event", *lines]))
    made = evaluate(tested, {}, settings(folders, tmp_path / "out", external=None, follow_up=table)).evaluation
    assert made.survival["cross_validation"].included == 4
    assert made.survival["cross_validation"].events == 2
    assert not any("--survival" in note for note in made.notes)


def test_a_folder_of_something_else_is_left_alone(folders, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputNotEmpty, match="something else"):
        evaluate(networks_of_run(folders / "run"), {}, settings(folders, tmp_path))
    with pytest.raises(ValueError, match="cross-validation, external"):
        settings(folders, tmp_path, data=None, external=None)
